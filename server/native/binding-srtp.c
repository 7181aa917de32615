#include <stdlib.h>

#include "binding.h"
#include "srtp.h"

enum { MAX_SEALED_BYTES = 1 << 16 };

static const char kind[] = "srtp";

typedef struct {
  Held held;
  Srtp *srtp;
} Session;

static void finalize(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  Session *session = data;
  srtp_free(session->srtp);
  free(session);
}

/* srtp(key, salt, auth | undefined, opens): one end of a session */
static napi_value new_session(napi_env env, napi_callback_info info) {
  napi_value arguments[4], result;
  Bytes key, salt, auth;
  bool opens;
  if (!read_arguments(env, info, 4, arguments)) return NULL;
  if (!read_bytes(env, arguments[0], &key) || !read_bytes(env, arguments[1], &salt) ||
      !read_optional_bytes(env, arguments[2], &auth) || napi_get_value_bool(env, arguments[3], &opens) != napi_ok ||
      key.length != SRTP_KEY_BYTES || (auth.data != NULL && auth.length != SRTP_AUTH_BYTES) ||
      salt.length != (auth.data == NULL ? SRTP_GCM_SALT_BYTES : SRTP_CM_SALT_BYTES))
    return fail(env, "EINVAL", "srtp: keys");
  Session *session = calloc(1, sizeof *session);
  if (session != NULL) session->srtp = srtp_new(key.data, salt.data, auth.data, opens);
  if (session == NULL || session->srtp == NULL) {
    free(session);
    return fail(env, "ENOMEM", "srtp");
  }
  session->held.kind = kind;
  if (napi_create_external(env, session, finalize, NULL, &result) == napi_ok) return result;
  finalize(env, session, NULL);
  return NULL;
}

/* NULL: none, or one for the other direction. */
static Srtp *read_session(napi_env env, napi_value value, bool opens) {
  const Session *session = read_held(env, value, kind);
  return session != NULL && srtp_opens(session->srtp) == opens ? session->srtp : NULL;
}

/* Whether `out` has so many bytes from `at` on. */
static bool has_room(const Bytes *out, uint32_t at, size_t bytes) {
  return at <= out->length && bytes <= out->length - at;
}

/* srtpSeal(srtp, out, at, headerBytes, prefix | undefined, payload, ssrc, rollover, sequence): length; the header stands at `at` */
static napi_value seal_rtp(napi_env env, napi_callback_info info) {
  napi_value arguments[9];
  uint32_t at, header, ssrc, rollover, sequence;
  Bytes out, prefix, payload;
  if (!read_arguments(env, info, 9, arguments)) return NULL;
  Srtp *srtp = read_session(env, arguments[0], false);
  if (srtp == NULL || !read_bytes(env, arguments[1], &out) || !read_uint(env, arguments[2], &at) ||
      !read_uint(env, arguments[3], &header) || !read_optional_bytes(env, arguments[4], &prefix) ||
      !read_bytes(env, arguments[5], &payload) || !read_uint(env, arguments[6], &ssrc) ||
      !read_uint(env, arguments[7], &rollover) || !read_uint(env, arguments[8], &sequence) || sequence > 0xffff ||
      header > MAX_SEALED_BYTES || prefix.length > MAX_SEALED_BYTES || payload.length > MAX_SEALED_BYTES ||
      !has_room(&out, at, header + prefix.length + payload.length + srtp_tag_bytes(srtp)))
    return fail(env, "EINVAL", "srtpSeal");
  const uint64_t index = (uint64_t)rollover << 16 | sequence;
  return number(env, (double)srtp_seal(srtp, out.data + at, header, prefix.data, prefix.length, payload.data,
                                       payload.length, ssrc, index));
}

/* srtpOpen(srtp, out, packet, headerBytes, ssrc, rollover, sequence): whether it is authentic; then `out` is header and payload */
static napi_value open_rtp(napi_env env, napi_callback_info info) {
  napi_value arguments[7];
  uint32_t header, ssrc, rollover, sequence;
  Bytes out, packet;
  if (!read_arguments(env, info, 7, arguments)) return NULL;
  Srtp *srtp = read_session(env, arguments[0], true);
  if (srtp == NULL || !read_bytes(env, arguments[1], &out) || !read_bytes(env, arguments[2], &packet) ||
      !read_uint(env, arguments[3], &header) || !read_uint(env, arguments[4], &ssrc) ||
      !read_uint(env, arguments[5], &rollover) || !read_uint(env, arguments[6], &sequence) || sequence > 0xffff ||
      packet.length > MAX_SEALED_BYTES || packet.length < (size_t)header + srtp_tag_bytes(srtp) ||
      !has_room(&out, 0, packet.length - srtp_tag_bytes(srtp)))
    return fail(env, "EINVAL", "srtpOpen");
  const uint64_t index = (uint64_t)rollover << 16 | sequence;
  return boolean(env, srtp_open(srtp, out.data, packet.data, packet.length, header, ssrc, index));
}

/* srtcpSeal(srtp, out, at, plain, index): length */
static napi_value seal_rtcp(napi_env env, napi_callback_info info) {
  napi_value arguments[5];
  uint32_t at, index;
  Bytes out, plain;
  if (!read_arguments(env, info, 5, arguments)) return NULL;
  Srtp *srtp = read_session(env, arguments[0], false);
  if (srtp == NULL || !read_bytes(env, arguments[1], &out) || !read_uint(env, arguments[2], &at) ||
      !read_bytes(env, arguments[3], &plain) || !read_uint(env, arguments[4], &index) || index > INT32_MAX ||
      plain.length < SRTCP_HEADER_BYTES || plain.length > MAX_SEALED_BYTES ||
      !has_room(&out, at, plain.length + srtp_tag_bytes(srtp) + SRTCP_WORD_BYTES))
    return fail(env, "EINVAL", "srtcpSeal");
  return number(env, (double)srtcp_seal(srtp, out.data + at, plain.data, plain.length, index));
}

/* srtcpOpen(srtp, out, packet): length of what is in `out` then, 0: not authentic */
static napi_value open_rtcp(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  Bytes out, packet;
  if (!read_arguments(env, info, 3, arguments)) return NULL;
  Srtp *srtp = read_session(env, arguments[0], true);
  if (srtp == NULL || !read_bytes(env, arguments[1], &out) || !read_bytes(env, arguments[2], &packet) ||
      packet.length > MAX_SEALED_BYTES || !has_room(&out, 0, packet.length))
    return fail(env, "EINVAL", "srtcpOpen");
  return number(env, (double)srtcp_open(srtp, out.data, packet.data, packet.length));
}

void export_srtp(napi_env env, napi_value exports) {
  static const Function functions[] = {{"srtp", new_session},
                                       {"srtpSeal", seal_rtp},
                                       {"srtpOpen", open_rtp},
                                       {"srtcpSeal", seal_rtcp},
                                       {"srtcpOpen", open_rtcp}};
  export_functions(env, exports, functions, sizeof functions / sizeof *functions);
}
