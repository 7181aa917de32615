/*
 * The limit of a thousand players: the pictures of flvpush.c, each written with one send(2) to every player as soon as
 * it is made, and nothing else. It takes no publisher, keeps no group of pictures and looks at no request.
 *
 *   flvfan MARKER_HEX FPS GOP KEY_BYTES DELTA_BYTES
 *
 * Says where it listens as one line of JSON on standard output, and ends when its standard input does. A player that
 * does not take a whole picture is let go of. Build: cc -O2 -o flvfan flvfan.c
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MARKER = 16, TAG_HEAD = 11, BODY_HEAD = 9, STAMP_AT = TAG_HEAD + BODY_HEAD + 2 + MARKER, MAX_PLAYERS = 20000 };

static const char beginning[] =
    "HTTP/1.1 200 OK\r\nContent-Type: video/x-flv\r\nConnection: close\r\n\r\n"
    "FLV\1\1\0\0\0\11\0\0\0";
static int players[MAX_PLAYERS], playerCount;

static double clockSeconds(clockid_t id) {
  struct timespec now;
  clock_gettime(id, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

static void writeNumber(unsigned char *at, int bytes, unsigned long long value) {
  for (int i = bytes - 1; i >= 0; i--, value >>= 8) at[i] = value;
}

/* FLV 10.1 section E.4.1. Without its times; returns the length with the size behind it. */
static int makePicture(unsigned char **picture, int key, int size, const unsigned char *marker) {
  int bodyBytes = BODY_HEAD + size;
  unsigned char *tag = *picture = malloc(TAG_HEAD + bodyBytes + 4);
  memset(tag, 0, TAG_HEAD + BODY_HEAD);
  memset(tag + TAG_HEAD + BODY_HEAD, 0x5a, size);
  unsigned char *body = tag + TAG_HEAD;
  tag[0] = 9;
  writeNumber(tag + 1, 3, bodyBytes);
  body[0] = key ? 0x17 : 0x27;
  body[1] = 1;
  writeNumber(body + 5, 4, size);
  body[9] = key ? 0x65 : 0x41;
  body[10] = key ? 0x88 : 0x9a;
  memcpy(tag + STAMP_AT - MARKER, marker, MARKER);
  writeNumber(tag + TAG_HEAD + bodyBytes, 4, TAG_HEAD + bodyBytes);
  return TAG_HEAD + bodyBytes + 4;
}

static void leave(int fd) {
  for (int i = 0; i < playerCount; i++) {
    if (players[i] != fd) continue;
    players[i] = players[--playerCount];
    break;
  }
  close(fd);
}

static void join(int listener, int poller) {
  int fd, one = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event wanted = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &wanted);
  }
}

/* Whatever a connection says first is its request. */
static void hear(int fd) {
  char request[4096];
  ssize_t got = recv(fd, request, sizeof request, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0 || playerCount == MAX_PLAYERS) {
    leave(fd);
    return;
  }
  for (int i = 0; i < playerCount; i++)
    if (players[i] == fd) return;
  if (send(fd, beginning, sizeof beginning, MSG_NOSIGNAL) == sizeof beginning) players[playerCount++] = fd;
  else leave(fd);
}

static void give(const unsigned char *picture, int length) {
  for (int i = playerCount - 1; i >= 0; i--)
    if (send(players[i], picture, length, MSG_NOSIGNAL) != length) leave(players[i]);
}

int main(int argc, char **argv) {
  if (argc != 6 || strlen(argv[1]) != 2 * MARKER) {
    fprintf(stderr, "usage: flvfan MARKER_HEX FPS GOP KEY_BYTES DELTA_BYTES\n");
    return 2;
  }
  unsigned char marker[MARKER];
  for (int i = 0; i < MARKER; i++) {
    unsigned byte;
    if (sscanf(argv[1] + 2 * i, "%2x", &byte) != 1) return 2;
    marker[i] = byte;
  }
  double fps = atof(argv[2]);
  int gop = atoi(argv[3]), keyBytes = atoi(argv[4]), deltaBytes = atoi(argv[5]);
  if (fps <= 0 || fps > 1000 || gop < 1 || keyBytes < 64 || deltaBytes < 64 || keyBytes > 1 << 20 || deltaBytes > 1 << 20) return 2;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t addressBytes = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), poller = epoll_create1(0);
  if (bind(listener, (void *)&address, sizeof address) != 0 || listen(listener, 1024) != 0) return 1;
  getsockname(listener, (void *)&address, &addressBytes);
  printf("{\"http\":%d}\n", ntohs(address.sin_port));
  fflush(stdout);
  int sources[] = {listener, STDIN_FILENO};
  for (int i = 0; i < 2; i++) {
    struct epoll_event wanted = {.events = EPOLLIN, .data.fd = sources[i]};
    epoll_ctl(poller, EPOLL_CTL_ADD, sources[i], &wanted);
  }

  unsigned char *pictures[2];
  int lengths[] = {makePicture(&pictures[0], 0, deltaBytes, marker), makePicture(&pictures[1], 1, keyBytes, marker)};
  double start = clockSeconds(CLOCK_MONOTONIC);
  for (long count = 0;;) {
    double now = clockSeconds(CLOCK_MONOTONIC), due = start + count / fps;
    struct epoll_event events[256];
    int ready = epoll_wait(poller, events, 256, due > now ? (int)((due - now) * 1000) + 1 : 0);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      if (fd == STDIN_FILENO) return 0;
      if (fd == listener) join(listener, poller);
      else hear(fd);
    }
    if (clockSeconds(CLOCK_MONOTONIC) < due) continue;
    int key = count % gop == 0;
    unsigned char *picture = pictures[key];
    unsigned long long ms = count * 1000 / fps;
    writeNumber(picture + 4, 3, ms);
    picture[7] = ms >> 24;
    writeNumber(picture + STAMP_AT, 8, clockSeconds(CLOCK_REALTIME) * 1e6);
    give(picture, lengths[key]);
    count++;
  }
}
