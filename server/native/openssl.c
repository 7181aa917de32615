#define _GNU_SOURCE
#include "openssl.h"

#include <dlfcn.h>

OpenSsl ssl;

typedef struct {
  void *to;
  const char *name;
} Wanted;

/* Returns the name of what is missing, NULL when nothing is. */
static const char *find_all(const Wanted *wanted, size_t count) {
  for (size_t i = 0; i < count; i++) {
    void *symbol = dlsym(RTLD_DEFAULT, wanted[i].name);
    if (symbol == NULL) return wanted[i].name;
    *(void **)wanted[i].to = symbol;
  }
  return NULL;
}

const char *openssl_prepare(void) {
  const Wanted wanted[] = {
      {&ssl.ctx_new, "EVP_CIPHER_CTX_new"},  {&ssl.ctx_free, "EVP_CIPHER_CTX_free"},
      {&ssl.aes_128_gcm, "EVP_aes_128_gcm"}, {&ssl.aes_128_ctr, "EVP_aes_128_ctr"},
      {&ssl.init, "EVP_CipherInit_ex"},      {&ssl.update, "EVP_CipherUpdate"},
      {&ssl.final, "EVP_CipherFinal_ex"},    {&ssl.ctrl, "EVP_CIPHER_CTX_ctrl"},
      {&ssl.sha1_init, "SHA1_Init"},         {&ssl.sha1_update, "SHA1_Update"},
      {&ssl.sha1_final, "SHA1_Final"},
  };
  const Wanted modes[] = {
      {&ssl.gcm_setiv, "CRYPTO_gcm128_setiv"},           {&ssl.gcm_aad, "CRYPTO_gcm128_aad"},
      {&ssl.gcm_encrypt, "CRYPTO_gcm128_encrypt_ctr32"}, {&ssl.gcm_tag, "CRYPTO_gcm128_tag"},
      {&ssl.gcm_free, "CRYPTO_gcm128_release"},          {&ssl.gcm_new, "CRYPTO_gcm128_new"},
  };
  if (find_all(modes, sizeof modes / sizeof *modes) != NULL) ssl.gcm_new = NULL;
  return find_all(wanted, sizeof wanted / sizeof *wanted);
}
