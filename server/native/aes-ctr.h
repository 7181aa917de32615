/*
 * AES-128 by the processor's own instructions: blocks and counter mode. FIPS 197, SP 800-38A section 6.5.
 */
#ifndef AES_CTR_H
#define AES_CTR_H

#include <stddef.h>
#include <stdint.h>

enum { AES_ROUNDS = 10, AES_BLOCK = 16, AES_AT_ONCE = 8 };

#if defined(__x86_64__)
#include <immintrin.h>

#define AES_TARGET __attribute__((target("aes,ssse3")))
/* What is in work at once has to stay in registers. */
#define AES_UNROLL _Pragma("GCC unroll 8")

struct AesKey {
  __m128i rounds[AES_ROUNDS + 1];
};

static inline int aes_is_there(void) { return __builtin_cpu_supports("aes") && __builtin_cpu_supports("ssse3"); }

AES_TARGET static inline __m128i aes_next(__m128i key, __m128i mixed) {
  mixed = _mm_shuffle_epi32(mixed, 0xff);
  key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
  key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
  key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
  return _mm_xor_si128(key, mixed);
}

AES_TARGET static void aes_expand(struct AesKey *to, const uint8_t *key) {
  __m128i *r = to->rounds;
  r[0] = _mm_loadu_si128((const __m128i *)key);
  r[1] = aes_next(r[0], _mm_aeskeygenassist_si128(r[0], 0x01));
  r[2] = aes_next(r[1], _mm_aeskeygenassist_si128(r[1], 0x02));
  r[3] = aes_next(r[2], _mm_aeskeygenassist_si128(r[2], 0x04));
  r[4] = aes_next(r[3], _mm_aeskeygenassist_si128(r[3], 0x08));
  r[5] = aes_next(r[4], _mm_aeskeygenassist_si128(r[4], 0x10));
  r[6] = aes_next(r[5], _mm_aeskeygenassist_si128(r[5], 0x20));
  r[7] = aes_next(r[6], _mm_aeskeygenassist_si128(r[6], 0x40));
  r[8] = aes_next(r[7], _mm_aeskeygenassist_si128(r[7], 0x80));
  r[9] = aes_next(r[8], _mm_aeskeygenassist_si128(r[8], 0x1b));
  r[10] = aes_next(r[9], _mm_aeskeygenassist_si128(r[9], 0x36));
}

AES_TARGET static void aes_block(const uint8_t *in, uint8_t *out, const void *key) {
  const __m128i *r = ((const struct AesKey *)key)->rounds;
  __m128i x = _mm_xor_si128(_mm_loadu_si128((const __m128i *)in), r[0]);
  for (int i = 1; i < AES_ROUNDS; i++) x = _mm_aesenc_si128(x, r[i]);
  _mm_storeu_si128((__m128i *)out, _mm_aesenclast_si128(x, r[AES_ROUNDS]));
}

/* Whole blocks. The last four bytes of `start` count, most significant first. */
AES_TARGET static void aes_counter(const uint8_t *in, uint8_t *out, size_t blocks, const void *key,
                                  const uint8_t *start) {
  const __m128i *r = ((const struct AesKey *)key)->rounds, one = _mm_setr_epi32(0, 0, 0, 1);
  const __m128i order = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 14, 13, 12);
  __m128i counter = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)start), order);
  for (; blocks >= AES_AT_ONCE; blocks -= AES_AT_ONCE) {
    __m128i x[AES_AT_ONCE];
    AES_UNROLL
    for (int j = 0; j < AES_AT_ONCE; j++) {
      x[j] = _mm_xor_si128(_mm_shuffle_epi8(counter, order), r[0]);
      counter = _mm_add_epi32(counter, one);
    }
    for (int i = 1; i < AES_ROUNDS; i++) {
      AES_UNROLL
      for (int j = 0; j < AES_AT_ONCE; j++) x[j] = _mm_aesenc_si128(x[j], r[i]);
    }
    AES_UNROLL
    for (int j = 0; j < AES_AT_ONCE; j++, in += AES_BLOCK, out += AES_BLOCK) {
      const __m128i stream = _mm_aesenclast_si128(x[j], r[AES_ROUNDS]);
      _mm_storeu_si128((__m128i *)out, _mm_xor_si128(stream, _mm_loadu_si128((const __m128i *)in)));
    }
  }
  for (; blocks > 0; blocks--, in += AES_BLOCK, out += AES_BLOCK) {
    uint8_t block[AES_BLOCK];
    _mm_storeu_si128((__m128i *)block, _mm_shuffle_epi8(counter, order));
    aes_block(block, block, key);
    for (int i = 0; i < AES_BLOCK; i++) out[i] = in[i] ^ block[i];
    counter = _mm_add_epi32(counter, one);
  }
}
#else
struct AesKey {
  int none;
};

static inline int aes_is_there(void) { return 0; }
static void aes_expand(struct AesKey *to, const uint8_t *key) { (void)to, (void)key; }
static void aes_block(const uint8_t *in, uint8_t *out, const void *key) { (void)in, (void)out, (void)key; }
static void aes_counter(const uint8_t *in, uint8_t *out, size_t blocks, const void *key, const uint8_t *start) {
  (void)in, (void)out, (void)blocks, (void)key, (void)start;
}
#endif

/* Any number of bytes from the block `start` on. */
static inline void aes_stream(const struct AesKey *key, const uint8_t *start, const uint8_t *in, uint8_t *out,
                             size_t bytes) {
  const size_t blocks = bytes / AES_BLOCK, rest = bytes % AES_BLOCK;
  uint8_t last[AES_BLOCK];
  aes_counter(in, out, blocks, key, start);
  if (rest == 0) return;
  for (int i = 0; i < AES_BLOCK; i++) last[i] = start[i];
  const unsigned count = (unsigned)(last[14] << 8 | last[15]) + (unsigned)blocks;
  last[14] = (uint8_t)(count >> 8);
  last[15] = (uint8_t)count;
  aes_block(last, last, key);
  for (size_t i = 0; i < rest; i++) out[blocks * AES_BLOCK + i] = in[blocks * AES_BLOCK + i] ^ last[i];
}

#endif
