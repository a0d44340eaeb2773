#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

/* What is wrong with an encoded message that protobuf-c would not notice. */
typedef enum {
    CAUSEWAY_INSPECT_FINE = 0,
    /* Not the encoding of a message. */
    CAUSEWAY_INSPECT_MALFORMED = 1,
    /* Messages within messages beyond the limit; protobuf-c has none and would end the stack. */
    CAUSEWAY_INSPECT_TOO_DEEP = 2,
    /* A string field holds a NUL; protobuf-c would cut it there. */
    CAUSEWAY_INSPECT_NUL_IN_TEXT = 3,
} causeway_inspect_result;

/* Walks the fields that the descriptor knows, before the message is unpacked; takes no memory. */
causeway_inspect_result causeway_inspect(
    const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes, size_t count, unsigned depth_limit);
