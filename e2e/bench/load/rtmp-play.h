/*
 * Asks a server for a stream over RTMP, as a player does, and leaves the connection to whoever reads on. RTMP 1.0.
 */
#ifndef RTMP_PLAY_H
#define RTMP_PLAY_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
  RTMP_HANDSHAKE = 1536,
  RTMP_CHUNK = 4096,
  /* Bytes after which what was received is acknowledged. */
  RTMP_WINDOW = 1000000,
  RTMP_PATIENCE_S = 10,
};

struct RtmpText {
  unsigned char bytes[1024];
  int length;
};

static inline void rtmpString(struct RtmpText *text, const char *value, int typed) {
  const int length = (int)strlen(value);
  if (typed) text->bytes[text->length++] = 2;
  text->bytes[text->length++] = length >> 8;
  text->bytes[text->length++] = length;
  memcpy(text->bytes + text->length, value, length);
  text->length += length;
}

static inline void rtmpNumber(struct RtmpText *text, double value) {
  unsigned long long bits;
  memcpy(&bits, &value, 8);
  text->bytes[text->length++] = 0;
  for (int i = 7; i >= 0; i--) text->bytes[text->length++] = bits >> (8 * i);
}

/* One message in one chunk, section 5.3.1.2.1. */
static inline int rtmpSend(int fd, int chunkStream, int type, int stream, const unsigned char *body, int length) {
  unsigned char chunk[12 + 1024] = {chunkStream, 0, 0, 0, 0, length >> 8, length, type, stream};
  memcpy(chunk + 12, body, length);
  return send(fd, chunk, 12 + length, MSG_NOSIGNAL) == 12 + length;
}

static inline int rtmpReadAll(int fd, unsigned char *to, int length) {
  while (length > 0) {
    const ssize_t got = recv(fd, to, length, 0);
    if (got <= 0) return 0;
    to += got;
    length -= got;
  }
  return 1;
}

/* Reads until `word` and `behind` bytes after it have come. Where the word is, NULL: the server says something else. */
static inline unsigned char *rtmpAwait(int fd, unsigned char *room, int size, const char *word, int behind) {
  for (int held = 0; held < size;) {
    const ssize_t got = recv(fd, room + held, size - held, 0);
    if (got <= 0) return NULL;
    held += got;
    unsigned char *found = memmem(room, held, word, strlen(word));
    if (found != NULL && room + held >= found + strlen(word) + behind) return found + strlen(word);
  }
  return NULL;
}

static inline double rtmpDouble(const unsigned char *at) {
  unsigned long long bits = 0;
  double value;
  for (int i = 0; i < 8; i++) bits = bits << 8 | at[i];
  memcpy(&value, &bits, 8);
  return value;
}

static inline int rtmpAsk(int fd, const char *app, const char *name) {
  static unsigned char room[64 * 1024];
  /* Section 5.2: C0 and C1, S0 to S2, and S1 back as C2. */
  memset(room, 1, 1 + RTMP_HANDSHAKE);
  room[0] = 3;
  memset(room + 1, 0, 8);
  if (send(fd, room, 1 + RTMP_HANDSHAKE, MSG_NOSIGNAL) != 1 + RTMP_HANDSHAKE) return 0;
  if (!rtmpReadAll(fd, room, 1 + 2 * RTMP_HANDSHAKE)) return 0;
  if (send(fd, room + 1, RTMP_HANDSHAKE, MSG_NOSIGNAL) != RTMP_HANDSHAKE) return 0;
  const unsigned char chunkSize[] = {0, 0, RTMP_CHUNK >> 8, RTMP_CHUNK & 255};
  if (!rtmpSend(fd, 2, 1, 0, chunkSize, sizeof chunkSize)) return 0;

  struct RtmpText text = {.length = 0};
  char url[256];
  snprintf(url, sizeof url, "rtmp://127.0.0.1/%s", app);
  rtmpString(&text, "connect", 1);
  rtmpNumber(&text, 1);
  text.bytes[text.length++] = 3;
  rtmpString(&text, "app", 0);
  rtmpString(&text, app, 1);
  rtmpString(&text, "tcUrl", 0);
  rtmpString(&text, url, 1);
  memcpy(text.bytes + text.length, "\0\0\11", 3);
  text.length += 3;
  if (!rtmpSend(fd, 3, 20, 0, text.bytes, text.length)) return 0;
  if (rtmpAwait(fd, room, sizeof room, "NetConnection.Connect.Success", 0) == NULL) return 0;

  text.length = 0;
  rtmpString(&text, "createStream", 1);
  rtmpNumber(&text, 2);
  text.bytes[text.length++] = 5;
  if (!rtmpSend(fd, 3, 20, 0, text.bytes, text.length)) return 0;
  /* Behind the word the number of the command, null, and the stream's number. */
  const unsigned char *result = rtmpAwait(fd, room, sizeof room, "_result", 9 + 1 + 9);
  if (result == NULL) return 0;
  const int stream = (int)rtmpDouble(result + 9 + 1 + 1);

  text.length = 0;
  rtmpString(&text, "play", 1);
  rtmpNumber(&text, 3);
  text.bytes[text.length++] = 5;
  rtmpString(&text, name, 1);
  if (!rtmpSend(fd, 8, 20, stream, text.bytes, text.length)) return 0;
  return rtmpAwait(fd, room, sizeof room, "NetStream.Play.Start", 0) != NULL;
}

/* Connects and asks for APP/NAME. Returns a socket that does not block and whose media comes now, or -1. */
static inline int rtmpPlay(const struct sockaddr_in *server, const char *address) {
  char app[128];
  const char *slash = strchr(address, '/');
  if (slash == NULL || slash - address >= (int)sizeof app || strlen(slash) > 128) return -1;
  snprintf(app, sizeof app, "%.*s", (int)(slash - address), address);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return -1;
  const struct timeval patience = {.tv_sec = RTMP_PATIENCE_S};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(fd, (const void *)server, sizeof *server) != 0 || !rtmpAsk(fd, app, slash + 1) ||
      fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

/* Section 5.4.3: tells the server how much has come. */
static inline void rtmpAcknowledge(int fd, unsigned long long bytes) {
  const unsigned char count[] = {bytes >> 24, bytes >> 16, bytes >> 8, bytes};
  rtmpSend(fd, 2, 3, 0, count, sizeof count);
}

#endif
