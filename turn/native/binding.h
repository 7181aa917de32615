/* What JavaScript calls, file by file. Arguments come from ../src/native alone, which checks them; here numbers are checked once
 * more where a wrong one would touch foreign memory. */
#ifndef MILLRACE_BINDING_H
#define MILLRACE_BINDING_H

#include <arpa/inet.h>

#include "arguments.h"
#include "relay.h"

enum { MAX_ARGUMENTS = 8 };

/* A relay as JavaScript holds it. */
typedef struct {
  Held held;
  Relay *relay;
  napi_threadsafe_function wake;
} Handle;

extern const char relay_kind[];

/* Address text and port. A zone is not known here. */
static inline bool read_address(napi_env env, napi_value text_value, napi_value port_value, Address *address) {
  char text[INET6_ADDRSTRLEN + 1];
  size_t length;
  uint32_t port;
  if (napi_get_value_string_latin1(env, text_value, text, sizeof text, &length) != napi_ok ||
      !read_uint(env, port_value, &port) || port > 0xffff)
    return false;
  memset(address, 0, sizeof *address);
  if (inet_pton(AF_INET, text, &address->at.v4.sin_addr) == 1) {
    address->at.v4.sin_family = AF_INET;
    address->at.v4.sin_port = htons((uint16_t)port);
    address->length = sizeof address->at.v4;
    return true;
  }
  if (inet_pton(AF_INET6, text, &address->at.v6.sin6_addr) != 1) return false;
  address->at.v6.sin6_family = AF_INET6;
  address->at.v6.sin6_port = htons((uint16_t)port);
  address->length = sizeof address->at.v6;
  return true;
}

/* Reads `count` arguments, the first of which is a relay that is open. */
static inline Handle *read_relay(napi_env env, napi_callback_info info, size_t count, napi_value *arguments) {
  if (!read_arguments(env, info, count, arguments)) return NULL;
  Handle *handle = read_held(env, arguments[0], relay_kind);
  if (handle != NULL && handle->relay != NULL) return handle;
  fail(env, "EINVAL", "the relay is closed");
  return NULL;
}

void export_flows(napi_env env, napi_value exports);

#endif
