/* Datagrams that wait for JavaScript, in the order in which they came. */
#ifndef MILLRACE_INBOX_H
#define MILLRACE_INBOX_H

#include <pthread.h>

#include "table.h"

enum {
  /* What waits at most; the rest is dropped and counted. */
  INBOX_MAX_DATAGRAMS = 8192,
  INBOX_MAX_BYTES = 8 << 20,
};

/* A datagram for JavaScript. Freed with `free`. */
typedef struct Datagram {
  struct Datagram *next;
  uint32_t socket;
  Address from;
  size_t length;
  uint8_t data[];
} Datagram;

typedef struct {
  pthread_mutex_t lock;
  Datagram *first, **last;
  size_t count, bytes;
  double missed;
} Inbox;

void inbox_open(Inbox *inbox);
/* Frees what waits. */
void inbox_close(Inbox *inbox);
/* Copies a datagram. Returns whether it is the first of those that wait, so that somebody must be woken. */
bool inbox_put(Inbox *inbox, uint32_t socket, const Address *from, const uint8_t *data, size_t length);
/* Everything that waits, oldest first. */
Datagram *inbox_take(Inbox *inbox);
/* Datagrams that found it full since the start. */
double inbox_missed(Inbox *inbox);

#endif
