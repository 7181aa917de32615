/*
 * What JavaScript calls. Arguments come from native-egress.ts alone, which checks them; here lengths and numbers are
 * checked once more where a wrong one would touch foreign memory.
 */
#define NAPI_VERSION 8
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <node_api.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core.h"

/* A core as JavaScript holds it. */
typedef struct {
  Core *core;
  napi_ref counters;
} Handle;

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

typedef struct {
  uint8_t *data;
  size_t length;
} Bytes;

static bool read_bytes(napi_env env, napi_value value, Bytes *bytes) {
  napi_typedarray_type type;
  void *data;
  if (napi_get_typedarray_info(env, value, &type, &bytes->length, &data, NULL, NULL) != napi_ok) return false;
  bytes->data = data;
  return type == napi_uint8_array;
}

static bool read_arguments(napi_env env, napi_callback_info info, size_t wanted, napi_value *arguments) {
  size_t count = wanted;
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) == napi_ok && count >= wanted) return true;
  fail(env, "EINVAL", "arguments are missing");
  return false;
}

static Handle *read_handle(napi_env env, napi_value value) {
  void *data = NULL;
  if (napi_get_value_external(env, value, &data) != napi_ok) data = NULL;
  Handle *handle = data;
  if (handle != NULL && handle->core != NULL) return handle;
  fail(env, "EINVAL", "the egress core is closed");
  return NULL;
}

static void close_handle(Handle *handle) {
  if (handle->core == NULL) return;
  core_close(handle->core);
  core_free(handle->core);
  handle->core = NULL;
}

static void finalize(napi_env env, void *data, void *hint) {
  (void)hint;
  Handle *handle = data;
  close_handle(handle);
  if (handle->counters != NULL) napi_delete_reference(env, handle->counters);
  free(handle);
}

/* create(threads, counters: Float64Array): core */
static napi_value create(napi_env env, napi_callback_info info) {
  napi_value arguments[2], result;
  uint32_t threads;
  napi_typedarray_type type;
  size_t length;
  void *counters;
  if (!read_arguments(env, info, 2, arguments)) return NULL;
  if (!read_uint(env, arguments[0], &threads) || threads > CORE_MAX_THREADS ||
      napi_get_typedarray_info(env, arguments[1], &type, &length, &counters, NULL, NULL) != napi_ok ||
      type != napi_float64_array || length < (size_t)COUNTERS * (threads == 0 ? 1 : threads))
    return fail(env, "EINVAL", "create: threads or counters");
  Handle *handle = calloc(1, sizeof *handle);
  if (handle == NULL) return fail(env, "ENOMEM", "create");
  handle->core = core_new(threads, counters);
  if (handle->core == NULL) {
    free(handle);
    return fail(env, "EAGAIN", "create: no thread or no memory");
  }
  napi_create_reference(env, arguments[1], 1, &handle->counters);
  napi_create_external(env, handle, finalize, NULL, &result);
  return result;
}

/* close(core) */
static napi_value close_core(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  if (!read_arguments(env, info, 1, arguments)) return NULL;
  Handle *handle = read_handle(env, arguments[0]);
  if (handle != NULL) close_handle(handle);
  return NULL;
}

/* adopt(core, fd): place of the socket, -1 when there are too many */
static napi_value adopt(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  uint32_t fd;
  if (!read_arguments(env, info, 2, arguments)) return NULL;
  Handle *handle = read_handle(env, arguments[0]);
  if (handle == NULL) return NULL;
  if (!read_uint(env, arguments[1], &fd)) return fail(env, "EINVAL", "adopt: fd");
  return number(env, core_adopt(handle->core, (int)fd));
}

/* open(core, key, salt, auth | undefined): link, -1 when there are too many */
static napi_value open_link(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  Bytes key, salt, auth = {NULL, 0};
  napi_valuetype type;
  if (!read_arguments(env, info, 4, arguments)) return NULL;
  Handle *handle = read_handle(env, arguments[0]);
  if (handle == NULL) return NULL;
  napi_typeof(env, arguments[3], &type);
  const bool gcm = type == napi_undefined;
  if (!read_bytes(env, arguments[1], &key) || !read_bytes(env, arguments[2], &salt) ||
      (!gcm && !read_bytes(env, arguments[3], &auth)) || key.length != SRTP_KEY_BYTES ||
      salt.length != (gcm ? 12 : SRTP_MAX_SALT_BYTES) || (!gcm && auth.length != SRTP_AUTH_BYTES))
    return fail(env, "EINVAL", "open: keys");
  Srtp *srtp = srtp_new(key.data, salt.data, auth.data);
  const int link = srtp == NULL ? -1 : core_open(handle->core, srtp);
  if (link < 0) srtp_free(srtp);
  return number(env, link);
}

/* aim(core, worker, link, place, address, port) */
static napi_value aim(napi_env env, napi_callback_info info) {
  napi_value arguments[6];
  uint32_t worker, link, place, port;
  Bytes address;
  if (!read_arguments(env, info, 6, arguments)) return NULL;
  Handle *handle = read_handle(env, arguments[0]);
  if (handle == NULL) return NULL;
  if (!read_uint(env, arguments[1], &worker) || !read_uint(env, arguments[2], &link) ||
      !read_uint(env, arguments[3], &place) || !read_bytes(env, arguments[4], &address) ||
      !read_uint(env, arguments[5], &port) || worker >= core_workers(handle->core) || port > 0xffff ||
      (address.length != 4 && address.length != 16) || place >= CORE_MAX_SOCKETS ||
      !core_aim(handle->core, worker, link, (int)place, address.data, address.length, (uint16_t)port))
    return fail(env, "EINVAL", "aim");
  return NULL;
}

/* shut(core, worker, link) */
static napi_value shut(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  uint32_t worker, link;
  if (!read_arguments(env, info, 3, arguments)) return NULL;
  Handle *handle = read_handle(env, arguments[0]);
  if (handle == NULL) return NULL;
  if (!read_uint(env, arguments[1], &worker) || !read_uint(env, arguments[2], &link) ||
      worker >= core_workers(handle->core))
    return fail(env, "EINVAL", "shut");
  core_shut(handle->core, worker, link);
  return NULL;
}

/* Whether every entry stays within its own bytes, its payload and a packet. */
static bool entries_fit(const uint8_t *entries, uint32_t count, const struct iovec *payloads, uint32_t payload_count) {
  for (uint32_t i = 0; i < count; i++) {
    uint32_t words[5];
    memcpy(words, entries + (size_t)i * CORE_ENTRY_BYTES, sizeof words);
    const size_t head_bytes = (words[4] >> 16 & 0xff) + (words[4] >> 24);
    if (head_bytes > CORE_ENTRY_BYTES - CORE_ENTRY_HEAD_BYTES || words[1] >= payload_count) return false;
    if (head_bytes + payloads[words[1]].iov_len + SRTP_MAX_TAG_BYTES > CORE_MAX_PACKET_BYTES) return false;
  }
  return true;
}

/* submit(core, worker, entries, count, payloads, payloadCount, here) */
static napi_value submit(napi_env env, napi_callback_info info) {
  napi_value arguments[7];
  uint32_t worker, count, payload_count;
  Bytes entries;
  bool here;
  if (!read_arguments(env, info, 7, arguments)) return NULL;
  Handle *handle = read_handle(env, arguments[0]);
  if (handle == NULL) return NULL;
  if (!read_uint(env, arguments[1], &worker) || !read_bytes(env, arguments[2], &entries) ||
      !read_uint(env, arguments[3], &count) || !read_uint(env, arguments[5], &payload_count) ||
      napi_get_value_bool(env, arguments[6], &here) != napi_ok || worker >= core_workers(handle->core) ||
      (size_t)count * CORE_ENTRY_BYTES > entries.length)
    return fail(env, "EINVAL", "submit");
  struct iovec *payloads = core_payloads(handle->core, worker, payload_count);
  if (payloads == NULL) return fail(env, "ENOMEM", "submit");
  for (uint32_t i = 0; i < payload_count; i++) {
    napi_value value;
    Bytes payload;
    if (napi_get_element(env, arguments[4], i, &value) != napi_ok || !read_bytes(env, value, &payload))
      return fail(env, "EINVAL", "submit: payload");
    payloads[i] = (struct iovec){.iov_base = payload.data, .iov_len = payload.length};
  }
  if (!entries_fit(entries.data, count, payloads, payload_count)) return fail(env, "ERANGE", "submit: entry");
  core_submit(handle->core, worker, entries.data, count, here);
  return NULL;
}

/* seal(core, link, packet, headerBytes, plainBytes, ssrc, rollover, sequence): length; for the self-test */
static napi_value seal(napi_env env, napi_callback_info info) {
  napi_value arguments[8];
  uint32_t link, header, plain, ssrc, rollover, sequence;
  Bytes packet;
  if (!read_arguments(env, info, 8, arguments)) return NULL;
  Handle *handle = read_handle(env, arguments[0]);
  if (handle == NULL) return NULL;
  if (!read_uint(env, arguments[1], &link) || !read_bytes(env, arguments[2], &packet) ||
      !read_uint(env, arguments[3], &header) || !read_uint(env, arguments[4], &plain) ||
      !read_uint(env, arguments[5], &ssrc) || !read_uint(env, arguments[6], &rollover) ||
      !read_uint(env, arguments[7], &sequence) || header > plain || sequence > 0xffff ||
      (size_t)plain + SRTP_MAX_TAG_BYTES > packet.length || core_srtp(handle->core, link) == NULL)
    return fail(env, "EINVAL", "seal");
  uint8_t *body = packet.data + header;
  const uint64_t index = (uint64_t)rollover << 16 | sequence;
  return number(env, (double)srtp_seal(core_srtp(handle->core, link), packet.data, header, NULL, 0, body,
                                       plain - header, ssrc, index));
}

static napi_value system_error(napi_env env, int fd, const char *call) {
  const int error = errno;
  if (fd >= 0) close(fd);
  const struct {
    int error;
    const char *code;
  } known[] = {{EADDRINUSE, "EADDRINUSE"},       {EADDRNOTAVAIL, "EADDRNOTAVAIL"}, {EACCES, "EACCES"},
               {EAFNOSUPPORT, "EAFNOSUPPORT"}, {EMFILE, "EMFILE"},             {EPERM, "EPERM"}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (known[i].error == error) return fail(env, known[i].code, call);
  return fail(env, "EIO", strerror(error));
}

/* udpSocket(address, port): fd of a bound socket; the length of the address says its family */
static napi_value udp_socket(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  Bytes address;
  uint32_t port;
  if (!read_arguments(env, info, 2, arguments)) return NULL;
  if (!read_bytes(env, arguments[0], &address) || (address.length != 4 && address.length != 16) ||
      !read_uint(env, arguments[1], &port) || port > 0xffff)
    return fail(env, "EINVAL", "udpSocket");
  const bool v6 = address.length == 16;
  const int one = 1;
  const int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return system_error(env, fd, "socket");
  struct sockaddr_in v4_address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  struct sockaddr_in6 v6_address = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
  memcpy(v6 ? (void *)&v6_address.sin6_addr : (void *)&v4_address.sin_addr, address.data, address.length);
  if (v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) != 0) return system_error(env, fd, "setsockopt");
  const struct sockaddr *bound = v6 ? (const struct sockaddr *)&v6_address : (const struct sockaddr *)&v4_address;
  if (bind(fd, bound, v6 ? sizeof v6_address : sizeof v4_address) != 0) return system_error(env, fd, "bind");
  return number(env, fd);
}

static napi_value init(napi_env env, napi_value exports) {
  const char *missing = srtp_prepare();
  if (missing != NULL) return fail(env, "ENOSYS", missing);
  const struct {
    const char *name;
    napi_callback call;
  } functions[] = {{"create", create}, {"close", close_core}, {"adopt", adopt},   {"open", open_link},
                   {"aim", aim},       {"shut", shut},        {"submit", submit}, {"seal", seal},
                   {"udpSocket", udp_socket}};
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].call, NULL, &function);
    napi_set_named_property(env, exports, functions[i].name, function);
  }
  return exports;
}

NAPI_MODULE(NODE_GYP_MODULE_NAME, init)
