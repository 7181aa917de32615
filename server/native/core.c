#define _GNU_SOURCE
#include "core.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  Srtp *srtp;
  /* Place of the socket; -1: no address yet. */
  int socket;
  Destination to;
} Link;

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
  Segmentation segmentation;
};

static void send_all(Worker *worker, bool may_wait) {
  Core *core = worker->core;
  for (int socket = 0; socket < core->socket_count; socket++)
    outbox_send(&worker->outboxes[socket], core->sockets[socket], may_wait, &core->segmentation, worker->counters);
}

static void work(Worker *worker, const Job *job, bool may_wait) {
  Core *core = worker->core;
  const bool join = segmentation_enabled(&core->segmentation);
  double *counters = worker->counters;
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
      counters[ERRORS]++;
      continue;
    }
    counters[SENT]++;
    counters[SENT_BYTES] += (double)bytes;
    outbox_add(&worker->outboxes[link->socket], &link->to, packet, bytes, join);
    used += bytes;
    if (++packets == OUTBOX_MESSAGES) {
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
  core->segmentation.enabled = true;
  core->workers = calloc(threads == 0 ? 1 : threads, sizeof *core->workers);
  if (core->workers == NULL) {
    free(core);
    return NULL;
  }
  for (unsigned i = 0; i < (threads == 0 ? 1 : threads); i++) {
    Worker *worker = &core->workers[i];
    worker->core = core;
    worker->counters = counters + i * COUNTERS;
    worker->out = malloc((size_t)OUTBOX_MESSAGES * CORE_MAX_PACKET_BYTES);
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
  if (!segmentation_supported(copy)) core->segmentation.enabled = false;
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
  link->to = (Destination){.bytes = 0};
  if (address_bytes == 4) {
    link->to.at.v4.sin_family = AF_INET;
    link->to.at.v4.sin_port = htons(port);
    memcpy(&link->to.at.v4.sin_addr, address, 4);
    link->to.bytes = sizeof link->to.at.v4;
  } else {
    link->to.at.v6.sin6_family = AF_INET6;
    link->to.at.v6.sin6_port = htons(port);
    memcpy(&link->to.at.v6.sin6_addr, address, 16);
    link->to.bytes = sizeof link->to.at.v6;
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
