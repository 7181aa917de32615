/*
 * N publishers of bare FLV over TCP in one process without an encoder: the same pictures as StampedPublisher, with
 * the time in them, each publisher at its own moment between two pictures of the first.
 *
 *   flvpush HOST PORT PUBLISHERS SECONDS MARKER_HEX FPS GOP KEY_BYTES DELTA_BYTES [REQUEST]
 *
 * REQUEST is sent before the FLV, for servers that want to be asked, such as Icecast.
 * Says "publishing" on a line once all are connected, and one JSON object at the end: after SECONDS, or at SIGTERM.
 * A server that does not read is left pictures out, never parts of one. Build: cc -O2 -o flvpush flvpush.c
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MARKER = 16, TAG_HEAD = 11, BODY_HEAD = 9, MARKER_AT = TAG_HEAD + BODY_HEAD + 2, MAX_WAITING = 4 << 20 };

struct Publisher {
  int fd;
  long pictures;
  /* What the socket did not take. */
  unsigned char *waiting;
  int waitingBytes;
};

static volatile sig_atomic_t stopped;
static unsigned long long sentBytes;
static long sentPictures, leftOut;

static void stop(int signal) {
  (void)signal;
  stopped = 1;
}

static double clockSeconds(clockid_t id) {
  struct timespec now;
  clock_gettime(id, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

static void writeNumber(unsigned char *at, int bytes, unsigned long long value) {
  for (int i = bytes - 1; i >= 0; i--, value >>= 8) at[i] = value;
}

/* FLV 10.1 section E.4.1; the body is filled in by whoever asks. Returns the length with the size behind it. */
static int writeTag(unsigned char *at, int bodyBytes, unsigned timestampMs) {
  at[0] = 9;
  writeNumber(at + 1, 3, bodyBytes);
  writeNumber(at + 4, 3, timestampMs);
  at[7] = timestampMs >> 24;
  memset(at + 8, 0, 3);
  writeNumber(at + TAG_HEAD + bodyBytes, 4, TAG_HEAD + bodyBytes);
  return TAG_HEAD + bodyBytes + 4;
}

static int writeBeginning(unsigned char *at) {
  static const unsigned char fileHeader[] = {'F', 'L', 'V', 1, 1, 0, 0, 0, 9, 0, 0, 0, 0};
  static const unsigned char config[] = {
      0x17, 0,    0,    0,    0,    1,    0x42, 0xc0, 0x1f, 0xff, 0xe1, 0,    25,   0x67, 0x42, 0xc0, 0x1f,
      0xd9, 0x00, 0x50, 0x05, 0xbb, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x03, 0xc8,
      0xf1, 0x83, 0x24, 0x80, 1,    0,    5,    0x68, 0xcb, 0x83, 0xcb, 0x20};
  memcpy(at, fileHeader, sizeof fileHeader);
  memcpy(at + sizeof fileHeader + TAG_HEAD, config, sizeof config);
  return sizeof fileHeader + writeTag(at + sizeof fileHeader, sizeof config, 0);
}

/* A picture without its times. */
static unsigned char *makePicture(int key, int size, const unsigned char *marker) {
  unsigned char *tag = malloc(TAG_HEAD + BODY_HEAD + size + 4);
  memset(tag, 0x5a, TAG_HEAD + BODY_HEAD + size);
  unsigned char *body = tag + TAG_HEAD;
  body[0] = key ? 0x17 : 0x27;
  body[1] = 1;
  memset(body + 2, 0, 3);
  writeNumber(body + 5, 4, size);
  body[9] = key ? 0x65 : 0x41;
  body[10] = key ? 0x88 : 0x9a;
  memcpy(tag + MARKER_AT, marker, MARKER);
  return tag;
}

static void drop(struct Publisher *publisher) {
  if (publisher->fd >= 0) close(publisher->fd);
  publisher->fd = -1;
  publisher->waitingBytes = 0;
}

static void give(struct Publisher *publisher, const unsigned char *bytes, int length) {
  ssize_t taken = 0;
  if (publisher->waitingBytes == 0) {
    taken = send(publisher->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken < 0 && errno != EAGAIN) {
      drop(publisher);
      return;
    }
    if (taken < 0) taken = 0;
  }
  memcpy(publisher->waiting + publisher->waitingBytes, bytes + taken, length - taken);
  publisher->waitingBytes += length - taken;
  sentBytes += length;
}

static void flush(struct Publisher *publisher) {
  ssize_t taken = send(publisher->fd, publisher->waiting, publisher->waitingBytes, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (taken < 0 && errno != EAGAIN) drop(publisher);
  if (taken <= 0) return;
  publisher->waitingBytes -= taken;
  memmove(publisher->waiting, publisher->waiting + taken, publisher->waitingBytes);
}

int main(int argc, char **argv) {
  if (argc < 10 || argc > 11 || strlen(argv[5]) != 2 * MARKER) {
    fprintf(stderr, "usage: flvpush HOST PORT PUBLISHERS SECONDS MARKER_HEX FPS GOP KEY_BYTES DELTA_BYTES [REQUEST]\n");
    return 2;
  }
  int count = atoi(argv[3]), gop = atoi(argv[7]), keyBytes = atoi(argv[8]), deltaBytes = atoi(argv[9]);
  double seconds = atof(argv[4]), fps = atof(argv[6]);
  int smallest = keyBytes < deltaBytes ? keyBytes : deltaBytes, largest = keyBytes + deltaBytes - smallest;
  if (count < 1 || count > 1000 || seconds <= 0 || seconds > 3600 || fps <= 0 || gop < 1) return 2;
  if (smallest < 64 || largest > MAX_WAITING / 2) return 2;
  unsigned char marker[MARKER];
  for (int i = 0; i < MARKER; i++) {
    unsigned byte;
    if (sscanf(argv[5] + 2 * i, "%2x", &byte) != 1) return 2;
    marker[i] = byte;
  }
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
  if (inet_pton(AF_INET, argv[1], &server.sin_addr) != 1) return 2;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  signal(SIGTERM, stop);
  signal(SIGINT, stop);

  unsigned char beginning[256], *pictures[] = {makePicture(0, deltaBytes, marker), makePicture(1, keyBytes, marker)};
  int beginningBytes = writeBeginning(beginning);
  struct Publisher *all = calloc(count, sizeof *all);
  for (int i = 0; i < count; i++) {
    struct Publisher *publisher = &all[i];
    publisher->waiting = malloc(MAX_WAITING);
    publisher->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(publisher->fd, (void *)&server, sizeof server) != 0) {
      perror("connect");
      return 1;
    }
    int on = 1;
    setsockopt(publisher->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (argc == 11) give(publisher, (const unsigned char *)argv[10], strlen(argv[10]));
    give(publisher, beginning, beginningBytes);
  }
  printf("publishing\n");
  fflush(stdout);

  double start = clockSeconds(CLOCK_MONOTONIC);
  for (double now = start; !stopped && now < start + seconds; now = clockSeconds(CLOCK_MONOTONIC)) {
    for (int i = 0; i < count; i++) {
      struct Publisher *publisher = &all[i];
      if (publisher->fd >= 0 && publisher->waitingBytes > 0) flush(publisher);
      /* The first begins at once; the last begins nearly one picture later. */
      double since = now - start - i / fps / count;
      for (; publisher->fd >= 0 && since * fps >= publisher->pictures; publisher->pictures++) {
        int key = publisher->pictures % gop == 0, bodyBytes = BODY_HEAD + (key ? keyBytes : deltaBytes);
        if (publisher->waitingBytes + bodyBytes + 64 > MAX_WAITING) {
          leftOut++;
          continue;
        }
        unsigned char *tag = pictures[key];
        int length = writeTag(tag, bodyBytes, (unsigned)(publisher->pictures * 1000 / fps));
        writeNumber(tag + MARKER_AT + MARKER, 8, (unsigned long long)(clockSeconds(CLOCK_REALTIME) * 1e6));
        give(publisher, tag, length);
        sentPictures++;
      }
    }
    poll(NULL, 0, 1);
  }
  int connected = 0;
  for (int i = 0; i < count; i++) connected += all[i].fd >= 0;
  double elapsed = clockSeconds(CLOCK_MONOTONIC) - start;
  printf("{\"publishers\":%d,\"connected\":%d,\"seconds\":%.2f,\"megabits\":%.2f,\"pictures\":%ld,\"leftOut\":%ld}\n", count,
         connected, elapsed, sentBytes * 8 / elapsed / 1e6, sentPictures, leftOut);
  return 0;
}
