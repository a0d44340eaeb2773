/// Stretches of JSON text, sixteen bytes at a time.
#pragma once
#include <stddef.h>
#include <stdint.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/// Where a stretch of plain string text ends, and whether it holds a byte from 0x80 on.
typedef struct {
    size_t end;
    uint32_t has_upper;
} cscan_json_stretch;

/// As `cscan_json_plain`, a byte at a time, `upper` being what was found before: for what is shorter than a vector, for
/// other processors, and for tests to hold the vectors against.
static inline cscan_json_stretch cscan_json_plain_portable(const uint8_t *text, size_t from, size_t end,
                                                           uint32_t upper) {
    size_t at = from;
    for (; at < end; at++) {
        const uint8_t byte = text[at];
        if (byte == '"' || byte == '\\' || byte < 0x20) break;
        upper |= byte >> 7;
    }
    return (cscan_json_stretch){at, upper};
}

/// The first byte of `from..<end` that is a quote, a backslash or a control character; `end` when there is none. Reads
/// nothing outside `from..<end`.
static inline cscan_json_stretch cscan_json_plain(const uint8_t *text, size_t from, size_t end) {
    uint32_t upper = 0;
    size_t at = from;
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1F);
    while (at + 16 <= end) {
        const __m128i x = _mm_loadu_si128((const __m128i *)(text + at));
        const __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, backslash)),
                                         _mm_cmpeq_epi8(_mm_min_epu8(x, control), x));
        const uint32_t hits = (uint32_t)_mm_movemask_epi8(hit), tops = (uint32_t)_mm_movemask_epi8(x);
        if (hits) {
            const uint32_t first = (uint32_t)__builtin_ctz(hits);
            upper |= tops & ((1u << first) - 1);
            return (cscan_json_stretch){at + first, upper};
        }
        upper |= tops;
        at += 16;
    }
#elif defined(__aarch64__)
    while (at + 16 <= end) {
        const uint8x16_t x = vld1q_u8(text + at);
        const uint8x16_t hit = vorrq_u8(vorrq_u8(vceqq_u8(x, vdupq_n_u8('"')), vceqq_u8(x, vdupq_n_u8('\\'))),
                                        vcltq_u8(x, vdupq_n_u8(0x20)));
        const uint8x16_t top = vcgeq_u8(x, vdupq_n_u8(0x80));
        // Four bits a byte.
        const uint64_t hits = vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(hit), 4)), 0);
        const uint64_t tops = vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(top), 4)), 0);
        if (hits) {
            const uint32_t first = (uint32_t)__builtin_ctzll(hits) & ~3u;
            upper |= (tops & ((1ull << first) - 1)) != 0;
            return (cscan_json_stretch){at + first / 4, upper};
        }
        upper |= tops != 0;
        at += 16;
    }
#endif
    return cscan_json_plain_portable(text, at, end, upper);
}
