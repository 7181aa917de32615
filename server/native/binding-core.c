#include <stdlib.h>

#include "binding.h"
#include "core.h"

static const char kind[] = "core";

/* A core as JavaScript holds it. */
typedef struct {
  Held held;
  Core *core;
  napi_ref counters;
} Handle;

static Handle *read_handle(napi_env env, napi_value value) {
  Handle *handle = read_held(env, value, kind);
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
  size_t length;
  if (!read_arguments(env, info, 2, arguments)) return NULL;
  double *counters = read_array(env, arguments[1], napi_float64_array, &length);
  if (!read_uint(env, arguments[0], &threads) || threads > CORE_MAX_THREADS || counters == NULL ||
      length < (size_t)COUNTERS * (threads == 0 ? 1 : threads))
    return fail(env, "EINVAL", "create: threads or counters");
  Handle *handle = calloc(1, sizeof *handle);
  if (handle == NULL) return fail(env, "ENOMEM", "create");
  handle->held.kind = kind;
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
  Bytes key, salt, auth;
  if (!read_arguments(env, info, 4, arguments)) return NULL;
  Handle *handle = read_handle(env, arguments[0]);
  if (handle == NULL) return NULL;
  if (!read_bytes(env, arguments[1], &key) || !read_bytes(env, arguments[2], &salt) ||
      !read_optional_bytes(env, arguments[3], &auth) || key.length != SRTP_KEY_BYTES ||
      (auth.data != NULL && auth.length != SRTP_AUTH_BYTES) ||
      salt.length != (auth.data == NULL ? SRTP_GCM_SALT_BYTES : SRTP_CM_SALT_BYTES))
    return fail(env, "EINVAL", "open: keys");
  Srtp *srtp = srtp_new(key.data, salt.data, auth.data, false);
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

void export_core(napi_env env, napi_value exports) {
  static const Function functions[] = {{"create", create}, {"close", close_core}, {"adopt", adopt},   {"open", open_link},
                                       {"aim", aim},       {"shut", shut},        {"submit", submit}, {"seal", seal}};
  export_functions(env, exports, functions, sizeof functions / sizeof *functions);
}
