/*
 * N long-lived players of HTTP-FLV on one epoll loop. Most of what comes is thrown away in the kernel, so that
 * players cost far less than the server; every few players one looks for the times that StampedPublisher and
 * flvpush.c put into pictures, and counts a picture when its last byte has come.
 *
 *   flvload HOST PORT PATH PLAYERS RAMP_PER_SECOND SECONDS MARKER_HEX
 *
 * PATH "rtmp:APP/NAME" makes them players of RTMP instead.
 * Says "measuring" on a line when all are there and have settled, and one JSON object after SECONDS more.
 * Build: cc -O2 -o flvload flvload.c
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "rtmp-play.h"

enum { MARKER = 16, STAMP = 8, LENGTH_BEFORE = 6, CARRY = 64, READ = 256 * 1024, MAX_DELAYS = 2000000 };
/* Players without anything yet are waited for so long. Seconds. */
static const double startLimit = 20, settleTime = 2;

enum State { CONNECTING, ASKED, PLAYING, GONE };

struct Player {
  int fd;
  enum State state;
  int sampled;
  double askedAt, firstByteAt;
  unsigned long long bytes, measured, acknowledged;
  /* Of the sampled: what was read last, the picture that is being read, and where to look on. */
  unsigned char carry[CARRY];
  int carried;
  unsigned long long scanned, pictureEnd;
  double pictureStamp;
};

static struct sockaddr_in server;
static const char *host, *path;
static unsigned char marker[MARKER];
static unsigned char room[CARRY + READ];
static int poller, measuring;
static double *delays;
static int delayCount;

static double clockSeconds(clockid_t id) {
  struct timespec now;
  clock_gettime(id, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

static double cpuSeconds(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void leave(struct Player *player) {
  if (player->fd >= 0) close(player->fd);
  player->fd = -1;
  player->state = GONE;
}

/* The address of a stream over RTMP, NULL: HTTP is asked for. */
static const char *rtmpAddress(void) { return strncmp(path, "rtmp:", 5) == 0 ? path + 5 : NULL; }

static void joinRtmp(struct Player *player) {
  player->askedAt = clockSeconds(CLOCK_MONOTONIC);
  player->fd = rtmpPlay(&server, rtmpAddress());
  if (player->fd < 0) {
    fprintf(stderr, "refused: %s\n", path);
    leave(player);
    return;
  }
  player->state = PLAYING;
  player->firstByteAt = clockSeconds(CLOCK_MONOTONIC);
  struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = player};
  epoll_ctl(poller, EPOLL_CTL_ADD, player->fd, &wanted);
}

static void join(struct Player *player) {
  player->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  player->state = CONNECTING;
  player->askedAt = clockSeconds(CLOCK_MONOTONIC);
  if (player->fd < 0 || (connect(player->fd, (void *)&server, sizeof server) != 0 && errno != EINPROGRESS)) {
    leave(player);
    return;
  }
  struct epoll_event wanted = {.events = EPOLLOUT, .data.ptr = player};
  epoll_ctl(poller, EPOLL_CTL_ADD, player->fd, &wanted);
}

static void ask(struct Player *player) {
  char request[2048];
  int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: flvload\r\n\r\n", path, host);
  if (send(player->fd, request, length, MSG_NOSIGNAL) != length) {
    leave(player);
    return;
  }
  player->state = ASKED;
  struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = player};
  epoll_ctl(poller, EPOLL_CTL_MOD, player->fd, &wanted);
}

static double readNumber(const unsigned char *at, int bytes) {
  double value = 0;
  for (int i = 0; i < bytes; i++) value = value * 256 + at[i];
  return value;
}

/* `room` holds `length` bytes that end at player->bytes. The frame of HTTP chunks counts as picture: a few bytes. */
static void lookAt(struct Player *player, int length) {
  unsigned long long start = player->bytes - length;
  for (;;) {
    if (player->pictureEnd > 0) {
      if (player->bytes < player->pictureEnd) break;
      double delay = clockSeconds(CLOCK_REALTIME) - player->pictureStamp;
      if (measuring && delayCount < MAX_DELAYS) delays[delayCount++] = delay;
      player->pictureEnd = 0;
    }
    unsigned long long from = player->scanned > start ? player->scanned - start : 0;
    if (from + LENGTH_BEFORE + MARKER + STAMP > (unsigned long long)length) break;
    unsigned char *found = memmem(room + from, length - from, marker, MARKER);
    if (found == NULL) break;
    unsigned long long at = start + (found - room);
    if (found - room + MARKER + STAMP > length) break;
    player->scanned = at + MARKER + STAMP;
    if (found - room < LENGTH_BEFORE) continue;
    /* A NALU's length stands before it, and its first two bytes before the marker. */
    player->pictureEnd = at - 2 + (unsigned long long)readNumber(found - LENGTH_BEFORE, 4);
    player->pictureStamp = readNumber(found + MARKER, STAMP) / 1e6;
  }
  player->carried = length < CARRY ? length : CARRY;
  memcpy(player->carry, room + length - player->carried, player->carried);
}

static void takeIn(struct Player *player) {
  for (int turns = 0; turns < 4; turns++) {
    unsigned char *to = room + player->carried;
    int whole = player->sampled || player->state == ASKED;
    if (player->sampled) memcpy(room, player->carry, player->carried);
    ssize_t got = whole ? recv(player->fd, to, READ, 0) : recv(player->fd, room, READ, MSG_TRUNC);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      leave(player);
      return;
    }
    if (player->state == ASKED) {
      if (got < 12 || memcmp(to + 8, " 200", 4) != 0) {
        fprintf(stderr, "refused: %.*s\n", (int)(got < 300 ? got : 300), (char *)to);
        leave(player);
        return;
      }
      player->state = PLAYING;
      player->firstByteAt = clockSeconds(CLOCK_MONOTONIC);
    }
    player->bytes += got;
    if (measuring) player->measured += got;
    if (player->sampled) lookAt(player, player->carried + (int)got);
    if (player->bytes - player->acknowledged >= RTMP_WINDOW && rtmpAddress() != NULL) {
      player->acknowledged = player->bytes;
      rtmpAcknowledge(player->fd, player->bytes);
    }
    if (got < READ) return;
  }
}

static void runUntil(double end) {
  struct epoll_event events[256];
  for (double now; (now = clockSeconds(CLOCK_MONOTONIC)) < end;) {
    int count = epoll_wait(poller, events, 256, (int)((end - now) * 1000) + 1);
    for (int i = 0; i < count; i++) {
      struct Player *player = events[i].data.ptr;
      if (player->state == CONNECTING) ask(player);
      else if (player->state != GONE) takeIn(player);
    }
  }
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static double share(double *sorted, int count, double part) {
  return count == 0 ? 0 : sorted[(int)((count - 1) * part)];
}

static void print(struct Player *players, int count, double seconds, double cpu) {
  double *values = calloc(count, sizeof *values);
  int playing = 0;
  unsigned long long bytes = 0;
  for (int i = 0; i < count; i++) {
    if (players[i].state != PLAYING) continue;
    values[playing++] = players[i].measured * 8 / seconds / 1000;
    bytes += players[i].measured;
  }
  qsort(values, playing, sizeof *values, ascending);
  printf("{\"players\":%d,\"playing\":%d,\"seconds\":%.2f,\"megabits\":%.2f,", count, playing, seconds, bytes * 8 / seconds / 1e6);
  printf("\"kilobits\":{\"min\":%.0f,\"p50\":%.0f},", share(values, playing, 0), share(values, playing, .5));
  int begun = 0;
  for (int i = 0; i < count; i++)
    if (players[i].firstByteAt > 0) values[begun++] = (players[i].firstByteAt - players[i].askedAt) * 1000;
  qsort(values, begun, sizeof *values, ascending);
  printf("\"firstByteMs\":{\"p50\":%.1f,\"p95\":%.1f},", share(values, begun, .5), share(values, begun, .95));
  qsort(delays, delayCount, sizeof *delays, ascending);
  printf("\"pictures\":%d,\"delayMs\":{\"p50\":%.2f,\"p95\":%.2f,\"p99\":%.2f,\"max\":%.2f},", delayCount,
         share(delays, delayCount, .5) * 1000, share(delays, delayCount, .95) * 1000,
         share(delays, delayCount, .99) * 1000, share(delays, delayCount, 1) * 1000);
  printf("\"clientCpuPercent\":%.1f}\n", cpu / seconds * 100);
  free(values);
}

int main(int argc, char **argv) {
  if (argc != 8 || strlen(argv[7]) != 2 * MARKER) {
    fprintf(stderr, "usage: flvload HOST PORT PATH PLAYERS RAMP_PER_SECOND SECONDS MARKER_HEX\n");
    return 2;
  }
  host = argv[1];
  path = argv[3];
  int count = atoi(argv[4]);
  double ramp = atof(argv[5]), seconds = atof(argv[6]);
  if (strlen(host) + strlen(path) > 1024 || count < 1 || count > 20000 || ramp <= 0 || seconds <= 0 || seconds > 600) return 2;
  server.sin_family = AF_INET;
  server.sin_port = htons(atoi(argv[2]));
  if (inet_pton(AF_INET, host, &server.sin_addr) != 1) return 2;
  for (int i = 0; i < MARKER; i++) {
    unsigned byte;
    if (sscanf(argv[7] + 2 * i, "%2x", &byte) != 1) return 2;
    marker[i] = byte;
  }
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  poller = epoll_create1(0);
  struct Player *players = calloc(count, sizeof *players);
  delays = calloc(MAX_DELAYS, sizeof *delays);
  int every = count > 20 ? count / 20 : 1;
  for (int i = 0; i < count; i++) players[i].fd = -1, players[i].sampled = i % every == 0;

  double start = clockSeconds(CLOCK_MONOTONIC);
  for (int i = 0; i < count; i++) {
    if (rtmpAddress() == NULL) join(&players[i]);
    else joinRtmp(&players[i]);
    runUntil(start + (i + 1) / ramp);
  }
  for (double until = clockSeconds(CLOCK_MONOTONIC) + startLimit; clockSeconds(CLOCK_MONOTONIC) < until;) {
    int waiting = 0;
    for (int i = 0; i < count; i++) waiting += players[i].state < PLAYING;
    if (waiting == 0) break;
    runUntil(clockSeconds(CLOCK_MONOTONIC) + .1);
  }
  runUntil(clockSeconds(CLOCK_MONOTONIC) + settleTime);
  measuring = 1;
  printf("measuring\n");
  fflush(stdout);
  double from = clockSeconds(CLOCK_MONOTONIC), cpu = cpuSeconds();
  runUntil(from + seconds);
  print(players, count, clockSeconds(CLOCK_MONOTONIC) - from, cpuSeconds() - cpu);
  return 0;
}
