#define _GNU_SOURCE
#include "core.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum {
  /* Packets that are sealed before they are sent: their bytes stay in the second level cache. */
  CHUNK = 128,
  /* Of one message with segmentation offload, what the kernel takes at most. */
  MAX_SEGMENTS = 64,
  MAX_SEGMENTED_BYTES = 64000,
  /* How long a thread waits for a full socket. Milliseconds. */
  BUSY_WAIT_MS = 5,
};

typedef struct {
  Srtp *srtp;
  /* Place of the socket; -1: no address yet. */
  int socket;
  socklen_t address_bytes;
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } address;
} Link;

typedef struct {
  struct iovec bytes;
  Link *link;
  /* Length of all packets but the last, and how many there are. */
  size_t segment_bytes;
  unsigned segments;
} Message;

typedef struct {
  int count;
  Message messages[CHUNK];
} Outbox;

typedef struct {
  const uint8_t *entries;
  uint32_t count;
  struct iovec *payloads;
  uint32_t payload_capacity;
} Job;

typedef struct {
  Core *core;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake, done;
  bool stopping;
  uint64_t submitted, finished;
  Job jobs[CORE_QUEUE];
  double *counters;
  Outbox outboxes[CORE_MAX_SOCKETS];
  uint8_t *out;
} Worker;

struct Core {
  unsigned threads;
  Worker *workers;
  Link *links[CORE_MAX_LINKS];
  uint32_t free_links[CORE_MAX_LINKS];
  uint32_t links_free, links_used;
  int sockets[CORE_MAX_SOCKETS];
  int socket_count;
  bool closed;
  /* Cleared when the kernel or the device refuses it. */
  bool segmentation;
};

static inline void count(Worker *worker, int column, double value) { worker->counters[column] += value; }

/* Sends the packets of a message one by one. */
static void send_apart(Worker *worker, int fd, const Message *message) {
  const uint8_t *at = message->bytes.iov_base;
  size_t left = message->bytes.iov_len;
  while (left > 0) {
    const size_t bytes = left < message->segment_bytes ? left : message->segment_bytes;
    if (sendto(fd, at, bytes, MSG_DONTWAIT, &message->link->address.any, message->link->address_bytes) < 0)
      count(worker, errno == EAGAIN || errno == ENOBUFS ? DROPPED : ERRORS, 1);
    at += bytes;
    left -= bytes;
  }
}

static void send_outbox(Worker *worker, int socket, bool may_wait) {
  Outbox *outbox = &worker->outboxes[socket];
  const int fd = worker->core->sockets[socket], total = outbox->count;
  if (total == 0) return;
  outbox->count = 0;
  static const size_t control_bytes = CMSG_SPACE(sizeof(uint16_t));
  struct mmsghdr headers[CHUNK];
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(uint16_t))];
  } controls[CHUNK];
  for (int i = 0; i < total; i++) {
    Message *message = &outbox->messages[i];
    struct msghdr *header = &headers[i].msg_hdr;
    memset(header, 0, sizeof *header);
    header->msg_name = &message->link->address.any;
    header->msg_namelen = message->link->address_bytes;
    header->msg_iov = &message->bytes;
    header->msg_iovlen = 1;
    if (message->segments < 2) continue;
    header->msg_control = &controls[i];
    header->msg_controllen = control_bytes;
    struct cmsghdr *control = CMSG_FIRSTHDR(header);
    control->cmsg_level = IPPROTO_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof(uint16_t));
    const uint16_t segment = (uint16_t)message->segment_bytes;
    memcpy(CMSG_DATA(control), &segment, sizeof segment);
    count(worker, SEGMENTED, message->segments);
  }
  bool waited = false;
  for (int sent = 0; sent < total;) {
    const int took = sendmmsg(fd, headers + sent, (unsigned)(total - sent), MSG_DONTWAIT);
    if (took > 0) {
      sent += took;
      count(worker, MESSAGES, took);
      continue;
    }
    const Message *message = &outbox->messages[sent];
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      count(worker, BUSY, 1);
      struct pollfd writable = {.fd = fd, .events = POLLOUT};
      if (may_wait && !waited && poll(&writable, 1, BUSY_WAIT_MS) > 0) {
        waited = true;
        continue;
      }
      /* The socket is full: the rest would not fit either. */
      for (; sent < total; sent++) count(worker, DROPPED, outbox->messages[sent].segments);
      return;
    }
    if (message->segments > 1 && (errno == EIO || errno == EINVAL || errno == EOPNOTSUPP || errno == EMSGSIZE)) {
      if (errno != EMSGSIZE) __atomic_store_n(&worker->core->segmentation, false, __ATOMIC_RELAXED);
      send_apart(worker, fd, message);
    } else {
      count(worker, errno == ENOBUFS ? DROPPED : ERRORS, message->segments);
    }
    sent++;
  }
}

/* Appends a sealed packet to the message before it, if that has the same destination and the lengths allow it. */
static bool append_segment(Outbox *outbox, const Link *link, const uint8_t *packet, size_t bytes) {
  if (outbox->count == 0) return false;
  Message *last = &outbox->messages[outbox->count - 1];
  if (last->link != link || last->segments >= MAX_SEGMENTS) return false;
  if ((const uint8_t *)last->bytes.iov_base + last->bytes.iov_len != packet) return false;
  if (bytes > last->segment_bytes || last->bytes.iov_len != last->segment_bytes * last->segments) return false;
  if (last->bytes.iov_len + bytes > MAX_SEGMENTED_BYTES) return false;
  last->bytes.iov_len += bytes;
  last->segments++;
  return true;
}

static void send_all(Worker *worker, bool may_wait) {
  for (int socket = 0; socket < worker->core->socket_count; socket++) send_outbox(worker, socket, may_wait);
}

static void work(Worker *worker, const Job *job, bool may_wait) {
  Core *core = worker->core;
  const bool segmentation = __atomic_load_n(&core->segmentation, __ATOMIC_RELAXED);
  size_t used = 0;
  int packets = 0;
  for (uint32_t i = 0; i < job->count; i++) {
    const uint8_t *entry = job->entries + (size_t)i * CORE_ENTRY_BYTES;
    uint32_t words[5];
    memcpy(words, entry, sizeof words);
    Link *link = words[0] < CORE_MAX_LINKS ? core->links[words[0]] : NULL;
    if (link == NULL || link->socket < 0) continue;
    const struct iovec *payload = &job->payloads[words[1]];
    const size_t header_bytes = words[4] >> 16 & 0xff, prefix_bytes = words[4] >> 24;
    const uint64_t index = (uint64_t)(words[4] & 0xffff) << 32 | words[3];
    uint8_t *packet = worker->out + used;
    const uint8_t *head = entry + CORE_ENTRY_HEAD_BYTES;
    memcpy(packet, head, header_bytes);
    const size_t bytes = srtp_seal(link->srtp, packet, header_bytes, head + header_bytes, prefix_bytes,
                                   payload->iov_base, payload->iov_len, words[2], index);
    if (bytes == 0) {
      count(worker, ERRORS, 1);
      continue;
    }
    count(worker, SENT, 1);
    count(worker, SENT_BYTES, (double)bytes);
    Outbox *outbox = &worker->outboxes[link->socket];
    if (!segmentation || !append_segment(outbox, link, packet, bytes)) {
      outbox->messages[outbox->count++] = (Message){
          .bytes = {.iov_base = packet, .iov_len = bytes}, .link = link, .segment_bytes = bytes, .segments = 1};
    }
    used += bytes;
    if (++packets == CHUNK) {
      send_all(worker, may_wait);
      packets = 0;
      used = 0;
    }
  }
  send_all(worker, may_wait);
}

static void finish(Worker *worker) {
  worker->finished++;
  worker->counters[FINISHED] = (double)worker->finished;
}

static void *run(void *argument) {
  Worker *worker = argument;
  pthread_mutex_lock(&worker->lock);
  for (;;) {
    while (worker->finished == worker->submitted && !worker->stopping)
      pthread_cond_wait(&worker->wake, &worker->lock);
    if (worker->finished == worker->submitted) break;
    const Job *job = &worker->jobs[worker->finished % CORE_QUEUE];
    pthread_mutex_unlock(&worker->lock);
    work(worker, job, true);
    pthread_mutex_lock(&worker->lock);
    finish(worker);
    pthread_cond_signal(&worker->done);
  }
  pthread_mutex_unlock(&worker->lock);
  return NULL;
}

/* Waits until a worker has nothing to do, so that what it reads may be changed. */
static void settle(Worker *worker) {
  pthread_mutex_lock(&worker->lock);
  while (worker->finished != worker->submitted) pthread_cond_wait(&worker->done, &worker->lock);
  pthread_mutex_unlock(&worker->lock);
}

unsigned core_workers(const Core *core) { return core->threads == 0 ? 1 : core->threads; }

void core_close(Core *core) {
  if (core->closed) return;
  core->closed = true;
  for (unsigned i = 0; i < core_workers(core); i++) {
    Worker *worker = &core->workers[i];
    if (core->threads > 0) {
      pthread_mutex_lock(&worker->lock);
      worker->stopping = true;
      pthread_cond_signal(&worker->wake);
      pthread_mutex_unlock(&worker->lock);
      pthread_join(worker->thread, NULL);
    }
    for (int job = 0; job < CORE_QUEUE; job++) free(worker->jobs[job].payloads);
    free(worker->out);
    pthread_cond_destroy(&worker->wake);
    pthread_cond_destroy(&worker->done);
    pthread_mutex_destroy(&worker->lock);
  }
  free(core->workers);
  core->workers = NULL;
  for (uint32_t i = 0; i < core->links_used; i++) {
    if (core->links[i] != NULL) srtp_free(core->links[i]->srtp);
    free(core->links[i]);
    core->links[i] = NULL;
  }
  core->links_used = core->links_free = 0;
  for (int i = 0; i < core->socket_count; i++) close(core->sockets[i]);
  core->socket_count = 0;
}

Core *core_new(unsigned threads, double *counters) {
  Core *core = calloc(1, sizeof *core);
  if (core == NULL) return NULL;
  core->segmentation = true;
  core->workers = calloc(threads == 0 ? 1 : threads, sizeof *core->workers);
  if (core->workers == NULL) {
    free(core);
    return NULL;
  }
  for (unsigned i = 0; i < (threads == 0 ? 1 : threads); i++) {
    Worker *worker = &core->workers[i];
    worker->core = core;
    worker->counters = counters + i * COUNTERS;
    worker->out = malloc((size_t)CHUNK * CORE_MAX_PACKET_BYTES);
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->wake, NULL);
    pthread_cond_init(&worker->done, NULL);
    if (worker->out == NULL || (threads > 0 && pthread_create(&worker->thread, NULL, run, worker) != 0)) {
      free(worker->out);
      worker->out = NULL;
      core_close(core);
      core_free(core);
      return NULL;
    }
    if (threads > 0) core->threads = i + 1;
  }
  return core;
}

void core_free(Core *core) { free(core); }

int core_adopt(Core *core, int fd) {
  if (core->socket_count >= CORE_MAX_SOCKETS) return -1;
  const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return -1;
  /* Kernels before 4.18 do not know it. */
  const int none = 0;
  if (setsockopt(copy, IPPROTO_UDP, UDP_SEGMENT, &none, sizeof none) != 0) core->segmentation = false;
  /* A running worker looks at this count only after it was handed a batch. */
  for (unsigned i = 0; i < core_workers(core); i++) settle(&core->workers[i]);
  core->sockets[core->socket_count] = copy;
  return core->socket_count++;
}

int core_open(Core *core, Srtp *srtp) {
  uint32_t number;
  if (core->links_free > 0) number = core->free_links[--core->links_free];
  else if (core->links_used < CORE_MAX_LINKS) number = core->links_used++;
  else return -1;
  Link *link = calloc(1, sizeof *link);
  if (link == NULL) {
    core->free_links[core->links_free++] = number;
    return -1;
  }
  link->srtp = srtp;
  link->socket = -1;
  core->links[number] = link;
  return (int)number;
}

static Link *find(const Core *core, uint32_t link) { return link < core->links_used ? core->links[link] : NULL; }

Srtp *core_srtp(Core *core, uint32_t number) {
  const Link *link = find(core, number);
  return link == NULL ? NULL : link->srtp;
}

bool core_aim(Core *core, unsigned worker, uint32_t number, int socket, const uint8_t *address, size_t address_bytes,
              uint16_t port) {
  Link *link = find(core, number);
  if (link == NULL || socket >= core->socket_count) return false;
  settle(&core->workers[worker]);
  link->socket = socket;
  memset(&link->address, 0, sizeof link->address);
  if (address_bytes == 4) {
    link->address.v4.sin_family = AF_INET;
    link->address.v4.sin_port = htons(port);
    memcpy(&link->address.v4.sin_addr, address, 4);
    link->address_bytes = sizeof link->address.v4;
  } else {
    link->address.v6.sin6_family = AF_INET6;
    link->address.v6.sin6_port = htons(port);
    memcpy(&link->address.v6.sin6_addr, address, 16);
    link->address_bytes = sizeof link->address.v6;
  }
  return true;
}

void core_shut(Core *core, unsigned worker, uint32_t number) {
  Link *link = find(core, number);
  if (link == NULL) return;
  settle(&core->workers[worker]);
  srtp_free(link->srtp);
  free(link);
  core->links[number] = NULL;
  core->free_links[core->links_free++] = number;
}

struct iovec *core_payloads(Core *core, unsigned index, uint32_t count) {
  Worker *worker = &core->workers[index];
  pthread_mutex_lock(&worker->lock);
  while (worker->submitted - worker->finished >= CORE_QUEUE) pthread_cond_wait(&worker->done, &worker->lock);
  pthread_mutex_unlock(&worker->lock);
  Job *job = &worker->jobs[worker->submitted % CORE_QUEUE];
  if (job->payload_capacity >= count) return job->payloads;
  struct iovec *payloads = realloc(job->payloads, count * sizeof *payloads);
  if (payloads == NULL) return NULL;
  job->payloads = payloads;
  job->payload_capacity = count;
  return payloads;
}

void core_submit(Core *core, unsigned index, const uint8_t *entries, uint32_t count, bool here) {
  Worker *worker = &core->workers[index];
  Job *job = &worker->jobs[worker->submitted % CORE_QUEUE];
  job->entries = entries;
  job->count = count;
  pthread_mutex_lock(&worker->lock);
  const bool idle = worker->finished == worker->submitted;
  if (core->threads == 0 || (here && idle)) {
    /* The thread sleeps, for nothing was handed in; the lock keeps it so. */
    work(worker, job, false);
    worker->submitted++;
    finish(worker);
  } else {
    worker->submitted++;
    if (idle) pthread_cond_signal(&worker->wake);
  }
  pthread_mutex_unlock(&worker->lock);
}
