#include "inspect.h"

#include <string.h>

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
} reader;

/* Wire types. */
enum { VARINT = 0, FIXED64 = 1, LENGTH_PREFIXED = 2, FIXED32 = 5 };

static int read_varint(reader *from, uint64_t *value) {
    uint64_t result = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (from->at == from->end) return 0;
        uint8_t byte = *from->at++;
        result |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *value = result;
            return 1;
        }
    }
    return 0;
}

static int skip(reader *from, uint64_t count) {
    if (count > (uint64_t)(from->end - from->at)) return 0;
    from->at += count;
    return 1;
}

causeway_inspect_result causeway_inspect(
    const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes, size_t count, unsigned depth_limit) {
    reader from = {bytes, bytes + count};
    uint64_t key, length;
    if (depth_limit == 0) return CAUSEWAY_INSPECT_TOO_DEEP;
    while (from.at != from.end) {
        if (!read_varint(&from, &key) || key >> 3 == 0 || key > UINT32_MAX) return CAUSEWAY_INSPECT_MALFORMED;
        switch (key & 7) {
        case VARINT:
            if (!read_varint(&from, &length)) return CAUSEWAY_INSPECT_MALFORMED;
            continue;
        case FIXED64:
            if (!skip(&from, 8)) return CAUSEWAY_INSPECT_MALFORMED;
            continue;
        case FIXED32:
            if (!skip(&from, 4)) return CAUSEWAY_INSPECT_MALFORMED;
            continue;
        case LENGTH_PREFIXED:
            break;
        default:
            return CAUSEWAY_INSPECT_MALFORMED;
        }
        if (!read_varint(&from, &length)) return CAUSEWAY_INSPECT_MALFORMED;
        const uint8_t *start = from.at;
        if (!skip(&from, length)) return CAUSEWAY_INSPECT_MALFORMED;
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(descriptor, (unsigned)(key >> 3));
        if (!field) continue;
        if (field->type == PROTOBUF_C_TYPE_STRING && length && memchr(start, 0, length)) {
            return CAUSEWAY_INSPECT_NUL_IN_TEXT;
        }
        if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            causeway_inspect_result inner = causeway_inspect(field->descriptor, start, length, depth_limit - 1);
            if (inner != CAUSEWAY_INSPECT_FINE) return inner;
        }
    }
    return CAUSEWAY_INSPECT_FINE;
}
