/*
 * UDP sockets of a TURN relay, read by a thread of their own. ChannelData of allocations in the table, and what peers
 * with a channel send back, goes straight on in batches; everything else waits in an inbox for JavaScript.
 */
#ifndef MILLRACE_RELAY_H
#define MILLRACE_RELAY_H

#include "inbox.h"
#include "table.h"

enum { RELAY_MAX_SOCKETS = 1 << 17 };

typedef struct Relay Relay;

/* `wake` is called by the thread when something came into an empty inbox. NULL: no thread or no memory. */
Relay *relay_new(void (*wake)(void *), void *argument);
/* Ends the thread and closes all sockets. */
void relay_close(Relay *relay);
void relay_free(Relay *relay);

/* Makes and binds a socket. Returns its place; -1 with errno. `port` becomes the one that was bound. */
int relay_bind(Relay *relay, const Address *address, int receive_bytes, int send_bytes, uint16_t *port);
void relay_shut(Relay *relay, uint32_t socket);
/* False when the kernel does not take it now. Sends header, payload and padding as one datagram. */
bool relay_send(Relay *relay, uint32_t socket, const Address *to, const uint8_t *const parts[3],
                const size_t lengths[3]);
/* Everything in the inbox, oldest first. */
Datagram *relay_take(Relay *relay);
/* Datagrams that found the inbox full since the start. */
double relay_missed(Relay *relay);

/* For calls of table.h and the two below. */
Table *relay_lock(Relay *relay);
void relay_unlock(Relay *relay);
double relay_now_seconds(void);
bool relay_has(Relay *relay, uint32_t socket);
/* From now on what comes at a relayed address belongs to `flow`; NULL: to JavaScript. */
void relay_tie(Relay *relay, uint32_t socket, Flow *flow);

#endif
