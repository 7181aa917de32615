#define _GNU_SOURCE
#include "outbox.h"

#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum {
  /* Of one message with segmentation offload, what the kernel takes at most. */
  MAX_SEGMENTS = 64,
  MAX_SEGMENTED_BYTES = 64000,
  /* How long a thread waits for a full socket. Milliseconds. */
  BUSY_WAIT_MS = 5,
  CONTROL_BYTES = CMSG_SPACE(sizeof(uint16_t)),
};

bool segmentation_supported(int fd) {
  /* Kernels before 4.18 do not know it. */
  const int none = 0;
  return setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &none, sizeof none) == 0;
}

/* Appends a packet to the message before it, if that has the same destination and the lengths allow it. */
static bool append(Outbox *outbox, const Destination *to, const uint8_t *packet, size_t bytes) {
  if (outbox->count == 0) return false;
  Message *last = &outbox->messages[outbox->count - 1];
  if (last->to != to || last->segments >= MAX_SEGMENTS) return false;
  if ((const uint8_t *)last->bytes.iov_base + last->bytes.iov_len != packet) return false;
  if (bytes > last->segment_bytes || last->bytes.iov_len != last->segment_bytes * last->segments) return false;
  if (last->bytes.iov_len + bytes > MAX_SEGMENTED_BYTES) return false;
  last->bytes.iov_len += bytes;
  last->segments++;
  return true;
}

void outbox_add(Outbox *outbox, const Destination *to, uint8_t *packet, size_t bytes, bool join) {
  if (join && append(outbox, to, packet, bytes)) return;
  outbox->messages[outbox->count++] = (Message){
      .bytes = {.iov_base = packet, .iov_len = bytes}, .to = to, .segment_bytes = bytes, .segments = 1};
}

/* Sends the packets of a message one by one. */
static void send_apart(int fd, const Message *message, double *counters) {
  const uint8_t *at = message->bytes.iov_base;
  size_t left = message->bytes.iov_len;
  while (left > 0) {
    const size_t bytes = left < message->segment_bytes ? left : message->segment_bytes;
    if (sendto(fd, at, bytes, MSG_DONTWAIT, &message->to->at.any, message->to->bytes) < 0)
      counters[errno == EAGAIN || errno == ENOBUFS ? DROPPED : ERRORS]++;
    at += bytes;
    left -= bytes;
  }
}

static void write_header(struct msghdr *header, Message *message, void *control_bytes) {
  *header = (struct msghdr){.msg_name = (void *)&message->to->at,
                            .msg_namelen = message->to->bytes,
                            .msg_iov = &message->bytes,
                            .msg_iovlen = 1};
  if (message->segments < 2) return;
  header->msg_control = control_bytes;
  header->msg_controllen = CONTROL_BYTES;
  struct cmsghdr *control = CMSG_FIRSTHDR(header);
  control->cmsg_level = IPPROTO_UDP;
  control->cmsg_type = UDP_SEGMENT;
  control->cmsg_len = CMSG_LEN(sizeof(uint16_t));
  const uint16_t segment = (uint16_t)message->segment_bytes;
  memcpy(CMSG_DATA(control), &segment, sizeof segment);
}

void outbox_send(Outbox *outbox, int fd, bool may_wait, Segmentation *segmentation, double *counters) {
  const int total = outbox->count;
  if (total == 0) return;
  outbox->count = 0;
  struct mmsghdr headers[OUTBOX_MESSAGES];
  union {
    struct cmsghdr align;
    char bytes[CONTROL_BYTES];
  } controls[OUTBOX_MESSAGES];
  for (int i = 0; i < total; i++) {
    Message *message = &outbox->messages[i];
    write_header(&headers[i].msg_hdr, message, &controls[i]);
    if (message->segments > 1) counters[SEGMENTED] += message->segments;
  }
  bool waited = false;
  for (int sent = 0; sent < total;) {
    const int took = sendmmsg(fd, headers + sent, (unsigned)(total - sent), MSG_DONTWAIT);
    if (took > 0) {
      sent += took;
      counters[MESSAGES] += took;
      continue;
    }
    const Message *message = &outbox->messages[sent];
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      counters[BUSY]++;
      struct pollfd writable = {.fd = fd, .events = POLLOUT};
      if (may_wait && !waited && poll(&writable, 1, BUSY_WAIT_MS) > 0) {
        waited = true;
        continue;
      }
      /* The socket is full: the rest would not fit either. */
      for (; sent < total; sent++) counters[DROPPED] += outbox->messages[sent].segments;
      return;
    }
    if (message->segments > 1 && (errno == EIO || errno == EINVAL || errno == EOPNOTSUPP || errno == EMSGSIZE)) {
      if (errno != EMSGSIZE) __atomic_store_n(&segmentation->enabled, false, __ATOMIC_RELAXED);
      send_apart(fd, message, counters);
    } else {
      counters[errno == ENOBUFS ? DROPPED : ERRORS] += message->segments;
    }
    sent++;
  }
}
