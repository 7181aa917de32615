/* The OpenSSL inside Node, found by name at run time: nothing is linked, and nothing is needed to build this but a C compiler. */
#ifndef MILLRACE_OPENSSL_H
#define MILLRACE_OPENSSL_H

#include <stddef.h>
#include <stdint.h>

typedef struct evp_cipher_ctx_st EVP_CIPHER_CTX;
typedef struct evp_cipher_st EVP_CIPHER;
typedef struct gcm128_context GCM128_CONTEXT;
/* Encrypts whole blocks in counter mode: in, out, blocks, key, first counter block. */
typedef void (*ctr128_f)(const unsigned char *, unsigned char *, size_t, const void *, const unsigned char[16]);
typedef void (*block128_f)(const unsigned char[16], unsigned char[16], const void *);
/* SHA_CTX of OpenSSL is 96 bytes; more room does no harm. */
typedef struct {
  uint64_t opaque[16];
} SHA_CTX;

enum { EVP_CTRL_AEAD_GET_TAG = 0x10, EVP_CTRL_AEAD_SET_TAG = 0x11 };

typedef struct {
  EVP_CIPHER_CTX *(*ctx_new)(void);
  void (*ctx_free)(EVP_CIPHER_CTX *);
  const EVP_CIPHER *(*aes_128_gcm)(void);
  const EVP_CIPHER *(*aes_128_ctr)(void);
  /* The last argument: 1 encrypts, 0 decrypts, -1 leaves it as it is. */
  int (*init)(EVP_CIPHER_CTX *, const EVP_CIPHER *, void *, const unsigned char *, const unsigned char *, int);
  int (*update)(EVP_CIPHER_CTX *, unsigned char *, int *, const unsigned char *, int);
  int (*final)(EVP_CIPHER_CTX *, unsigned char *, int *);
  int (*ctrl)(EVP_CIPHER_CTX *, int, int, void *);
  int (*sha1_init)(SHA_CTX *);
  int (*sha1_update)(SHA_CTX *, const void *, size_t);
  int (*sha1_final)(unsigned char *, SHA_CTX *);
  /* openssl/modes.h: GCM around a block cipher of the caller's. All of them or NULL. */
  GCM128_CONTEXT *(*gcm_new)(void *, block128_f);
  void (*gcm_setiv)(GCM128_CONTEXT *, const unsigned char *, size_t);
  int (*gcm_aad)(GCM128_CONTEXT *, const unsigned char *, size_t);
  int (*gcm_encrypt)(GCM128_CONTEXT *, const unsigned char *, unsigned char *, size_t, ctr128_f);
  void (*gcm_tag)(GCM128_CONTEXT *, unsigned char *, size_t);
  void (*gcm_free)(GCM128_CONTEXT *);
} OpenSsl;

/* Usable once `openssl_prepare` returned NULL. */
extern OpenSsl ssl;

/* Returns the name of what is missing, NULL when nothing is. */
const char *openssl_prepare(void);

#endif
