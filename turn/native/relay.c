#define _GNU_SOURCE
#include "relay.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "inbox.h"
#include "outbox.h"

enum {
  /* Datagrams that are read at once. */
  BATCH = OUTBOX_PARTS,
  CHANNEL_HEADER_BYTES = 4,
  /* Room for any datagram, and for the header of ChannelData before it. Pages that are not used cost nothing. */
  SLOT_BYTES = 65536 + 64,
  SLOT_HEAD_BYTES = 64,
  EVENTS = 64,
};

static const uint32_t NO_SOCKET = UINT32_MAX;

typedef struct {
  int fd;
  /* The allocation whose relayed address this is; NULL: a listener, or one that JavaScript works off alone. */
  Flow *flow;
} Socket;

struct Relay {
  pthread_t thread;
  pthread_mutex_t lock;
  /* Who waits for the lock beside the thread, which would take it again at once. */
  atomic_int waiting;
  atomic_bool stopping;
  int epoll, stop_event;
  Table *table;
  Socket sockets[RELAY_MAX_SOCKETS];
  uint32_t free_sockets[RELAY_MAX_SOCKETS];
  uint32_t free_count, used;
  bool closed;
  uint8_t *slots;
  Outbox outbox;
  Inbox inbox;
  void (*wake)(void *);
  void *argument;
};

double relay_now_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/*
 * ChannelData that goes to the client of another allocation: only the number of the channel changes. False: that one has
 * no channel for this one, or is gone.
 */
static bool to_other(Relay *relay, Flow *flow, Flow *other, uint8_t *message, size_t bytes, double now) {
  const Channel *channel = other == NULL ? NULL : flow_source_flow(other, flow);
  if (channel == NULL) return false;
  if (!bucket_take(&flow->to_peers, bytes, now)) {
    flow->traffic[DROPPED_BANDWIDTH]++;
    return true;
  }
  flow->traffic[PACKETS_IN]++;
  flow->traffic[BYTES_IN] += (double)bytes;
  if (!bucket_take(&other->to_client, bytes, now)) {
    other->traffic[DROPPED_BANDWIDTH]++;
    return true;
  }
  message[0] = (uint8_t)(channel->number >> 8);
  message[1] = (uint8_t)channel->number;
  other->traffic[PACKETS_OUT]++;
  other->traffic[BYTES_OUT] += (double)bytes;
  outbox_add(&relay->outbox, relay->sockets[other->listener].fd, &other->client, other, message, bytes + CHANNEL_HEADER_BYTES);
  return true;
}

/* ChannelData of a client. False: JavaScript shall look at it. RFC 8656 section 12.6. */
static bool to_peer(Relay *relay, uint32_t socket, const Address *from, uint8_t *data, size_t length, double now) {
  if (length < CHANNEL_HEADER_BYTES || data[0] < 0x40 || data[0] > 0x7f) return false;
  Flow *flow = table_find(relay->table, socket, from);
  if (flow == NULL || flow->relay == NO_SOCKET) return false;
  const Channel *channel = flow_channel(flow, (uint16_t)(data[0] << 8 | data[1]));
  const size_t bytes = (size_t)data[2] << 8 | data[3];
  if (channel == NULL || CHANNEL_HEADER_BYTES + bytes > length) return false;
  if (channel->flow_id != 0)
    return to_other(relay, flow, table_peer(relay->table, channel), data, bytes, now);
  if (!bucket_take(&flow->to_peers, bytes, now)) {
    flow->traffic[DROPPED_BANDWIDTH]++;
    return true;
  }
  flow->traffic[PACKETS_IN]++;
  flow->traffic[BYTES_IN] += (double)bytes;
  outbox_add(&relay->outbox, relay->sockets[flow->relay].fd, &channel->peer, flow, data + CHANNEL_HEADER_BYTES, bytes);
  return true;
}

/* What a peer sends to a relayed address. RFC 8656 section 12.7. */
static bool to_client(Relay *relay, Flow *flow, const Address *from, uint8_t *data, size_t length, double now) {
  const Channel *channel = flow_source(flow, from);
  if (channel == NULL || length > 0xffff) return false;
  if (!bucket_take(&flow->to_client, length, now)) {
    flow->traffic[DROPPED_BANDWIDTH]++;
    return true;
  }
  uint8_t *message = data - CHANNEL_HEADER_BYTES;
  message[0] = (uint8_t)(channel->number >> 8);
  message[1] = (uint8_t)channel->number;
  message[2] = (uint8_t)(length >> 8);
  message[3] = (uint8_t)length;
  flow->traffic[PACKETS_OUT]++;
  flow->traffic[BYTES_OUT] += (double)length;
  outbox_add(&relay->outbox, relay->sockets[flow->listener].fd, &flow->client, flow, message, length + CHANNEL_HEADER_BYTES);
  return true;
}

/* Reads what one socket has, once. */
static void pass_on(Relay *relay, uint32_t place) {
  Socket *socket = &relay->sockets[place];
  if (socket->fd < 0) return;
  struct mmsghdr headers[BATCH];
  struct iovec bytes[BATCH];
  Address from[BATCH];
  for (int i = 0; i < BATCH; i++) {
    bytes[i] = (struct iovec){.iov_base = relay->slots + (size_t)i * SLOT_BYTES + SLOT_HEAD_BYTES,
                              .iov_len = SLOT_BYTES - SLOT_HEAD_BYTES};
    headers[i].msg_hdr = (struct msghdr){
        .msg_name = &from[i].at, .msg_namelen = sizeof from[i].at, .msg_iov = &bytes[i], .msg_iovlen = 1};
  }
  const int count = recvmmsg(socket->fd, headers, BATCH, MSG_DONTWAIT, NULL);
  const double now = relay_now_seconds();
  for (int i = 0; i < count; i++) {
    uint8_t *data = bytes[i].iov_base;
    const size_t length = headers[i].msg_len;
    from[i].length = headers[i].msg_hdr.msg_namelen;
    const bool done = socket->flow != NULL ? to_client(relay, socket->flow, &from[i], data, length, now)
                                           : to_peer(relay, place, &from[i], data, length, now);
    if (!done && inbox_put(&relay->inbox, place, &from[i], data, length)) relay->wake(relay->argument);
  }
  outbox_send(&relay->outbox);
}

static void *run(void *argument) {
  Relay *relay = argument;
  struct epoll_event events[EVENTS];
  while (!atomic_load(&relay->stopping)) {
    const int count = epoll_wait(relay->epoll, events, EVENTS, -1);
    for (int i = 0; i < count; i++) {
      if (events[i].data.u32 == NO_SOCKET) continue;
      while (atomic_load(&relay->waiting) > 0) sched_yield();
      pthread_mutex_lock(&relay->lock);
      pass_on(relay, events[i].data.u32);
      pthread_mutex_unlock(&relay->lock);
    }
  }
  return NULL;
}

/* --- Life ---------------------------------------------------------------------------------------------------- */

Table *relay_lock(Relay *relay) {
  atomic_fetch_add(&relay->waiting, 1);
  pthread_mutex_lock(&relay->lock);
  atomic_fetch_sub(&relay->waiting, 1);
  return relay->table;
}

void relay_unlock(Relay *relay) { pthread_mutex_unlock(&relay->lock); }

Relay *relay_new(void (*wake)(void *), void *argument) {
  Relay *relay = calloc(1, sizeof *relay);
  if (relay == NULL) return NULL;
  relay->wake = wake;
  relay->argument = argument;
  relay->outbox.segmentation = true;
  relay->table = table_new();
  relay->slots = malloc((size_t)BATCH * SLOT_BYTES);
  relay->epoll = epoll_create1(EPOLL_CLOEXEC);
  relay->stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  pthread_mutex_init(&relay->lock, NULL);
  inbox_open(&relay->inbox);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = NO_SOCKET};
  if (relay->table != NULL && relay->slots != NULL && relay->epoll >= 0 && relay->stop_event >= 0 &&
      epoll_ctl(relay->epoll, EPOLL_CTL_ADD, relay->stop_event, &event) == 0 &&
      pthread_create(&relay->thread, NULL, run, relay) == 0)
    return relay;
  if (relay->epoll >= 0) close(relay->epoll);
  if (relay->stop_event >= 0) close(relay->stop_event);
  table_free(relay->table);
  free(relay->slots);
  free(relay);
  return NULL;
}

void relay_close(Relay *relay) {
  if (relay->closed) return;
  relay->closed = true;
  atomic_store(&relay->stopping, true);
  const uint64_t one = 1;
  if (write(relay->stop_event, &one, sizeof one) < 0) abort();
  pthread_join(relay->thread, NULL);
  for (uint32_t i = 0; i < relay->used; i++)
    if (relay->sockets[i].fd >= 0) close(relay->sockets[i].fd);
  close(relay->epoll);
  close(relay->stop_event);
  inbox_close(&relay->inbox);
  table_free(relay->table);
  free(relay->slots);
}

void relay_free(Relay *relay) { free(relay); }

Datagram *relay_take(Relay *relay) { return inbox_take(&relay->inbox); }

double relay_missed(Relay *relay) { return inbox_missed(&relay->inbox); }

int relay_bind(Relay *relay, const Address *address, int receive_bytes, int send_bytes, uint16_t *port) {
  if (relay->free_count == 0 && relay->used == RELAY_MAX_SOCKETS) {
    errno = EMFILE;
    return -1;
  }
  const int family = address->at.any.sa_family, one = 1;
  const int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  Address bound = {.length = sizeof bound.at};
  if ((family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) != 0) ||
      bind(fd, &address->at.any, address->length) != 0 || getsockname(fd, &bound.at.any, &bound.length) != 0)
    goto fail;
  /* The system may grant less. */
  if (receive_bytes > 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
  if (send_bytes > 0) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof send_bytes);
  relay_lock(relay);
  outbox_examine(&relay->outbox, fd);
  relay_unlock(relay);
  *port = ntohs(family == AF_INET ? bound.at.v4.sin_port : bound.at.v6.sin6_port);
  relay_lock(relay);
  const uint32_t place = relay->free_count > 0 ? relay->free_sockets[--relay->free_count] : relay->used++;
  relay->sockets[place] = (Socket){.fd = fd, .flow = NULL};
  relay_unlock(relay);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = place};
  if (epoll_ctl(relay->epoll, EPOLL_CTL_ADD, fd, &event) == 0) return (int)place;
  relay_shut(relay, place);
  return -1;
fail: {
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}
}

void relay_shut(Relay *relay, uint32_t place) {
  relay_lock(relay);
  Socket *socket = place < relay->used ? &relay->sockets[place] : NULL;
  if (socket != NULL && socket->fd >= 0) {
    /* Closing takes it out of epoll; an event that was told already finds no descriptor here. */
    close(socket->fd);
    *socket = (Socket){.fd = -1, .flow = NULL};
    relay->free_sockets[relay->free_count++] = place;
  }
  relay_unlock(relay);
}

bool relay_send(Relay *relay, uint32_t place, const Address *to, const uint8_t *const parts[3],
                const size_t lengths[3]) {
  if (place >= relay->used || relay->sockets[place].fd < 0) return false;
  struct iovec bytes[3];
  int count = 0;
  for (int i = 0; i < 3; i++)
    if (lengths[i] > 0) bytes[count++] = (struct iovec){.iov_base = (void *)parts[i], .iov_len = lengths[i]};
  const struct msghdr header = {
      .msg_name = (void *)&to->at, .msg_namelen = to->length, .msg_iov = bytes, .msg_iovlen = (size_t)count};
  return sendmsg(relay->sockets[place].fd, &header, MSG_DONTWAIT) >= 0;
}

void relay_tie(Relay *relay, uint32_t place, Flow *flow) {
  if (place < relay->used) relay->sockets[place].flow = flow;
}

bool relay_has(Relay *relay, uint32_t place) { return place < relay->used && relay->sockets[place].fd >= 0; }
