/*
 * Reads what JavaScript hands in and makes what it gets back. Shared with ../../server/native. Each reader returns false, or
 * NULL, when a value is not what it must be; none changes its result then in a way that matters.
 */
#ifndef MILLRACE_ARGUMENTS_H
#define MILLRACE_ARGUMENTS_H

#define NAPI_VERSION 8
#include <errno.h>
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct {
  uint8_t *data;
  size_t length;
} Bytes;

typedef struct {
  const char *name;
  napi_callback call;
} Function;

/* Throws and returns NULL, which is what a function that throws returns. */
static inline napi_value fail(napi_env env, const char *code, const char *message) {
  napi_throw_error(env, code, message);
  return NULL;
}

/* Throws what the system said, with its own code. */
static inline napi_value fail_system(napi_env env, int error, const char *call) {
  const struct {
    int error;
    const char *code;
  } known[] = {{EADDRINUSE, "EADDRINUSE"},     {EADDRNOTAVAIL, "EADDRNOTAVAIL"}, {EACCES, "EACCES"},
               {EAFNOSUPPORT, "EAFNOSUPPORT"}, {EMFILE, "EMFILE"},               {ENFILE, "ENFILE"},
               {EPERM, "EPERM"},               {ENOMEM, "ENOMEM"}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (known[i].error == error) return fail(env, known[i].code, call);
  return fail(env, "EIO", strerror(error));
}

static inline napi_value number(napi_env env, double value) {
  napi_value result = NULL;
  napi_create_double(env, value, &result);
  return result;
}

static inline napi_value boolean(napi_env env, bool value) {
  napi_value result = NULL;
  napi_get_boolean(env, value, &result);
  return result;
}

/* At least `wanted` arguments, of which so many are read. */
static inline bool read_arguments(napi_env env, napi_callback_info info, size_t wanted, napi_value *arguments) {
  size_t count = wanted;
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) == napi_ok && count >= wanted) return true;
  fail(env, "EINVAL", "arguments are missing");
  return false;
}

static inline bool read_uint(napi_env env, napi_value value, uint32_t *result) {
  return napi_get_value_uint32(env, value, result) == napi_ok;
}

static inline void *read_array(napi_env env, napi_value value, napi_typedarray_type wanted, size_t *length) {
  napi_typedarray_type type;
  void *data = NULL;
  if (napi_get_typedarray_info(env, value, &type, length, &data, NULL, NULL) != napi_ok || type != wanted) return NULL;
  /* An empty array may have no memory. */
  static uint8_t nothing[8];
  return data == NULL && *length == 0 ? nothing : data;
}

static inline bool read_bytes(napi_env env, napi_value value, Bytes *bytes) {
  bytes->data = read_array(env, value, napi_uint8_array, &bytes->length);
  return bytes->data != NULL;
}

/* `undefined` reads as NULL and no bytes. */
static inline bool read_optional_bytes(napi_env env, napi_value value, Bytes *bytes) {
  napi_valuetype type;
  *bytes = (Bytes){NULL, 0};
  return napi_typeof(env, value, &type) == napi_ok && (type == napi_undefined || read_bytes(env, value, bytes));
}

/* What JavaScript holds of C begins so; the kind is known by its address. */
typedef struct {
  const char *kind;
} Held;

/* What an external points to; NULL: it is of another kind. */
static inline void *read_held(napi_env env, napi_value value, const char *kind) {
  void *data = NULL;
  if (napi_get_value_external(env, value, &data) != napi_ok || data == NULL) return NULL;
  return ((const Held *)data)->kind == kind ? data : NULL;
}

static inline void export_functions(napi_env env, napi_value exports, const Function *functions, size_t count) {
  for (size_t i = 0; i < count; i++) {
    napi_value function;
    napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].call, NULL, &function);
    napi_set_named_property(env, exports, functions[i].name, function);
  }
}

#endif
