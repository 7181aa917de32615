/*
 * Sends sealed RTP to many viewers. A batch of entries is worked off by one thread of the core, or by the caller
 * where that is sooner: packets are sealed into one buffer and handed to the kernel with few calls of sendmmsg(2);
 * equal-sized packets of one viewer go as one message (UDP segmentation offload).
 *
 * All functions are for one calling thread.
 */
#ifndef MILLRACE_CORE_H
#define MILLRACE_CORE_H

#include "outbox.h"
#include "srtp.h"

enum {
  CORE_MAX_THREADS = 16,
  CORE_MAX_LINKS = 1 << 16,
  CORE_MAX_SOCKETS = 8,
  /* Batches that wait for one thread. */
  CORE_QUEUE = 8,
  /* One entry: five words, then header and prefix. See `Entry` in native-batch.ts. */
  CORE_ENTRY_BYTES = 128,
  CORE_ENTRY_HEAD_BYTES = 20,
  /* Header, prefix, payload and tag together. */
  CORE_MAX_PACKET_BYTES = 2048,
};

typedef struct Core Core;

/* `counters` has COUNTERS columns (outbox.h) for each worker and outlives the core. With 0 threads there is one worker. */
Core *core_new(unsigned threads, double *counters);
/* Works off what waits, ends the threads and closes the sockets. Then `core_free`. */
void core_close(Core *core);
void core_free(Core *core);
unsigned core_workers(const Core *core);

/* Duplicates a socket, so that its number stays valid until the core is closed. Returns its place, -1: none free. */
int core_adopt(Core *core, int fd);

/* A viewer. Takes over `srtp`. Returns its number, -1: none free. */
int core_open(Core *core, Srtp *srtp);
/* Where packets of a link go from now on. `address` is IPv4 (4 bytes) or IPv6 (16). Waits for `worker`. */
bool core_aim(Core *core, unsigned worker, uint32_t link, int socket, const uint8_t *address, size_t address_bytes,
              uint16_t port);
/* Ends a link. Waits for `worker`. */
void core_shut(Core *core, unsigned worker, uint32_t link);
Srtp *core_srtp(Core *core, uint32_t link);

/* Payloads of the next batch of a worker; waits while its queue is full. NULL: no memory. */
struct iovec *core_payloads(Core *core, unsigned worker, uint32_t count);
/*
 * Hands in a batch whose payloads were written to `core_payloads`. Entries and payloads stay as they are until the
 * counter FINISHED has passed this batch. `here`: the caller may do the work itself when the thread is idle.
 */
void core_submit(Core *core, unsigned worker, const uint8_t *entries, uint32_t count, bool here);

#endif
