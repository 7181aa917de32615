/*
 * Writes the same bytes to many TCP sockets, for viewers of HTTP-FLV. A socket belongs to Node, which closes it: nothing
 * here outlives the call. What a socket does not take, and every error, is left to Node.
 */
#define NAPI_VERSION 8
#include <errno.h>
#include <node_api.h>
#include <stdint.h>
#include <sys/socket.h>

static napi_value fail(napi_env env, const char *message) {
  napi_throw_error(env, "EINVAL", message);
  return NULL;
}

static int read_array(napi_env env, napi_value value, napi_typedarray_type wanted, void **data, size_t *length) {
  napi_typedarray_type type;
  *data = NULL;
  *length = 0;
  return napi_get_typedarray_info(env, value, &type, length, data, NULL, NULL) == napi_ok && type == wanted;
}

/*
 * send(places: Int32Array, count, bytes: Uint8Array): the first `count` of `places` hold file descriptors, and
 * afterwards how many bytes each socket took; 0 also when there is something wrong with it.
 */
static napi_value send_to_all(napi_env env, napi_callback_info info) {
  size_t arguments = 3;
  napi_value argument[3];
  void *data, *place_data;
  size_t length, places;
  uint32_t count;
  if (napi_get_cb_info(env, info, &arguments, argument, NULL, NULL) != napi_ok || arguments < 3 ||
      !read_array(env, argument[0], napi_int32_array, &place_data, &places) ||
      napi_get_value_uint32(env, argument[1], &count) != napi_ok ||
      !read_array(env, argument[2], napi_uint8_array, &data, &length)) {
    return fail(env, "an Int32Array, a number and a Uint8Array are needed");
  }
  if (count > places) return fail(env, "there are fewer places than that");
  if (length > INT32_MAX) return fail(env, "too many bytes");
  int32_t *place = place_data;
  for (uint32_t i = 0; i < count; i++) {
    ssize_t taken;
    do taken = send(place[i], data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (taken < 0 && errno == EINTR);
    place[i] = taken < 0 ? 0 : (int32_t)taken;
  }
  return NULL;
}

NAPI_MODULE_INIT() {
  napi_value function;
  if (napi_create_function(env, "send", NAPI_AUTO_LENGTH, send_to_all, NULL, &function) != napi_ok ||
      napi_set_named_property(env, exports, "send", function) != napi_ok) {
    return fail(env, "the module cannot be set up");
  }
  return exports;
}
