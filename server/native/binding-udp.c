#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include "binding.h"
#include "udp.h"

/* libuv is inside Node and keeps its ABI through version 1; its headers are not needed for so little. */
typedef struct uv_loop_s uv_loop_t;
typedef struct uv_handle_s uv_handle_t;
enum { UV_POLL = 8, UV_READABLE = 1 };

static struct {
  size_t (*handle_size)(int);
  void (*set_data)(uv_handle_t *, void *);
  void *(*get_data)(const uv_handle_t *);
  int (*poll_init)(uv_loop_t *, uv_handle_t *, int);
  int (*poll_start)(uv_handle_t *, int, void (*)(uv_handle_t *, int, int));
  void (*close)(uv_handle_t *, void (*)(uv_handle_t *));
} uv;

enum { MAX_ADDRESS_TEXT = 64, MAX_DATAGRAM_BYTES = 65507, RESULTS = 4 };

static const char kind[] = "udp";

typedef struct {
  Held held;
  napi_env env;
  int fd;
  UdpReader reader;
  uv_handle_t *poll;
  napi_ref slots, records, callback;
  napi_async_context context;
  napi_async_cleanup_hook_handle cleanup;
  bool closed;
  /* The handle of the loop and the value in JavaScript. */
  int holders;
} Socket;

static void let_go(Socket *socket) {
  if (--socket->holders > 0) return;
  free(socket->poll);
  free(socket);
}

static void on_closed(uv_handle_t *poll) {
  Socket *socket = uv.get_data(poll);
  if (socket->cleanup != NULL) napi_remove_async_cleanup_hook(socket->cleanup);
  let_go(socket);
}

static void close_socket(Socket *socket) {
  if (socket->closed) return;
  socket->closed = true;
  napi_delete_reference(socket->env, socket->slots);
  napi_delete_reference(socket->env, socket->records);
  napi_delete_reference(socket->env, socket->callback);
  napi_async_destroy(socket->env, socket->context);
  uv.close(socket->poll, on_closed);
  close(socket->fd);
}

/* The thread of this environment ends. */
static void on_cleanup(napi_async_cleanup_hook_handle handle, void *data) {
  (void)handle;
  close_socket(data);
}

static void finalize(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  close_socket(data);
  let_go(data);
}

/* receive(count) with the datagrams in the slots, or receive(-1) when the socket has an error. */
static void tell(Socket *socket, int count) {
  napi_env env = socket->env;
  napi_handle_scope scope;
  napi_value callback, global, argument, error;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  if (napi_get_reference_value(env, socket->callback, &callback) == napi_ok && callback != NULL &&
      napi_get_global(env, &global) == napi_ok && napi_create_int32(env, count, &argument) == napi_ok &&
      napi_make_callback(env, socket->context, global, callback, 1, &argument, NULL) == napi_pending_exception &&
      napi_get_and_clear_last_exception(env, &error) == napi_ok)
    napi_fatal_exception(env, error);
  napi_close_handle_scope(env, scope);
}

static void on_readable(uv_handle_t *poll, int status, int events) {
  (void)events;
  Socket *socket = uv.get_data(poll);
  if (status < 0) {
    int error;
    socklen_t bytes = sizeof error;
    /* Reading the error clears it. libuv has stopped. */
    if (getsockopt(socket->fd, SOL_SOCKET, SO_ERROR, &error, &bytes) == 0)
      uv.poll_start(poll, UV_READABLE, on_readable);
    tell(socket, -1);
    return;
  }
  const int count = udp_read(&socket->reader, socket->fd);
  if (count != 0) tell(socket, count);
}

static bool start(Socket *socket, napi_value slots, napi_value records, napi_value callback) {
  napi_env env = socket->env;
  napi_value name;
  uv_loop_t *loop = NULL;
  socket->poll = calloc(1, uv.handle_size(UV_POLL));
  if (socket->poll == NULL || napi_get_uv_event_loop(env, (struct uv_loop_s **)&loop) != napi_ok ||
      uv.poll_init(loop, socket->poll, socket->fd) != 0)
    return false;
  socket->holders++;
  uv.set_data(socket->poll, socket);
  napi_create_string_latin1(env, "millrace-udp", NAPI_AUTO_LENGTH, &name);
  napi_create_reference(env, slots, 1, &socket->slots);
  napi_create_reference(env, records, 1, &socket->records);
  napi_create_reference(env, callback, 1, &socket->callback);
  napi_async_init(env, NULL, name, &socket->context);
  napi_add_async_cleanup_hook(env, on_cleanup, socket, &socket->cleanup);
  uv.poll_start(socket->poll, UV_READABLE, on_readable);
  return true;
}

static uint32_t buffer_bytes(int fd, int option) {
  int bytes = 0;
  socklen_t size = sizeof bytes;
  getsockopt(fd, SOL_SOCKET, option, &bytes, &size);
  return (uint32_t)bytes;
}

/*
 * udpOpen(address, port, receiveBytes, sendBytes, slots, records, receive, result: Uint32Array(4)): socket; fills descriptor,
 * port and the buffers that the kernel granted
 */
static napi_value open_socket(napi_env env, napi_callback_info info) {
  napi_value arguments[8], value;
  Bytes address, slots;
  uint32_t port;
  int receive_bytes, send_bytes;
  size_t record_words, results;
  napi_valuetype type;
  if (!read_arguments(env, info, 8, arguments)) return NULL;
  uint32_t *records = read_array(env, arguments[5], napi_uint32_array, &record_words);
  uint32_t *result = read_array(env, arguments[7], napi_uint32_array, &results);
  if (!read_bytes(env, arguments[0], &address) || (address.length != 4 && address.length != 16) ||
      !read_uint(env, arguments[1], &port) || port > 0xffff ||
      napi_get_value_int32(env, arguments[2], &receive_bytes) != napi_ok ||
      napi_get_value_int32(env, arguments[3], &send_bytes) != napi_ok || !read_bytes(env, arguments[4], &slots) ||
      slots.length < (size_t)UDP_SLOTS * UDP_SLOT_BYTES || records == NULL ||
      record_words < (size_t)UDP_SLOTS * UDP_RECORD_WORDS || napi_typeof(env, arguments[6], &type) != napi_ok ||
      type != napi_function || result == NULL || results < RESULTS)
    return fail(env, "EINVAL", "udpOpen");
  const int fd = udp_bind(address.data, address.length, (uint16_t)port);
  if (fd < 0) return fail_system(env, errno, "udpOpen");
  /* The system may grant less. */
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof send_bytes);
  Socket *socket = calloc(1, sizeof *socket);
  if (socket != NULL) {
    *socket = (Socket){.held.kind = kind, .env = env, .fd = fd, .holders = 1};
    udp_read_into(&socket->reader, slots.data, records);
  }
  if (socket == NULL || !start(socket, arguments[4], arguments[5], arguments[6])) {
    if (socket != NULL) let_go(socket);
    close(fd);
    return fail(env, "ENOMEM", "udpOpen");
  }
  result[0] = (uint32_t)fd;
  result[1] = udp_port(fd);
  result[2] = buffer_bytes(fd, SO_RCVBUF);
  result[3] = buffer_bytes(fd, SO_SNDBUF);
  if (napi_create_external(env, socket, finalize, NULL, &value) == napi_ok) return value;
  finalize(env, socket, NULL);
  return NULL;
}

/* udpSend(socket, datagram, address, port): 1; 0: the socket is full; -1: refused, or closed */
static napi_value send_datagram(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  Bytes datagram;
  char text[MAX_ADDRESS_TEXT];
  size_t length;
  uint32_t port;
  if (!read_arguments(env, info, 4, arguments)) return NULL;
  const Socket *socket = read_held(env, arguments[0], kind);
  if (socket == NULL || !read_bytes(env, arguments[1], &datagram) ||
      napi_get_value_string_latin1(env, arguments[2], text, sizeof text, &length) != napi_ok ||
      !read_uint(env, arguments[3], &port) || port > 0xffff)
    return fail(env, "EINVAL", "udpSend");
  const bool possible = !socket->closed && datagram.length <= MAX_DATAGRAM_BYTES;
  return number(env, possible ? udp_send(socket->fd, datagram.data, datagram.length, text, (uint16_t)port) : -1);
}

/* udpClose(socket) */
static napi_value close_by_call(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  if (!read_arguments(env, info, 1, arguments)) return NULL;
  Socket *socket = read_held(env, arguments[0], kind);
  if (socket == NULL) return fail(env, "EINVAL", "udpClose");
  close_socket(socket);
  return NULL;
}

/* udpSocket(address, port): descriptor of a bound socket for others to read */
static napi_value bind_socket(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  Bytes address;
  uint32_t port;
  if (!read_arguments(env, info, 2, arguments)) return NULL;
  if (!read_bytes(env, arguments[0], &address) || (address.length != 4 && address.length != 16) ||
      !read_uint(env, arguments[1], &port) || port > 0xffff)
    return fail(env, "EINVAL", "udpSocket");
  const int fd = udp_bind(address.data, address.length, (uint16_t)port);
  return fd < 0 ? fail_system(env, errno, "udpSocket") : number(env, fd);
}

static bool find_libuv(void) {
  const struct {
    void *to;
    const char *name;
  } wanted[] = {{&uv.handle_size, "uv_handle_size"},  {&uv.set_data, "uv_handle_set_data"},
                {&uv.get_data, "uv_handle_get_data"}, {&uv.poll_init, "uv_poll_init"},
                {&uv.poll_start, "uv_poll_start"},    {&uv.close, "uv_close"}};
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    void *symbol = dlsym(RTLD_DEFAULT, wanted[i].name);
    if (symbol == NULL) return false;
    *(void **)wanted[i].to = symbol;
  }
  return true;
}

void export_udp(napi_env env, napi_value exports) {
  static const Function always[] = {{"udpSocket", bind_socket}};
  static const Function reading[] = {{"udpOpen", open_socket}, {"udpSend", send_datagram}, {"udpClose", close_by_call}};
  export_functions(env, exports, always, sizeof always / sizeof *always);
  if (find_libuv()) export_functions(env, exports, reading, sizeof reading / sizeof *reading);
}
