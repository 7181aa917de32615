#define _GNU_SOURCE
#include "openssl.h"

#include <dlfcn.h>

OpenSsl ssl;

const char *openssl_prepare(void) {
  const struct {
    void *to;
    const char *name;
  } wanted[] = {
      {&ssl.ctx_new, "EVP_CIPHER_CTX_new"},  {&ssl.ctx_free, "EVP_CIPHER_CTX_free"},
      {&ssl.aes_128_gcm, "EVP_aes_128_gcm"}, {&ssl.aes_128_ctr, "EVP_aes_128_ctr"},
      {&ssl.init, "EVP_CipherInit_ex"},      {&ssl.update, "EVP_CipherUpdate"},
      {&ssl.final, "EVP_CipherFinal_ex"},    {&ssl.ctrl, "EVP_CIPHER_CTX_ctrl"},
      {&ssl.sha1_init, "SHA1_Init"},         {&ssl.sha1_update, "SHA1_Update"},
      {&ssl.sha1_final, "SHA1_Final"},
  };
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    void *symbol = dlsym(RTLD_DEFAULT, wanted[i].name);
    if (symbol == NULL) return wanted[i].name;
    *(void **)wanted[i].to = symbol;
  }
  return NULL;
}
