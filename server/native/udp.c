#define _GNU_SOURCE
#include "udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int close_failed(int fd) {
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

int udp_bind(const uint8_t *address, size_t address_bytes, uint16_t port) {
  const bool v6 = address_bytes == sizeof(struct in6_addr);
  const int one = 1;
  const int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  struct sockaddr_in v4_address = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct sockaddr_in6 v6_address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  memcpy(v6 ? (void *)&v6_address.sin6_addr : (void *)&v4_address.sin_addr, address, address_bytes);
  if (v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) != 0) return close_failed(fd);
  const struct sockaddr *bound = v6 ? (const struct sockaddr *)&v6_address : (const struct sockaddr *)&v4_address;
  if (bind(fd, bound, v6 ? sizeof v6_address : sizeof v4_address) != 0) return close_failed(fd);
  return fd;
}

void udp_read_into(UdpReader *reader, uint8_t *slots, uint32_t *records) {
  reader->slots = slots;
  reader->records = records;
  for (size_t i = 0; i < UDP_SLOTS; i++) {
    reader->bytes[i] = (struct iovec){.iov_base = slots + i * UDP_SLOT_BYTES, .iov_len = UDP_SLOT_BYTES};
    reader->headers[i].msg_hdr = (struct msghdr){.msg_name = &reader->from[i],
                                                 .msg_namelen = sizeof reader->from[i],
                                                 .msg_iov = &reader->bytes[i],
                                                 .msg_iovlen = 1};
  }
}

static void write_record(uint32_t *record, const struct sockaddr_in6 *from, uint32_t length) {
  record[0] = length;
  if (from->sin6_family == AF_INET) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
    record[1] = 4;
    record[2] = ntohs(v4->sin_port);
    record[3] = 0;
    record[4] = ntohl(v4->sin_addr.s_addr);
    record[5] = record[6] = record[7] = 0;
    return;
  }
  uint32_t words[4];
  memcpy(words, &from->sin6_addr, sizeof words);
  record[1] = 6;
  record[2] = ntohs(from->sin6_port);
  record[3] = from->sin6_scope_id;
  for (int i = 0; i < 4; i++) record[4 + i] = ntohl(words[i]);
}

int udp_read(UdpReader *reader, int fd) {
  const int count = recvmmsg(fd, reader->headers, UDP_SLOTS, MSG_DONTWAIT, NULL);
  if (count < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
  for (int i = 0; i < count; i++) {
    struct mmsghdr *header = &reader->headers[i];
    write_record(reader->records + (size_t)i * UDP_RECORD_WORDS, &reader->from[i], header->msg_len);
    header->msg_hdr.msg_namelen = sizeof reader->from[i];
  }
  return count;
}

int udp_send(int fd, const uint8_t *data, size_t bytes, char *text, uint16_t port) {
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  char *zone = strchr(text, '%');
  if (zone != NULL) {
    *zone = 0;
    v6.sin6_scope_id = (uint32_t)strtoul(zone + 1, NULL, 10);
  }
  const bool is_v4 = inet_pton(AF_INET, text, &v4.sin_addr) == 1;
  if (!is_v4 && inet_pton(AF_INET6, text, &v6.sin6_addr) != 1) {
    errno = EINVAL;
    return -1;
  }
  const struct sockaddr *to = is_v4 ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6;
  if (sendto(fd, data, bytes, MSG_DONTWAIT, to, is_v4 ? sizeof v4 : sizeof v6) >= 0) return 1;
  return errno == EAGAIN ? 0 : -1;
}

uint16_t udp_port(int fd) {
  struct sockaddr_in6 bound;
  socklen_t bytes = sizeof bound;
  if (getsockname(fd, (struct sockaddr *)&bound, &bytes) != 0) return 0;
  /* In the same place for both families. */
  return ntohs(bound.sin6_port);
}
