/*
 * Ciphers are those of the OpenSSL inside Node, found by name at run time: nothing is linked, and nothing is needed to
 * build this but a C compiler.
 */
#define _GNU_SOURCE
#include "srtp.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

enum { GCM_SALT_BYTES = 12, GCM_TAG_BYTES = 16, CM_TAG_BYTES = 10, SHA1_BLOCK_BYTES = 64, SHA1_BYTES = 20 };

typedef struct evp_cipher_ctx_st EVP_CIPHER_CTX;
typedef struct evp_cipher_st EVP_CIPHER;
/* SHA_CTX of OpenSSL is 96 bytes; more room does no harm. */
typedef struct {
  uint64_t opaque[16];
} SHA_CTX;

enum { EVP_CTRL_AEAD_SET_IVLEN = 0x9, EVP_CTRL_AEAD_GET_TAG = 0x10 };

static struct {
  EVP_CIPHER_CTX *(*ctx_new)(void);
  void (*ctx_free)(EVP_CIPHER_CTX *);
  const EVP_CIPHER *(*aes_128_gcm)(void);
  const EVP_CIPHER *(*aes_128_ctr)(void);
  int (*init)(EVP_CIPHER_CTX *, const EVP_CIPHER *, void *, const unsigned char *, const unsigned char *);
  int (*update)(EVP_CIPHER_CTX *, unsigned char *, int *, const unsigned char *, int);
  int (*final)(EVP_CIPHER_CTX *, unsigned char *, int *);
  int (*ctrl)(EVP_CIPHER_CTX *, int, int, void *);
  int (*sha1_init)(SHA_CTX *);
  int (*sha1_update)(SHA_CTX *, const void *, size_t);
  int (*sha1_final)(unsigned char *, SHA_CTX *);
} ssl;

const char *srtp_prepare(void) {
  const struct {
    void *to;
    const char *name;
  } wanted[] = {
      {&ssl.ctx_new, "EVP_CIPHER_CTX_new"},   {&ssl.ctx_free, "EVP_CIPHER_CTX_free"},
      {&ssl.aes_128_gcm, "EVP_aes_128_gcm"},  {&ssl.aes_128_ctr, "EVP_aes_128_ctr"},
      {&ssl.init, "EVP_EncryptInit_ex"},      {&ssl.update, "EVP_EncryptUpdate"},
      {&ssl.final, "EVP_EncryptFinal_ex"},    {&ssl.ctrl, "EVP_CIPHER_CTX_ctrl"},
      {&ssl.sha1_init, "SHA1_Init"},          {&ssl.sha1_update, "SHA1_Update"},
      {&ssl.sha1_final, "SHA1_Final"},
  };
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    void *symbol = dlsym(RTLD_DEFAULT, wanted[i].name);
    if (symbol == NULL) return wanted[i].name;
    *(void **)wanted[i].to = symbol;
  }
  return NULL;
}

struct Srtp {
  EVP_CIPHER_CTX *cipher;
  bool gcm;
  uint8_t salt[16];
  /* HMAC-SHA1 after its first block: RFC 2104. */
  SHA_CTX inner, outer;
};

void srtp_free(Srtp *srtp) {
  if (srtp == NULL) return;
  if (srtp->cipher != NULL) ssl.ctx_free(srtp->cipher);
  explicit_bzero(srtp, sizeof *srtp);
  free(srtp);
}

Srtp *srtp_new(const uint8_t *key, const uint8_t *salt, const uint8_t *auth) {
  const bool gcm = auth == NULL;
  Srtp *srtp = calloc(1, sizeof *srtp);
  if (srtp == NULL) return NULL;
  srtp->gcm = gcm;
  memcpy(srtp->salt, salt, gcm ? GCM_SALT_BYTES : SRTP_MAX_SALT_BYTES);
  srtp->cipher = ssl.ctx_new();
  const EVP_CIPHER *cipher = gcm ? ssl.aes_128_gcm() : ssl.aes_128_ctr();
  if (srtp->cipher == NULL || ssl.init(srtp->cipher, cipher, NULL, key, NULL) != 1) {
    srtp_free(srtp);
    return NULL;
  }
  if (gcm) return srtp;
  uint8_t pad[SHA1_BLOCK_BYTES];
  for (int i = 0; i < SHA1_BLOCK_BYTES; i++) pad[i] = 0x36 ^ (i < SHA1_BYTES ? auth[i] : 0);
  ssl.sha1_init(&srtp->inner);
  ssl.sha1_update(&srtp->inner, pad, sizeof pad);
  for (int i = 0; i < SHA1_BLOCK_BYTES; i++) pad[i] ^= 0x36 ^ 0x5c;
  ssl.sha1_init(&srtp->outer);
  ssl.sha1_update(&srtp->outer, pad, sizeof pad);
  explicit_bzero(pad, sizeof pad);
  return srtp;
}

static inline void put32(uint8_t *at, uint32_t value) {
  value = htonl(value);
  memcpy(at, &value, 4);
}

static inline void xor32(uint8_t *at, uint32_t value) {
  uint32_t word;
  memcpy(&word, at, 4);
  word ^= htonl(value);
  memcpy(at, &word, 4);
}

size_t srtp_seal(Srtp *srtp, uint8_t *out, size_t header_bytes, const uint8_t *prefix, size_t prefix_bytes,
                 const uint8_t *payload, size_t payload_bytes, uint32_t ssrc, uint64_t index) {
  uint8_t iv[16];
  uint8_t *body = out + header_bytes;
  int written;
  EVP_CIPHER_CTX *cipher = srtp->cipher;
  memcpy(iv, srtp->salt, sizeof iv);
  const uint32_t rollover = (uint32_t)(index >> 16);
  const uint16_t sequence = (uint16_t)index;
  if (srtp->gcm) {
    /* RFC 7714 section 8.1. */
    xor32(iv + 2, ssrc);
    xor32(iv + 6, rollover);
    iv[10] ^= sequence >> 8;
    iv[11] ^= sequence & 0xff;
    if (ssl.init(cipher, NULL, NULL, NULL, iv) != 1) return 0;
    if (ssl.update(cipher, NULL, &written, out, (int)header_bytes) != 1) return 0;
  } else {
    /* RFC 3711 section 4.1.1. */
    xor32(iv + 4, ssrc);
    xor32(iv + 8, rollover);
    iv[12] ^= sequence >> 8;
    iv[13] ^= sequence & 0xff;
    if (ssl.init(cipher, NULL, NULL, NULL, iv) != 1) return 0;
  }
  if (prefix_bytes > 0 && ssl.update(cipher, body, &written, prefix, (int)prefix_bytes) != 1) return 0;
  if (payload_bytes > 0 && ssl.update(cipher, body + prefix_bytes, &written, payload, (int)payload_bytes) != 1)
    return 0;
  uint8_t *tag = body + prefix_bytes + payload_bytes;
  const size_t plain_bytes = (size_t)(tag - out);
  if (srtp->gcm) {
    if (ssl.final(cipher, tag, &written) != 1) return 0;
    if (ssl.ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_BYTES, tag) != 1) return 0;
    return plain_bytes + GCM_TAG_BYTES;
  }
  /* RFC 3711 section 4.2: over the packet and the roll-over counter. */
  uint8_t word[4], digest[SHA1_BYTES];
  put32(word, rollover);
  SHA_CTX sha = srtp->inner;
  ssl.sha1_update(&sha, out, plain_bytes);
  ssl.sha1_update(&sha, word, sizeof word);
  ssl.sha1_final(digest, &sha);
  sha = srtp->outer;
  ssl.sha1_update(&sha, digest, sizeof digest);
  ssl.sha1_final(digest, &sha);
  memcpy(tag, digest, CM_TAG_BYTES);
  return plain_bytes + CM_TAG_BYTES;
}
