#include "table.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1 << 14 };

struct Table {
  Flow *chains[BUCKETS];
  Flow *flows[TABLE_MAX_FLOWS];
  uint32_t free[TABLE_MAX_FLOWS];
  uint32_t free_count, used;
  uint64_t last_id;
};

bool address_equal(const Address *one, const Address *other) {
  if (one->at.any.sa_family != other->at.any.sa_family) return false;
  if (one->at.any.sa_family == AF_INET)
    return one->at.v4.sin_port == other->at.v4.sin_port &&
           one->at.v4.sin_addr.s_addr == other->at.v4.sin_addr.s_addr;
  return one->at.v6.sin6_port == other->at.v6.sin6_port &&
         memcmp(&one->at.v6.sin6_addr, &other->at.v6.sin6_addr, sizeof one->at.v6.sin6_addr) == 0;
}

/* FNV-1a. Keys are clients that have authenticated, and there are at most so many of each: no need for a secret. */
static uint32_t hash(uint32_t listener, const Address *client) {
  const bool v4 = client->at.any.sa_family == AF_INET;
  const uint8_t *bytes = v4 ? (const uint8_t *)&client->at.v4.sin_addr : (const uint8_t *)&client->at.v6.sin6_addr;
  const uint16_t port = v4 ? client->at.v4.sin_port : client->at.v6.sin6_port;
  uint32_t value = (2166136261u ^ listener) * 16777619u;
  value = (value ^ port) * 16777619u;
  for (size_t i = 0, end = v4 ? 4 : 16; i < end; i++) value = (value ^ bytes[i]) * 16777619u;
  return (value ^ value >> 15) % BUCKETS;
}

Table *table_new(void) { return calloc(1, sizeof(Table)); }

static void flow_free(Flow *flow) {
  free(flow->channels);
  free(flow);
}

void table_free(Table *table) {
  if (table == NULL) return;
  for (uint32_t i = 0; i < table->used; i++)
    if (table->flows[i] != NULL) flow_free(table->flows[i]);
  free(table);
}

Flow *table_find(const Table *table, uint32_t listener, const Address *client) {
  for (Flow *flow = table->chains[hash(listener, client)]; flow != NULL; flow = flow->next)
    if (flow->listener == listener && address_equal(&flow->client, client)) return flow;
  return NULL;
}

Flow *table_get(const Table *table, uint32_t number) {
  return number < table->used ? table->flows[number] : NULL;
}

Flow *table_add(Table *table, uint32_t listener, const Address *client, uint32_t relay) {
  if (table_find(table, listener, client) != NULL) return NULL;
  if (table->free_count == 0 && table->used == TABLE_MAX_FLOWS) return NULL;
  Flow *flow = calloc(1, sizeof *flow);
  if (flow == NULL) return NULL;
  flow->number = table->free_count > 0 ? table->free[--table->free_count] : table->used++;
  flow->id = ++table->last_id;
  flow->listener = listener;
  flow->relay = relay;
  flow->client = *client;
  Flow **chain = &table->chains[hash(listener, client)];
  flow->next = *chain;
  *chain = flow;
  table->flows[flow->number] = flow;
  return flow;
}

void table_remove(Table *table, Flow *flow) {
  Flow **link = &table->chains[hash(flow->listener, &flow->client)];
  while (*link != flow) link = &(*link)->next;
  *link = flow->next;
  table->flows[flow->number] = NULL;
  table->free[table->free_count++] = flow->number;
  flow_free(flow);
}

const Channel *flow_channel(const Flow *flow, uint16_t number) {
  for (unsigned i = 0; i < flow->channel_count; i++)
    if (flow->channels[i].number == number) return &flow->channels[i];
  return NULL;
}

const Channel *flow_source(const Flow *flow, const Address *peer) {
  for (unsigned i = 0; i < flow->channel_count; i++)
    if (flow->channels[i].flow_id == 0 && address_equal(&flow->channels[i].peer, peer)) return &flow->channels[i];
  return NULL;
}

const Channel *flow_source_flow(const Flow *flow, const Flow *peer) {
  for (unsigned i = 0; i < flow->channel_count; i++)
    if (flow->channels[i].flow_id == peer->id) return &flow->channels[i];
  return NULL;
}

Flow *table_peer(const Table *table, const Channel *channel) {
  Flow *flow = table_get(table, channel->flow);
  return flow != NULL && flow->id == channel->flow_id ? flow : NULL;
}

/* The place of a number, made where there is none; NULL: no room. */
static Channel *place(Flow *flow, uint16_t number) {
  Channel *bound = (Channel *)flow_channel(flow, number);
  if (bound == NULL) {
    if (flow->channel_count == FLOW_MAX_CHANNELS) return NULL;
    /* Grows to the next power of two; most have one or two. */
    const unsigned count = flow->channel_count;
    if ((count & (count - 1)) == 0) {
      Channel *channels = realloc(flow->channels, (count == 0 ? 1 : 2 * (size_t)count) * sizeof *channels);
      if (channels == NULL) return NULL;
      flow->channels = channels;
    }
    bound = &flow->channels[flow->channel_count++];
  }
  *bound = (Channel){.number = number};
  return bound;
}

bool flow_bind(Flow *flow, uint16_t number, const Address *peer) {
  Channel *bound = place(flow, number);
  if (bound == NULL) return false;
  bound->peer = *peer;
  return true;
}

bool flow_bind_flow(Flow *flow, uint16_t number, const Flow *peer) {
  Channel *bound = place(flow, number);
  if (bound == NULL) return false;
  bound->flow_id = peer->id;
  bound->flow = peer->number;
  return true;
}

void flow_unbind(Flow *flow, uint16_t number) {
  Channel *bound = (Channel *)flow_channel(flow, number);
  if (bound == NULL) return;
  *bound = flow->channels[flow->channel_count - 1];
  /* The room of an array that shrinks through a power of two and grows again is taken anew. */
  flow->channel_count--;
}

bool bucket_take(Bucket *bucket, size_t bytes, double now_seconds) {
  const double elapsed = now_seconds - bucket->updated_seconds;
  bucket->updated_seconds = now_seconds;
  bucket->left += elapsed * bucket->per_second;
  if (bucket->left > bucket->most) bucket->left = bucket->most;
  if (bucket->left < (double)bytes) return false;
  bucket->left -= (double)bytes;
  return true;
}
