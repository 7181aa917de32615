/* Seals and opens RTP and RTCP. RFC 3711 (AES_CM_128_HMAC_SHA1_80), RFC 7714 (AEAD_AES_128_GCM). */
#ifndef MILLRACE_SRTP_H
#define MILLRACE_SRTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  SRTP_KEY_BYTES = 16,
  SRTP_AUTH_BYTES = 20,
  SRTP_GCM_SALT_BYTES = 12,
  SRTP_CM_SALT_BYTES = 14,
  SRTP_MAX_TAG_BYTES = 16,
  SRTCP_HEADER_BYTES = 8,
  SRTCP_WORD_BYTES = 4,
  /* What sealing adds to RTCP at most. */
  SRTCP_MAX_OVERHEAD_BYTES = SRTP_MAX_TAG_BYTES + SRTCP_WORD_BYTES,
};

/* One end of an SRTP or SRTCP session with its session keys. Used by one thread at a time. */
typedef struct Srtp Srtp;

/*
 * `auth` has SRTP_AUTH_BYTES and the salt SRTP_CM_SALT_BYTES; NULL means GCM with SRTP_GCM_SALT_BYTES. `opens`: for
 * opening alone, otherwise for sealing alone. NULL: no memory.
 */
Srtp *srtp_new(const uint8_t *key, const uint8_t *salt, const uint8_t *auth, bool opens);
void srtp_free(Srtp *srtp);
size_t srtp_tag_bytes(const Srtp *srtp);
bool srtp_opens(const Srtp *srtp);

/*
 * Seals prefix and payload behind the header that stands at `out` already. Returns the length of the packet, 0 when
 * OpenSSL refuses. `index` is the extended sequence number; `out` has room for SRTP_MAX_TAG_BYTES more.
 */
size_t srtp_seal(Srtp *srtp, uint8_t *out, size_t header_bytes, const uint8_t *prefix, size_t prefix_bytes,
                 const uint8_t *payload, size_t payload_bytes, uint32_t ssrc, uint64_t index);
/*
 * Opens a packet of `bytes` bytes, of which header and tag are part, into `out`, which is as long but for the tag and lies
 * elsewhere. False: not authentic; what stands at `out` is void then.
 */
bool srtp_open(Srtp *srtp, uint8_t *out, const uint8_t *packet, size_t bytes, size_t header_bytes, uint32_t ssrc,
               uint64_t index);

/* Seals a compound packet of SRTCP_HEADER_BYTES at least. Returns its length, 0 when OpenSSL refuses. */
size_t srtcp_seal(Srtp *srtp, uint8_t *out, const uint8_t *plain, size_t plain_bytes, uint32_t index);
/* Opens a packet of any length into `out`, which is as long. Returns the length of the compound packet, 0: not authentic. */
size_t srtcp_open(Srtp *srtp, uint8_t *out, const uint8_t *packet, size_t bytes);

#endif
