#define _GNU_SOURCE
#include "srtp.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "aes-ctr.h"
#include "openssl.h"

enum { GCM_TAG_BYTES = 16, CM_TAG_BYTES = 10, SHA1_BLOCK_BYTES = 64, SHA1_BYTES = 20 };

/* RFC 3711 section 3.4: the E flag of the SRTCP word, whose other bits are the index. */
static const uint32_t ENCRYPTED = UINT32_C(1) << 31;

struct Srtp {
  /*
   * GCM is sealed by OpenSSL's GCM around our counter mode: EVP looks parameters up by name for every packet, which takes
   * as long as the packet. What opens, and processors without AES, use EVP. One of the two is NULL.
   */
  GCM128_CONTEXT *sealer;
  EVP_CIPHER_CTX *cipher;
  struct AesKey aes;
  bool gcm, opens;
  uint8_t salt[16];
  /* HMAC-SHA1 after its first block: RFC 2104. */
  SHA_CTX inner, outer;
};

void srtp_free(Srtp *srtp) {
  if (srtp == NULL) return;
  if (srtp->sealer != NULL) ssl.gcm_free(srtp->sealer);
  if (srtp->cipher != NULL) ssl.ctx_free(srtp->cipher);
  explicit_bzero(srtp, sizeof *srtp);
  free(srtp);
}

Srtp *srtp_new(const uint8_t *key, const uint8_t *salt, const uint8_t *auth, bool opens) {
  const bool gcm = auth == NULL;
  Srtp *srtp = calloc(1, sizeof *srtp);
  if (srtp == NULL) return NULL;
  srtp->gcm = gcm;
  srtp->opens = opens;
  memcpy(srtp->salt, salt, gcm ? SRTP_GCM_SALT_BYTES : SRTP_CM_SALT_BYTES);
  if (gcm && !opens && ssl.gcm_new != NULL && aes_is_there()) {
    aes_expand(&srtp->aes, key);
    srtp->sealer = ssl.gcm_new(&srtp->aes, aes_block);
    if (srtp->sealer != NULL) return srtp;
  }
  srtp->cipher = ssl.ctx_new();
  const EVP_CIPHER *cipher = gcm ? ssl.aes_128_gcm() : ssl.aes_128_ctr();
  /* Counter mode is its own inverse. */
  if (srtp->cipher == NULL || ssl.init(srtp->cipher, cipher, NULL, key, NULL, !gcm || !opens) != 1) {
    srtp_free(srtp);
    return NULL;
  }
  if (gcm) return srtp;
  uint8_t pad[SHA1_BLOCK_BYTES];
  for (int i = 0; i < SHA1_BLOCK_BYTES; i++) pad[i] = 0x36 ^ (i < SRTP_AUTH_BYTES ? auth[i] : 0);
  ssl.sha1_init(&srtp->inner);
  ssl.sha1_update(&srtp->inner, pad, sizeof pad);
  for (int i = 0; i < SHA1_BLOCK_BYTES; i++) pad[i] ^= 0x36 ^ 0x5c;
  ssl.sha1_init(&srtp->outer);
  ssl.sha1_update(&srtp->outer, pad, sizeof pad);
  explicit_bzero(pad, sizeof pad);
  return srtp;
}

size_t srtp_tag_bytes(const Srtp *srtp) { return srtp->gcm ? GCM_TAG_BYTES : CM_TAG_BYTES; }

bool srtp_opens(const Srtp *srtp) { return srtp->opens; }

static inline void put32(uint8_t *at, uint32_t value) {
  value = htonl(value);
  memcpy(at, &value, 4);
}

static inline uint32_t get32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, 4);
  return ntohl(value);
}

static inline void xor32(uint8_t *at, uint32_t value) { put32(at, get32(at) ^ value); }

/*
 * RFC 3711 section 4.1.1, RFC 7714 sections 8.1 and 9.1. `high` and `low` are roll-over counter and sequence number, or
 * the halves of an SRTCP index, which come to stand in the same places.
 */
static inline bool set_iv(Srtp *srtp, uint32_t ssrc, uint32_t high, uint16_t low) {
  uint8_t iv[16];
  memcpy(iv, srtp->salt, sizeof iv);
  uint8_t *at = srtp->gcm ? iv + 2 : iv + 4;
  xor32(at, ssrc);
  xor32(at + 4, high);
  at[8] ^= low >> 8;
  at[9] ^= low & 0xff;
  if (srtp->sealer == NULL) return ssl.init(srtp->cipher, NULL, NULL, NULL, iv, -1) == 1;
  ssl.gcm_setiv(srtp->sealer, iv, SRTP_GCM_SALT_BYTES);
  return true;
}

/* `out` is NULL for what is only authenticated (GCM). */
static inline bool update(Srtp *srtp, uint8_t *out, const uint8_t *in, size_t bytes) {
  int written;
  if (bytes == 0) return true;
  if (srtp->sealer == NULL) return ssl.update(srtp->cipher, out, &written, in, (int)bytes) == 1;
  if (out == NULL) return ssl.gcm_aad(srtp->sealer, in, bytes) == 0;
  return ssl.gcm_encrypt(srtp->sealer, in, out, bytes, aes_counter) == 0;
}

static inline bool get_gcm_tag(Srtp *srtp, uint8_t *tag) {
  int written;
  if (srtp->sealer != NULL) {
    ssl.gcm_tag(srtp->sealer, tag, GCM_TAG_BYTES);
    return true;
  }
  return ssl.final(srtp->cipher, tag, &written) == 1 &&
         ssl.ctrl(srtp->cipher, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_BYTES, tag) == 1;
}

static inline bool is_gcm_authentic(Srtp *srtp, const uint8_t *tag) {
  int written;
  uint8_t nothing[GCM_TAG_BYTES];
  return ssl.ctrl(srtp->cipher, EVP_CTRL_AEAD_SET_TAG, GCM_TAG_BYTES, (void *)tag) == 1 &&
         ssl.final(srtp->cipher, nothing, &written) == 1;
}

/* RFC 3711 section 4.2: HMAC-SHA1 over the packet and, for RTP, the roll-over counter. */
static void hmac(const Srtp *srtp, uint8_t digest[SHA1_BYTES], const uint8_t *packet, size_t bytes, const uint32_t *rollover) {
  SHA_CTX sha = srtp->inner;
  ssl.sha1_update(&sha, packet, bytes);
  if (rollover != NULL) {
    uint8_t word[4];
    put32(word, *rollover);
    ssl.sha1_update(&sha, word, sizeof word);
  }
  ssl.sha1_final(digest, &sha);
  sha = srtp->outer;
  ssl.sha1_update(&sha, digest, SHA1_BYTES);
  ssl.sha1_final(digest, &sha);
}

/* In the same time wherever they differ. */
static bool is_same_tag(const uint8_t *one, const uint8_t *other) {
  uint8_t differences = 0;
  for (int i = 0; i < CM_TAG_BYTES; i++) differences |= one[i] ^ other[i];
  return differences == 0;
}

size_t srtp_seal(Srtp *srtp, uint8_t *out, size_t header_bytes, const uint8_t *prefix, size_t prefix_bytes,
                 const uint8_t *payload, size_t payload_bytes, uint32_t ssrc, uint64_t index) {
  uint8_t *body = out + header_bytes;
  uint8_t *tag = body + prefix_bytes + payload_bytes;
  const size_t plain_bytes = header_bytes + prefix_bytes + payload_bytes;
  const uint32_t rollover = (uint32_t)(index >> 16);
  if (!set_iv(srtp, ssrc, rollover, (uint16_t)index)) return 0;
  if (srtp->gcm && !update(srtp, NULL, out, header_bytes)) return 0;
  if (!update(srtp, body, prefix, prefix_bytes) || !update(srtp, body + prefix_bytes, payload, payload_bytes)) return 0;
  if (srtp->gcm) return get_gcm_tag(srtp, tag) ? plain_bytes + GCM_TAG_BYTES : 0;
  uint8_t digest[SHA1_BYTES];
  hmac(srtp, digest, out, plain_bytes, &rollover);
  memcpy(tag, digest, CM_TAG_BYTES);
  return plain_bytes + CM_TAG_BYTES;
}

bool srtp_open(Srtp *srtp, uint8_t *out, const uint8_t *packet, size_t bytes, size_t header_bytes, uint32_t ssrc,
               uint64_t index) {
  const size_t plain_bytes = bytes - srtp_tag_bytes(srtp);
  const size_t body_bytes = plain_bytes - header_bytes;
  const uint8_t *tag = packet + plain_bytes;
  const uint32_t rollover = (uint32_t)(index >> 16);
  if (!srtp->gcm) {
    uint8_t digest[SHA1_BYTES];
    hmac(srtp, digest, packet, plain_bytes, &rollover);
    if (!is_same_tag(digest, tag)) return false;
  }
  memcpy(out, packet, header_bytes);
  if (!set_iv(srtp, ssrc, rollover, (uint16_t)index)) return false;
  if (srtp->gcm && !update(srtp, NULL, packet, header_bytes)) return false;
  if (!update(srtp, out + header_bytes, packet + header_bytes, body_bytes)) return false;
  return !srtp->gcm || is_gcm_authentic(srtp, tag);
}

/* RFC 3711 section 3.4: header, cipher text, word, tag. RFC 7714 section 9: header, cipher text, tag, word. */
size_t srtcp_seal(Srtp *srtp, uint8_t *out, const uint8_t *plain, size_t plain_bytes, uint32_t index) {
  const size_t body_bytes = plain_bytes - SRTCP_HEADER_BYTES;
  uint8_t *end = out + plain_bytes;
  uint8_t *word = srtp->gcm ? end + GCM_TAG_BYTES : end;
  memcpy(out, plain, SRTCP_HEADER_BYTES);
  put32(word, index | ENCRYPTED);
  if (!set_iv(srtp, get32(plain + 4), index >> 16, (uint16_t)index)) return 0;
  if (srtp->gcm && (!update(srtp, NULL, out, SRTCP_HEADER_BYTES) || !update(srtp, NULL, word, SRTCP_WORD_BYTES)))
    return 0;
  if (!update(srtp, out + SRTCP_HEADER_BYTES, plain + SRTCP_HEADER_BYTES, body_bytes)) return 0;
  if (srtp->gcm) return get_gcm_tag(srtp, end) ? plain_bytes + GCM_TAG_BYTES + SRTCP_WORD_BYTES : 0;
  uint8_t digest[SHA1_BYTES];
  hmac(srtp, digest, out, plain_bytes + SRTCP_WORD_BYTES, NULL);
  memcpy(word + SRTCP_WORD_BYTES, digest, CM_TAG_BYTES);
  return plain_bytes + SRTCP_WORD_BYTES + CM_TAG_BYTES;
}

/* What is not encrypted is authenticated all the same: RFC 7714 section 9.3. */
static bool open_gcm_rtcp(Srtp *srtp, uint8_t *out, const uint8_t *packet, size_t plain_bytes) {
  const uint8_t *tag = packet + plain_bytes, *word = tag + GCM_TAG_BYTES;
  const uint32_t index = get32(word) & ~ENCRYPTED;
  const size_t head_bytes = (get32(word) & ENCRYPTED) != 0 ? SRTCP_HEADER_BYTES : plain_bytes;
  memcpy(out, packet, head_bytes);
  return set_iv(srtp, get32(packet + 4), index >> 16, (uint16_t)index) && update(srtp, NULL, packet, head_bytes) &&
         update(srtp, NULL, word, SRTCP_WORD_BYTES) &&
         update(srtp, out + head_bytes, packet + head_bytes, plain_bytes - head_bytes) && is_gcm_authentic(srtp, tag);
}

static bool open_cm_rtcp(Srtp *srtp, uint8_t *out, const uint8_t *packet, size_t plain_bytes) {
  const uint8_t *word = packet + plain_bytes;
  uint8_t digest[SHA1_BYTES];
  hmac(srtp, digest, packet, plain_bytes + SRTCP_WORD_BYTES, NULL);
  if (!is_same_tag(digest, word + SRTCP_WORD_BYTES)) return false;
  const uint32_t index = get32(word) & ~ENCRYPTED;
  const size_t head_bytes = (get32(word) & ENCRYPTED) != 0 ? SRTCP_HEADER_BYTES : plain_bytes;
  memcpy(out, packet, head_bytes);
  return set_iv(srtp, get32(packet + 4), index >> 16, (uint16_t)index) &&
         update(srtp, out + head_bytes, packet + head_bytes, plain_bytes - head_bytes);
}

size_t srtcp_open(Srtp *srtp, uint8_t *out, const uint8_t *packet, size_t bytes) {
  const size_t overhead_bytes = srtp_tag_bytes(srtp) + SRTCP_WORD_BYTES;
  if (bytes < SRTCP_HEADER_BYTES + overhead_bytes) return 0;
  const size_t plain_bytes = bytes - overhead_bytes;
  const bool authentic = srtp->gcm ? open_gcm_rtcp(srtp, out, packet, plain_bytes)
                                   : open_cm_rtcp(srtp, out, packet, plain_bytes);
  return authentic ? plain_bytes : 0;
}
