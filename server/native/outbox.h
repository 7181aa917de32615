/*
 * Packets on their way to the kernel through one socket: many with one call of sendmmsg(2), equal-sized ones of one
 * destination as one message (UDP segmentation offload).
 */
#ifndef MILLRACE_OUTBOX_H
#define MILLRACE_OUTBOX_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum {
  /* Messages of one outbox. Their packets are sealed before they are sent, and their bytes stay in the second level cache. */
  OUTBOX_MESSAGES = 128,
};

/* Columns of the counters. All only grow. */
enum { SENT, SENT_BYTES, BUSY, DROPPED, ERRORS, MESSAGES, SEGMENTED, FINISHED, COUNTERS };

typedef struct {
  socklen_t bytes;
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } at;
} Destination;

typedef struct {
  struct iovec bytes;
  const Destination *to;
  /* Length of all packets but the last, and how many there are. */
  size_t segment_bytes;
  unsigned segments;
} Message;

typedef struct {
  int count;
  Message messages[OUTBOX_MESSAGES];
} Outbox;

/* Cleared when a kernel or a device refuses it; shared by threads. */
typedef struct {
  bool enabled;
} Segmentation;

static inline bool segmentation_enabled(const Segmentation *segmentation) {
  return __atomic_load_n(&segmentation->enabled, __ATOMIC_RELAXED);
}

/* Whether the kernel of this socket knows it. */
bool segmentation_supported(int fd);

/*
 * Adds a packet; there must be room (OUTBOX_MESSAGES). Packet and destination stay as they are until `outbox_send`. With
 * `join` a packet that lies right behind the one before it may become part of the same message.
 */
void outbox_add(Outbox *outbox, const Destination *to, uint8_t *packet, size_t bytes, bool join);
/* Sends everything and counts it. `may_wait`: for a moment when the socket is full. What does not fit is dropped. */
void outbox_send(Outbox *outbox, int fd, bool may_wait, Segmentation *segmentation, double *counters);

#endif
