/*
 * Which datagrams a relay passes on by itself: those of bound channels. RFC 8656 section 12.
 * Every function is called under the lock of the relay.
 */
#ifndef MILLRACE_TABLE_H
#define MILLRACE_TABLE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
  /* Allocations at once. */
  TABLE_MAX_FLOWS = 1 << 16,
  /* Channels of one allocation. */
  FLOW_MAX_CHANNELS = 256,
  CHANNEL_FIRST = 0x4000,
  CHANNEL_LAST = 0x7fff,
};

typedef struct {
  socklen_t length;
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } at;
} Address;

/* Bytes a second, with what was not used kept for a while. */
typedef struct {
  double per_second, most, left;
  double updated_seconds;
} Bucket;

typedef struct {
  uint16_t number;
  Address peer;
  /* The allocation whose relayed address the peer is; 0: the peer is an address on the wire. */
  uint64_t flow_id;
  uint32_t flow;
} Channel;

/* Columns of what a flow has passed on. */
enum { BYTES_IN, PACKETS_IN, BYTES_OUT, PACKETS_OUT, DROPPED_BANDWIDTH, DROPPED_QUEUE, TRAFFIC };

/* One allocation of a client that comes by UDP. */
typedef struct Flow {
  uint32_t number;
  /* No other has it, ever; numbers come again. */
  uint64_t id;
  /* Places of the sockets: the listener's and the relayed address's. */
  uint32_t listener, relay;
  Address client;
  Bucket to_peers, to_client;
  double traffic[TRAFFIC];
  unsigned channel_count;
  Channel *channels;
  struct Flow *next;
} Flow;

typedef struct Table Table;

Table *table_new(void);
void table_free(Table *table);

/* NULL: no memory, too many, or the client has one at this listener. */
Flow *table_add(Table *table, uint32_t listener, const Address *client, uint32_t relay);
void table_remove(Table *table, Flow *flow);
Flow *table_get(const Table *table, uint32_t number);
/* The allocation of a client address at a listener. */
Flow *table_find(const Table *table, uint32_t listener, const Address *client);

/* Binds a number to a peer, or moves it. False: no room. */
bool flow_bind(Flow *flow, uint16_t number, const Address *peer);
/* The same for the relayed address of another allocation. */
bool flow_bind_flow(Flow *flow, uint16_t number, const Flow *peer);
void flow_unbind(Flow *flow, uint16_t number);
const Channel *flow_channel(const Flow *flow, uint16_t number);
const Channel *flow_source(const Flow *flow, const Address *peer);
/* The channel that is bound to the relayed address of `peer`. */
const Channel *flow_source_flow(const Flow *flow, const Flow *peer);
/* Where a channel leads that is bound to another allocation; NULL when that is gone. */
Flow *table_peer(const Table *table, const Channel *channel);

bool address_equal(const Address *one, const Address *other);
/* Whether so many bytes may pass now. */
bool bucket_take(Bucket *bucket, size_t bytes, double now_seconds);

#endif
