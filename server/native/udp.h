/* A UDP socket that is read in batches: recvmmsg(2) into memory of the caller's. */
#ifndef MILLRACE_UDP_H
#define MILLRACE_UDP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
  /* Datagrams that are read at once. */
  UDP_SLOTS = 64,
  /* Room for any datagram. Not a power of two, which would put all of them into the same lines of the cache. */
  UDP_SLOT_BYTES = 65536 + 1472,
  /* Of each datagram: length, family (4 or 6), port, scope of a link-local address, and the address from its first byte on. */
  UDP_RECORD_WORDS = 8,
};

typedef struct {
  uint8_t *slots;
  uint32_t *records;
  struct mmsghdr headers[UDP_SLOTS];
  struct iovec bytes[UDP_SLOTS];
  struct sockaddr_in6 from[UDP_SLOTS];
} UdpReader;

/* Makes and binds a socket; IPv6 alone for 16 bytes of address, IPv4 for 4. Returns its number, -1 with errno. */
int udp_bind(const uint8_t *address, size_t address_bytes, uint16_t port);
/* `slots` has UDP_SLOTS times UDP_SLOT_BYTES, `records` UDP_SLOTS times UDP_RECORD_WORDS. Both outlive the reader. */
void udp_read_into(UdpReader *reader, uint8_t *slots, uint32_t *records);
/* Reads what is there. Returns how many datagrams, 0: none now, -1 with errno. */
int udp_read(UdpReader *reader, int fd);
/* `text` is an IP address, with a zone as a number where it needs one. Returns 1, 0: the socket is full, -1 with errno. */
int udp_send(int fd, const uint8_t *data, size_t bytes, char *text, uint16_t port);
uint16_t udp_port(int fd);

#endif
