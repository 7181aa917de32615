#include "binding.h"

#include <stdlib.h>

const char relay_kind[] = "relay";

static void wake(void *argument) {
  Handle *handle = argument;
  napi_call_threadsafe_function(handle->wake, NULL, napi_tsfn_nonblocking);
}

/* On JavaScript's thread: receive(socket, data, address, port) for each datagram of the inbox. */
static void receive(napi_env env, napi_value callback, void *context, void *data) {
  (void)data;
  Handle *handle = context;
  if (env == NULL || handle->relay == NULL) return;
  napi_value undefined;
  napi_get_undefined(env, &undefined);
  Datagram *next;
  for (Datagram *datagram = relay_take(handle->relay); datagram != NULL; datagram = next) {
    next = datagram->next;
    const bool v4 = datagram->from.at.any.sa_family == AF_INET;
    char text[INET6_ADDRSTRLEN];
    const void *address =
        v4 ? (const void *)&datagram->from.at.v4.sin_addr : (const void *)&datagram->from.at.v6.sin6_addr;
    inet_ntop(v4 ? AF_INET : AF_INET6, address, text, sizeof text);
    napi_handle_scope scope;
    napi_open_handle_scope(env, &scope);
    napi_value arguments[4];
    void *copy;
    if (napi_create_double(env, datagram->socket, &arguments[0]) == napi_ok &&
        napi_create_buffer_copy(env, datagram->length, datagram->data, &copy, &arguments[1]) == napi_ok &&
        napi_create_string_latin1(env, text, NAPI_AUTO_LENGTH, &arguments[2]) == napi_ok &&
        napi_create_double(env, ntohs(v4 ? datagram->from.at.v4.sin_port : datagram->from.at.v6.sin6_port),
                           &arguments[3]) == napi_ok &&
        napi_call_function(env, undefined, callback, 4, arguments, NULL) == napi_pending_exception) {
      napi_value error;
      napi_get_and_clear_last_exception(env, &error);
      napi_fatal_exception(env, error);
    }
    napi_close_handle_scope(env, scope);
    free(datagram);
  }
}

static void close_handle(Handle *handle) {
  if (handle->relay == NULL) return;
  Relay *relay = handle->relay;
  relay_close(relay);
  handle->relay = NULL;
  relay_free(relay);
  napi_release_threadsafe_function(handle->wake, napi_tsfn_abort);
}

static void finalize(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  close_handle(data);
  free(data);
}

/* create(receive): relay */
static napi_value create(napi_env env, napi_callback_info info) {
  napi_value arguments[1], name, result;
  napi_valuetype type;
  if (!read_arguments(env, info, 1, arguments)) return NULL;
  if (napi_typeof(env, arguments[0], &type) != napi_ok || type != napi_function)
    return fail(env, "EINVAL", "create");
  Handle *handle = calloc(1, sizeof *handle);
  if (handle == NULL) return fail(env, "ENOMEM", "create");
  handle->held.kind = relay_kind;
  napi_create_string_latin1(env, "millrace-relay", NAPI_AUTO_LENGTH, &name);
  if (napi_create_threadsafe_function(env, arguments[0], NULL, name, 0, 1, NULL, NULL, handle, receive,
                                      &handle->wake) != napi_ok) {
    free(handle);
    return fail(env, "ENOMEM", "create");
  }
  handle->relay = relay_new(wake, handle);
  if (handle->relay == NULL) {
    napi_release_threadsafe_function(handle->wake, napi_tsfn_abort);
    free(handle);
    return fail(env, "EAGAIN", "create: no thread or no memory");
  }
  napi_create_external(env, handle, finalize, NULL, &result);
  return result;
}

/* close(relay) */
static napi_value close_relay(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  Handle *handle = read_relay(env, info, 1, arguments);
  if (handle != NULL) close_handle(handle);
  return NULL;
}

/* bind(relay, address, port, receiveBytes, sendBytes, result: Uint32Array(2)): fills place and port */
static napi_value bind_socket(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  Address address;
  uint32_t receive_bytes, send_bytes;
  size_t length;
  Handle *handle = read_relay(env, info, 6, arguments);
  if (handle == NULL) return NULL;
  uint32_t *result = read_array(env, arguments[5], napi_uint32_array, &length);
  if (!read_address(env, arguments[1], arguments[2], &address) || !read_uint(env, arguments[3], &receive_bytes) ||
      !read_uint(env, arguments[4], &send_bytes) || result == NULL || length < 2)
    return fail(env, "EINVAL", "bind");
  uint16_t port;
  const int place = relay_bind(handle->relay, &address, (int)receive_bytes, (int)send_bytes, &port);
  if (place < 0) return fail_system(env, errno, "bind");
  result[0] = (uint32_t)place;
  result[1] = port;
  return NULL;
}

/* shut(relay, socket) */
static napi_value shut(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  uint32_t socket;
  Handle *handle = read_relay(env, info, 2, arguments);
  if (handle == NULL) return NULL;
  if (!read_uint(env, arguments[1], &socket)) return fail(env, "EINVAL", "shut");
  relay_shut(handle->relay, socket);
  return NULL;
}

/* send(relay, socket, address, port, header | undefined, payload, padding): whether the kernel took it */
static napi_value send_datagram(napi_env env, napi_callback_info info) {
  static const uint8_t zeros[4];
  napi_value arguments[MAX_ARGUMENTS];
  uint32_t socket, padding;
  Address to;
  Bytes header, payload;
  Handle *handle = read_relay(env, info, 7, arguments);
  if (handle == NULL) return NULL;
  if (!read_uint(env, arguments[1], &socket) || !read_optional_bytes(env, arguments[4], &header) ||
      !read_bytes(env, arguments[5], &payload) || !read_uint(env, arguments[6], &padding) || padding > sizeof zeros)
    return fail(env, "EINVAL", "send");
  const uint8_t *const parts[3] = {header.data, payload.data, zeros};
  const size_t lengths[3] = {header.length, payload.length, padding};
  const bool sent = read_address(env, arguments[2], arguments[3], &to) &&
                    relay_send(handle->relay, socket, &to, parts, lengths);
  return boolean(env, sent);
}

/* missed(relay): datagrams that found the inbox full */
static napi_value missed(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  Handle *handle = read_relay(env, info, 1, arguments);
  return handle == NULL ? NULL : number(env, relay_missed(handle->relay));
}

static napi_value init(napi_env env, napi_value exports) {
  static const Function functions[] = {{"create", create}, {"close", close_relay},  {"bind", bind_socket},
                                       {"shut", shut},     {"send", send_datagram}, {"missed", missed}};
  export_functions(env, exports, functions, sizeof functions / sizeof *functions);
  export_flows(env, exports);
  return exports;
}

NAPI_MODULE(NODE_GYP_MODULE_NAME, init)
