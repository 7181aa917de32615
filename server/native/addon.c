#include "binding.h"
#include "openssl.h"

static napi_value init(napi_env env, napi_value exports) {
  const char *missing = openssl_prepare();
  if (missing != NULL) return fail(env, "ENOSYS", missing);
  export_core(env, exports);
  export_srtp(env, exports);
  export_udp(env, exports);
  return exports;
}

NAPI_MODULE(NODE_GYP_MODULE_NAME, init)
