/// Masks over 64 bytes of text. Swift has no instruction that gathers the top bits of a vector's bytes.
#pragma once
#include "cscan_json.h"
#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/// Where in 64 bytes something is, the first byte being the lowest bit.
typedef struct {
    /// One of the three bytes asked for, or a control character up to 0x0D (NUL, line ends).
    uint64_t found;
    /// A byte that is not ASCII.
    uint64_t non_ascii;
} cscan_block;

/// As `cscan_find`, a byte at a time: for other processors, and for tests to hold the vectors against.
static inline cscan_block cscan_find_portable(const void *text, uint8_t delimiter, uint8_t quote, uint8_t escape) {
    const uint8_t *bytes = (const uint8_t *)text;
    cscan_block block = {0, 0};
    for (int at = 0; at < 64; at++) {
        const uint8_t x = bytes[at];
        block.found |= (uint64_t)(x == delimiter || x == quote || x == escape || x <= 0x0D) << at;
        block.non_ascii |= (uint64_t)(x >> 7) << at;
    }
    return block;
}

/// Looks at the 64 bytes at `text`, all of which must be readable.
static inline cscan_block cscan_find(const void *text, uint8_t delimiter, uint8_t quote, uint8_t escape) {
#if defined(__SSE2__)
    const uint8_t *bytes = (const uint8_t *)text;
    cscan_block block = {0, 0};
    const __m128i delimiters = _mm_set1_epi8((char)delimiter), quotes = _mm_set1_epi8((char)quote);
    const __m128i escapes = _mm_set1_epi8((char)escape), controls = _mm_set1_epi8(0x0D);
    for (int part = 0; part < 4; part++) {
        const __m128i x = _mm_loadu_si128((const __m128i *)(bytes + 16 * part));
        const __m128i plain = _mm_or_si128(_mm_cmpeq_epi8(x, delimiters), _mm_cmpeq_epi8(_mm_min_epu8(x, controls), x));
        const __m128i quoted = _mm_or_si128(_mm_cmpeq_epi8(x, quotes), _mm_cmpeq_epi8(x, escapes));
        block.found |= (uint64_t)(uint16_t)_mm_movemask_epi8(_mm_or_si128(plain, quoted)) << (16 * part);
        block.non_ascii |= (uint64_t)(uint16_t)_mm_movemask_epi8(x) << (16 * part);
    }
    return block;
#elif defined(__aarch64__)
    const uint8_t *bytes = (const uint8_t *)text;
    cscan_block block = {0, 0};
    static const uint8_t bits[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t weights = vld1q_u8(bits);
    uint8x16_t found[4], upper[4];
    for (int part = 0; part < 4; part++) {
        const uint8x16_t x = vld1q_u8(bytes + 16 * part);
        const uint8x16_t plain = vorrq_u8(vceqq_u8(x, vdupq_n_u8(delimiter)), vcleq_u8(x, vdupq_n_u8(0x0D)));
        const uint8x16_t quoted = vorrq_u8(vceqq_u8(x, vdupq_n_u8(quote)), vceqq_u8(x, vdupq_n_u8(escape)));
        found[part] = vandq_u8(vorrq_u8(plain, quoted), weights);
        upper[part] = vandq_u8(vcgeq_u8(x, vdupq_n_u8(0x80)), weights);
    }
    // Adds the weights of neighbours until eight bytes hold all 64 bits.
    uint8x16_t sums = vpaddq_u8(vpaddq_u8(found[0], found[1]), vpaddq_u8(found[2], found[3]));
    block.found = vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)), 0);
    sums = vpaddq_u8(vpaddq_u8(upper[0], upper[1]), vpaddq_u8(upper[2], upper[3]));
    block.non_ascii = vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)), 0);
    return block;
#else
    return cscan_find_portable(text, delimiter, quote, escape);
#endif
}
