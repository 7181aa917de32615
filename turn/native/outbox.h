/* What is on its way out of one batch that was read: messages to one socket at a time. */
#ifndef MILLRACE_OUTBOX_H
#define MILLRACE_OUTBOX_H

#include <sys/uio.h>

#include "table.h"

/* Datagrams of one batch. */
enum { OUTBOX_PARTS = 32 };

typedef struct {
  int fd;
  int count, parts;
  /* UDP segmentation offload; cleared when the kernel or the device refuses it. */
  bool segmentation;
  struct mmsghdr headers[OUTBOX_PARTS];
  struct iovec bytes[OUTBOX_PARTS];
  Flow *flows[OUTBOX_PARTS];
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(uint16_t))];
  } controls[OUTBOX_PARTS];
} Outbox;

/* Looks whether the kernel of this socket knows segmentation. */
void outbox_examine(Outbox *outbox, int fd);
/*
 * Adds a datagram; equal ones in a row to one address become one message that the kernel cuts apart. Address and data stay
 * as they are until `outbox_send`, OUTBOX_PARTS of them at most. `flow` is told what is dropped.
 */
void outbox_add(Outbox *outbox, int fd, const Address *to, Flow *flow, uint8_t *data, size_t length);
void outbox_send(Outbox *outbox);

#endif
