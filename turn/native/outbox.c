#define _GNU_SOURCE
#include "outbox.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum {
  /* Of one message that the kernel cuts apart. */
  MAX_SEGMENTS = 32,
  MAX_SEGMENTED_BYTES = 64000,
  MAX_SEGMENT_BYTES = 1452,
};

void outbox_examine(Outbox *outbox, int fd) {
  /* Kernels before 4.18 do not know it. */
  const int none = 0;
  if (setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &none, sizeof none) != 0) outbox->segmentation = false;
}

static void send_apart(const Outbox *outbox, const struct msghdr *header, Flow *flow) {
  for (size_t i = 0; i < header->msg_iovlen; i++) {
    struct msghdr one = {.msg_name = header->msg_name,
                         .msg_namelen = header->msg_namelen,
                         .msg_iov = &header->msg_iov[i],
                         .msg_iovlen = 1};
    if (sendmsg(outbox->fd, &one, MSG_DONTWAIT) < 0) flow->traffic[DROPPED_QUEUE]++;
  }
}

void outbox_send(Outbox *outbox) {
  for (int sent = 0; sent < outbox->count;) {
    const int took = sendmmsg(outbox->fd, outbox->headers + sent, (unsigned)(outbox->count - sent), MSG_DONTWAIT);
    if (took > 0) {
      sent += took;
      continue;
    }
    if (errno == EINTR) continue;
    struct msghdr *header = &outbox->headers[sent].msg_hdr;
    Flow *flow = outbox->flows[sent];
    if (header->msg_iovlen > 1 && errno != EAGAIN && errno != ENOBUFS) {
      if (errno == EIO || errno == EINVAL || errno == EOPNOTSUPP) outbox->segmentation = false;
      send_apart(outbox, header, flow);
    } else {
      flow->traffic[DROPPED_QUEUE] += (double)header->msg_iovlen;
    }
    sent++;
  }
  outbox->count = outbox->parts = 0;
}

void outbox_add(Outbox *outbox, int fd, const Address *to, Flow *flow, uint8_t *data, size_t length) {
  if (outbox->count > 0 && outbox->fd != fd) outbox_send(outbox);
  outbox->fd = fd;
  outbox->bytes[outbox->parts] = (struct iovec){.iov_base = data, .iov_len = length};
  if (outbox->count > 0 && outbox->segmentation) {
    struct msghdr *last = &outbox->headers[outbox->count - 1].msg_hdr;
    const size_t segment = last->msg_iov[0].iov_len;
    if (last->msg_name == &to->at && segment == length && length > 0 && length <= MAX_SEGMENT_BYTES &&
        last->msg_iovlen < MAX_SEGMENTS && (last->msg_iovlen + 1) * segment <= MAX_SEGMENTED_BYTES) {
      last->msg_iovlen++;
      outbox->parts++;
      if (last->msg_iovlen == 2) {
        last->msg_control = &outbox->controls[outbox->count - 1];
        last->msg_controllen = CMSG_SPACE(sizeof(uint16_t));
        struct cmsghdr *control = CMSG_FIRSTHDR(last);
        control->cmsg_level = IPPROTO_UDP;
        control->cmsg_type = UDP_SEGMENT;
        control->cmsg_len = CMSG_LEN(sizeof(uint16_t));
        const uint16_t bytes = (uint16_t)segment;
        memcpy(CMSG_DATA(control), &bytes, sizeof bytes);
      }
      return;
    }
  }
  outbox->flows[outbox->count] = flow;
  outbox->headers[outbox->count++].msg_hdr = (struct msghdr){.msg_name = (void *)&to->at,
                                                             .msg_namelen = to->length,
                                                             .msg_iov = &outbox->bytes[outbox->parts++],
                                                             .msg_iovlen = 1};
}
