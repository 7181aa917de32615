/*
 * What JavaScript calls. Arguments come from ../src/native alone, which checks them; here numbers are checked once more
 * where a wrong one would touch foreign memory.
 */
#define _GNU_SOURCE
#define NAPI_VERSION 8
#include <arpa/inet.h>
#include <errno.h>
#include <node_api.h>
#include <stdlib.h>
#include <string.h>

#include "relay.h"

enum { MAX_ARGUMENTS = 8 };

/* A relay as JavaScript holds it. */
typedef struct {
  Relay *relay;
  napi_threadsafe_function wake;
} Handle;

typedef struct {
  uint8_t *data;
  size_t length;
} Bytes;

static napi_value fail(napi_env env, const char *code, const char *message) {
  napi_throw_error(env, code, message);
  return NULL;
}

static napi_value number(napi_env env, double value) {
  napi_value result;
  napi_create_double(env, value, &result);
  return result;
}

static bool read_uint(napi_env env, napi_value value, uint32_t *result) {
  return napi_get_value_uint32(env, value, result) == napi_ok;
}

static bool read_bytes(napi_env env, napi_value value, Bytes *bytes) {
  napi_typedarray_type type;
  void *data;
  if (napi_get_typedarray_info(env, value, &type, &bytes->length, &data, NULL, NULL) != napi_ok) return false;
  bytes->data = data;
  return type == napi_uint8_array;
}

/* Address text and port. A zone is not known here. */
static bool read_address(napi_env env, napi_value text_value, napi_value port_value, Address *address) {
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

/* Reads `count` arguments, the first of which is the relay. */
static Handle *read_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *arguments) {
  size_t given = MAX_ARGUMENTS;
  void *data = NULL;
  if (napi_get_cb_info(env, info, &given, arguments, NULL, NULL) != napi_ok || given < count ||
      napi_get_value_external(env, arguments[0], &data) != napi_ok) {
    fail(env, "EINVAL", "arguments are missing");
    return NULL;
  }
  Handle *handle = data;
  if (handle->relay != NULL) return handle;
  fail(env, "EINVAL", "the relay is closed");
  return NULL;
}

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
  size_t given = 1;
  napi_valuetype type;
  napi_get_cb_info(env, info, &given, arguments, NULL, NULL);
  if (given < 1 || napi_typeof(env, arguments[0], &type) != napi_ok || type != napi_function)
    return fail(env, "EINVAL", "create");
  Handle *handle = calloc(1, sizeof *handle);
  if (handle == NULL) return fail(env, "ENOMEM", "create");
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
  Handle *handle = read_arguments(env, info, 1, arguments);
  if (handle != NULL) close_handle(handle);
  return NULL;
}

/* bind(relay, address, port, receiveBytes, sendBytes, result: Uint32Array(2)): fills place and port */
static napi_value bind_socket(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  Address address;
  uint32_t receive_bytes, send_bytes;
  napi_typedarray_type type;
  size_t length;
  void *result;
  Handle *handle = read_arguments(env, info, 6, arguments);
  if (handle == NULL) return NULL;
  if (!read_address(env, arguments[1], arguments[2], &address) || !read_uint(env, arguments[3], &receive_bytes) ||
      !read_uint(env, arguments[4], &send_bytes) ||
      napi_get_typedarray_info(env, arguments[5], &type, &length, &result, NULL, NULL) != napi_ok ||
      type != napi_uint32_array || length < 2)
    return fail(env, "EINVAL", "bind");
  uint16_t port;
  const int place = relay_bind(handle->relay, &address, (int)receive_bytes, (int)send_bytes, &port);
  if (place >= 0) {
    ((uint32_t *)result)[0] = (uint32_t)place;
    ((uint32_t *)result)[1] = port;
    return NULL;
  }
  const struct {
    int error;
    const char *code;
  } known[] = {{EADDRINUSE, "EADDRINUSE"},     {EADDRNOTAVAIL, "EADDRNOTAVAIL"}, {EACCES, "EACCES"},
               {EAFNOSUPPORT, "EAFNOSUPPORT"}, {EMFILE, "EMFILE"},               {ENFILE, "ENFILE"}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (known[i].error == errno) return fail(env, known[i].code, "bind");
  return fail(env, "EIO", strerror(errno));
}

/* shut(relay, socket) */
static napi_value shut(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  uint32_t socket;
  Handle *handle = read_arguments(env, info, 2, arguments);
  if (handle == NULL) return NULL;
  if (!read_uint(env, arguments[1], &socket)) return fail(env, "EINVAL", "shut");
  relay_shut(handle->relay, socket);
  return NULL;
}

/* send(relay, socket, address, port, header | undefined, payload, padding): whether the kernel took it */
static napi_value send_datagram(napi_env env, napi_callback_info info) {
  static const uint8_t zeros[4];
  napi_value arguments[MAX_ARGUMENTS], result;
  uint32_t socket, padding;
  Address to;
  Bytes header = {NULL, 0}, payload;
  napi_valuetype type;
  Handle *handle = read_arguments(env, info, 7, arguments);
  if (handle == NULL) return NULL;
  napi_typeof(env, arguments[4], &type);
  if (!read_uint(env, arguments[1], &socket) || (type != napi_undefined && !read_bytes(env, arguments[4], &header)) ||
      !read_bytes(env, arguments[5], &payload) || !read_uint(env, arguments[6], &padding) || padding > sizeof zeros)
    return fail(env, "EINVAL", "send");
  const uint8_t *const parts[3] = {header.data, payload.data, zeros};
  const size_t lengths[3] = {header.length, payload.length, padding};
  const bool sent = read_address(env, arguments[2], arguments[3], &to) &&
                    relay_send(handle->relay, socket, &to, parts, lengths);
  napi_get_boolean(env, sent, &result);
  return result;
}

/* missed(relay): datagrams that found the inbox full */
static napi_value missed(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  Handle *handle = read_arguments(env, info, 1, arguments);
  return handle == NULL ? NULL : number(env, relay_missed(handle->relay));
}

/* open(relay, listener, clientAddress, clientPort, relaySocket, bytesPerSecond, burstBytes): flow, -1 when there is no room */
static napi_value open_flow(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  uint32_t listener, relayed;
  Address client;
  double per_second, burst;
  Handle *handle = read_arguments(env, info, 7, arguments);
  if (handle == NULL) return NULL;
  if (!read_uint(env, arguments[1], &listener) || !read_address(env, arguments[2], arguments[3], &client) ||
      !read_uint(env, arguments[4], &relayed) || napi_get_value_double(env, arguments[5], &per_second) != napi_ok ||
      napi_get_value_double(env, arguments[6], &burst) != napi_ok)
    return fail(env, "EINVAL", "open");
  Table *table = relay_lock(handle->relay);
  Flow *flow = NULL;
  if (relay_has(handle->relay, listener) && relay_has(handle->relay, relayed))
    flow = table_add(table, listener, &client, relayed);
  if (flow != NULL) {
    flow->to_peers = flow->to_client = (Bucket){
        .per_second = per_second, .most = burst, .left = burst, .updated_seconds = relay_now_seconds()};
    relay_tie(handle->relay, relayed, flow);
  }
  relay_unlock(handle->relay);
  return number(env, flow == NULL ? -1 : (double)flow->number);
}

static Flow *read_flow(napi_env env, napi_value value, const Table *table) {
  uint32_t flow;
  return read_uint(env, value, &flow) ? table_get(table, flow) : NULL;
}

/* end(relay, flow): before its sockets are shut */
static napi_value end_flow(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  Handle *handle = read_arguments(env, info, 2, arguments);
  if (handle == NULL) return NULL;
  Table *table = relay_lock(handle->relay);
  Flow *flow = read_flow(env, arguments[1], table);
  if (flow != NULL) {
    relay_tie(handle->relay, flow->relay, NULL);
    table_remove(table, flow);
  }
  relay_unlock(handle->relay);
  return NULL;
}

/* channel(relay, flow, number, peerAddress, peerPort): whether there was room */
static napi_value bind_channel(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS], result;
  uint32_t channel;
  Address peer;
  Handle *handle = read_arguments(env, info, 5, arguments);
  if (handle == NULL) return NULL;
  if (!read_uint(env, arguments[2], &channel) || channel < CHANNEL_FIRST || channel > CHANNEL_LAST)
    return fail(env, "EINVAL", "channel");
  const bool known = read_address(env, arguments[3], arguments[4], &peer);
  Flow *flow = read_flow(env, arguments[1], relay_lock(handle->relay));
  const bool bound = known && flow != NULL && flow_bind(flow, (uint16_t)channel, &peer);
  relay_unlock(handle->relay);
  napi_get_boolean(env, bound, &result);
  return result;
}

/* channelToFlow(relay, flow, number, peerFlow): whether there was room */
static napi_value bind_channel_to_flow(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS], result;
  uint32_t channel;
  Handle *handle = read_arguments(env, info, 4, arguments);
  if (handle == NULL) return NULL;
  if (!read_uint(env, arguments[2], &channel) || channel < CHANNEL_FIRST || channel > CHANNEL_LAST)
    return fail(env, "EINVAL", "channelToFlow");
  Table *table = relay_lock(handle->relay);
  Flow *flow = read_flow(env, arguments[1], table), *peer = read_flow(env, arguments[3], table);
  const bool bound = flow != NULL && peer != NULL && flow_bind_flow(flow, (uint16_t)channel, peer);
  relay_unlock(handle->relay);
  napi_get_boolean(env, bound, &result);
  return result;
}

/* unbind(relay, flow, number) */
static napi_value unbind_channel(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  uint32_t channel;
  Handle *handle = read_arguments(env, info, 3, arguments);
  if (handle == NULL) return NULL;
  if (!read_uint(env, arguments[2], &channel) || channel > CHANNEL_LAST) return fail(env, "EINVAL", "unbind");
  Flow *flow = read_flow(env, arguments[1], relay_lock(handle->relay));
  if (flow != NULL) flow_unbind(flow, (uint16_t)channel);
  relay_unlock(handle->relay);
  return NULL;
}

/* traffic(relay, flow, Float64Array(6)): what it has passed on, in the order of table.h */
static napi_value traffic(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  napi_typedarray_type type;
  size_t length;
  void *result;
  Handle *handle = read_arguments(env, info, 3, arguments);
  if (handle == NULL) return NULL;
  if (napi_get_typedarray_info(env, arguments[2], &type, &length, &result, NULL, NULL) != napi_ok ||
      type != napi_float64_array || length < TRAFFIC)
    return fail(env, "EINVAL", "traffic");
  const Flow *flow = read_flow(env, arguments[1], relay_lock(handle->relay));
  if (flow != NULL) memcpy(result, flow->traffic, sizeof flow->traffic);
  relay_unlock(handle->relay);
  return NULL;
}

/* take(relay, flow, toPeers, bytes): whether so many bytes may pass now by another way */
static napi_value take(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS], result;
  bool to_peers, taken = false;
  uint32_t bytes;
  Handle *handle = read_arguments(env, info, 4, arguments);
  if (handle == NULL) return NULL;
  if (napi_get_value_bool(env, arguments[2], &to_peers) != napi_ok || !read_uint(env, arguments[3], &bytes))
    return fail(env, "EINVAL", "take");
  Flow *flow = read_flow(env, arguments[1], relay_lock(handle->relay));
  if (flow != NULL) taken = bucket_take(to_peers ? &flow->to_peers : &flow->to_client, bytes, relay_now_seconds());
  relay_unlock(handle->relay);
  napi_get_boolean(env, taken, &result);
  return result;
}

static napi_value init(napi_env env, napi_value exports) {
  const struct {
    const char *name;
    napi_callback call;
  } functions[] = {{"create", create},       {"close", close_relay},  {"bind", bind_socket},
                   {"shut", shut},           {"send", send_datagram}, {"missed", missed},
                   {"open", open_flow},      {"end", end_flow},       {"channel", bind_channel},
                   {"channelToFlow", bind_channel_to_flow}, {"unbind", unbind_channel}, {"traffic", traffic},  {"take", take}};
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].call, NULL, &function);
    napi_set_named_property(env, exports, functions[i].name, function);
  }
  return exports;
}

NAPI_MODULE(NODE_GYP_MODULE_NAME, init)
