/* What JavaScript calls, file by file. Arguments come from ../src/rtc alone, which checks them; lengths and numbers are checked
 * once more where a wrong one would touch foreign memory. */
#ifndef MILLRACE_BINDING_H
#define MILLRACE_BINDING_H

#include "../../turn/native/arguments.h"

void export_core(napi_env env, napi_value exports);
void export_srtp(napi_env env, napi_value exports);
/* Nothing where this Node has no event loop of libuv's to offer. */
void export_udp(napi_env env, napi_value exports);

#endif
