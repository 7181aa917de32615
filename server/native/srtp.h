/* Seals RTP packets. RFC 3711 (AES_CM_128_HMAC_SHA1_80), RFC 7714 (AEAD_AES_128_GCM). */
#ifndef MILLRACE_SRTP_H
#define MILLRACE_SRTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SRTP_KEY_BYTES = 16, SRTP_AUTH_BYTES = 20, SRTP_MAX_SALT_BYTES = 14, SRTP_MAX_TAG_BYTES = 16 };

/* The sealing end of one SRTP session with its session keys. Used by one thread at a time. */
typedef struct Srtp Srtp;

/* Finds the ciphers of Node's own OpenSSL. Returns the name of what is missing, NULL when nothing is. */
const char *srtp_prepare(void);

/* `auth` has SRTP_AUTH_BYTES; NULL means GCM with a salt of 12 bytes, otherwise the salt has 14. NULL: no memory. */
Srtp *srtp_new(const uint8_t *key, const uint8_t *salt, const uint8_t *auth);
void srtp_free(Srtp *srtp);

/*
 * Seals prefix and payload behind the header that stands at `out` already. Returns the length of the packet, 0 when
 * OpenSSL refuses. `index` is the extended sequence number; `out` has room for SRTP_MAX_TAG_BYTES more.
 */
size_t srtp_seal(Srtp *srtp, uint8_t *out, size_t header_bytes, const uint8_t *prefix, size_t prefix_bytes,
                 const uint8_t *payload, size_t payload_bytes, uint32_t ssrc, uint64_t index);

#endif
