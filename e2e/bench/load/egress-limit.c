/*
 * What sending one stream to many WebRTC viewers costs in plain C, as the limit of what any egress can reach: a header
 * of its own for each viewer, SRTP by OpenSSL with the viewer's key, sendmmsg(2), with and without UDP segmentation
 * offload. It keeps nothing for retransmissions, counts nothing and serves nobody else. "raw" leaves OpenSSL's EVP out,
 * which spends more on a packet's parameters than on its bytes: AES by the processor, GHASH and SHA-1 by OpenSSL.
 *
 *   egress-limit PORT VIEWERS PAYLOAD_BYTES
 *
 * Goes to PORT of loopback. Says the version of OpenSSL on a line; then, for every line
 * "gcm|cm|gcm-raw|cm-raw one|segmented FRAMES PACKETS" on standard input, the microseconds of CPU per packet, "nan" where the processor lacks what it
 * takes. Ends with its input.
 * Build: cc -O2 -o egress-limit egress-limit.c -ldl (no headers of OpenSSL; libcrypto.so.3 is opened at run time).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../../server/native/aes-ctr.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum {
  HEADER = 20,
  KEY = 16,
  GCM_TAG = 16,
  CM_TAG = 10,
  SHA1_BLOCK = 64,
  SHA1_DIGEST = 20,
  /* Packets that are sealed before they are sent: their bytes stay in the second level cache. */
  CHUNK = 128,
  MAX_SEGMENTS = 40,
  MAX_PACKET = 2048,
  MAX_VIEWERS = 10000,
  MAX_FRAMES = 10000,
  MAX_PACKETS = 1000,
  CTRL_GET_TAG = 0x10,
};

typedef struct evp_cipher_ctx_st EVP_CIPHER_CTX;
typedef struct evp_cipher_st EVP_CIPHER;
typedef struct gcm128_context GCM128_CONTEXT;
/* SHA_CTX of OpenSSL is 96 bytes; more room does no harm. */
typedef struct {
  uint64_t opaque[16];
} SHA_CTX;

static struct {
  const char *(*version)(int);
  EVP_CIPHER_CTX *(*ctx_new)(void);
  const EVP_CIPHER *(*aes_128_gcm)(void);
  const EVP_CIPHER *(*aes_128_ctr)(void);
  int (*init)(EVP_CIPHER_CTX *, const EVP_CIPHER *, void *, const unsigned char *, const unsigned char *);
  int (*update)(EVP_CIPHER_CTX *, unsigned char *, int *, const unsigned char *, int);
  int (*final)(EVP_CIPHER_CTX *, unsigned char *, int *);
  int (*ctrl)(EVP_CIPHER_CTX *, int, int, void *);
  int (*sha1_init)(SHA_CTX *);
  int (*sha1_update)(SHA_CTX *, const void *, size_t);
  int (*sha1_final)(unsigned char *, SHA_CTX *);
  GCM128_CONTEXT *(*gcm_new)(void *, void (*)(const uint8_t *, uint8_t *, const void *));
  void (*gcm_setiv)(GCM128_CONTEXT *, const unsigned char *, size_t);
  int (*gcm_aad)(GCM128_CONTEXT *, const unsigned char *, size_t);
  int (*gcm_encrypt)(GCM128_CONTEXT *, const unsigned char *, unsigned char *, size_t,
                     void (*)(const uint8_t *, uint8_t *, size_t, const void *, const uint8_t *));
  void (*gcm_tag)(GCM128_CONTEXT *, unsigned char *, size_t);
} ssl;

struct Viewer {
  EVP_CIPHER_CTX *gcm, *ctr;
  GCM128_CONTEXT *rawGcm;
  struct AesKey aes;
  SHA_CTX inner, outer;
  uint8_t salt[16];
  uint32_t ssrc;
  /* Extended sequence number of the next packet. */
  uint64_t index;
  struct sockaddr_in to;
};

static struct Viewer *viewers;
static int viewerCount, payloadBytes, out;
static uint8_t *payload;
static uint8_t packets[CHUNK * MAX_PACKET];
static struct mmsghdr messages[CHUNK];
static struct iovec parts[CHUNK];
static union {
  struct cmsghdr align;
  char bytes[CMSG_SPACE(sizeof(uint16_t))];
} controls[CHUNK];

static void findOpenssl(void) {
  void *library = dlopen("libcrypto.so.3", RTLD_NOW);
  const struct {
    void *to;
    const char *name;
  } wanted[] = {
      {&ssl.version, "OpenSSL_version"},     {&ssl.ctx_new, "EVP_CIPHER_CTX_new"}, {&ssl.aes_128_gcm, "EVP_aes_128_gcm"},
      {&ssl.aes_128_ctr, "EVP_aes_128_ctr"}, {&ssl.init, "EVP_EncryptInit_ex"},    {&ssl.update, "EVP_EncryptUpdate"},
      {&ssl.final, "EVP_EncryptFinal_ex"},   {&ssl.ctrl, "EVP_CIPHER_CTX_ctrl"},   {&ssl.sha1_init, "SHA1_Init"},
      {&ssl.sha1_update, "SHA1_Update"},     {&ssl.sha1_final, "SHA1_Final"},
      {&ssl.gcm_new, "CRYPTO_gcm128_new"},   {&ssl.gcm_setiv, "CRYPTO_gcm128_setiv"},
      {&ssl.gcm_aad, "CRYPTO_gcm128_aad"},   {&ssl.gcm_encrypt, "CRYPTO_gcm128_encrypt_ctr32"},
      {&ssl.gcm_tag, "CRYPTO_gcm128_tag"},
  };
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    void *symbol = library == NULL ? NULL : dlsym(library, wanted[i].name);
    if (symbol == NULL) {
      fprintf(stderr, "OpenSSL 3 is missing: %s\n", dlerror());
      exit(1);
    }
    memcpy(wanted[i].to, &symbol, sizeof symbol);
  }
}

static void openViewer(struct Viewer *viewer, int number, int port) {
  uint8_t key[KEY], pad[SHA1_BLOCK];
  for (int i = 0; i < KEY; i++) key[i] = number * 7 + i, viewer->salt[i] = number + i;
  viewer->ssrc = 1000 + number;
  viewer->index = 1;
  viewer->gcm = ssl.ctx_new();
  viewer->ctr = ssl.ctx_new();
  ssl.init(viewer->gcm, ssl.aes_128_gcm(), NULL, key, NULL);
  ssl.init(viewer->ctr, ssl.aes_128_ctr(), NULL, key, NULL);
  if (aes_is_there()) {
    aes_expand(&viewer->aes, key);
    viewer->rawGcm = ssl.gcm_new(&viewer->aes, aes_block);
  }
  for (int i = 0; i < SHA1_BLOCK; i++) pad[i] = 0x36 ^ (i < SHA1_DIGEST ? number + i : 0);
  ssl.sha1_init(&viewer->inner);
  ssl.sha1_update(&viewer->inner, pad, sizeof pad);
  for (int i = 0; i < SHA1_BLOCK; i++) pad[i] ^= 0x36 ^ 0x5c;
  ssl.sha1_init(&viewer->outer);
  ssl.sha1_update(&viewer->outer, pad, sizeof pad);
  viewer->to.sin_family = AF_INET;
  viewer->to.sin_port = htons(port);
  viewer->to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

static void put32(uint8_t *at, uint32_t value) {
  value = htonl(value);
  memcpy(at, &value, 4);
}

static void xor32(uint8_t *at, uint32_t value) {
  uint32_t word;
  memcpy(&word, at, 4);
  word ^= htonl(value);
  memcpy(at, &word, 4);
}

/* RFC 3550 section 5.1 with an extension of one-byte headers, RFC 8285 section 4.2. */
static void writeHeader(uint8_t *at, const struct Viewer *viewer, uint32_t time, int last) {
  at[0] = 0x90;
  at[1] = 102 | (last ? 0x80 : 0);
  at[2] = viewer->index >> 8;
  at[3] = viewer->index;
  put32(at + 4, time);
  put32(at + 8, viewer->ssrc);
  put32(at + 12, 0xbede0001);
  put32(at + 16, 0x40300000);
}

/* RFC 7714 section 8.1. Returns the length. */
static int sealGcm(struct Viewer *viewer, uint8_t *packet, int raw) {
  uint8_t iv[16];
  int written;
  memcpy(iv, viewer->salt, sizeof iv);
  xor32(iv + 2, viewer->ssrc);
  xor32(iv + 6, viewer->index >> 16);
  iv[10] ^= viewer->index >> 8;
  iv[11] ^= viewer->index;
  uint8_t *tag = packet + HEADER + payloadBytes;
  if (raw) {
    ssl.gcm_setiv(viewer->rawGcm, iv, 12);
    ssl.gcm_aad(viewer->rawGcm, packet, HEADER);
    ssl.gcm_encrypt(viewer->rawGcm, payload, packet + HEADER, payloadBytes, aes_counter);
    ssl.gcm_tag(viewer->rawGcm, tag, GCM_TAG);
    return HEADER + payloadBytes + GCM_TAG;
  }
  ssl.init(viewer->gcm, NULL, NULL, NULL, iv);
  ssl.update(viewer->gcm, NULL, &written, packet, HEADER);
  ssl.update(viewer->gcm, packet + HEADER, &written, payload, payloadBytes);
  ssl.final(viewer->gcm, tag, &written);
  ssl.ctrl(viewer->gcm, CTRL_GET_TAG, GCM_TAG, tag);
  return HEADER + payloadBytes + GCM_TAG;
}

/* RFC 3711 sections 4.1.1 and 4.2. Returns the length. */
static int sealCm(struct Viewer *viewer, uint8_t *packet, int raw) {
  uint8_t iv[16], word[4], digest[SHA1_DIGEST];
  int written;
  memcpy(iv, viewer->salt, sizeof iv);
  iv[14] = iv[15] = 0;
  xor32(iv + 4, viewer->ssrc);
  xor32(iv + 8, viewer->index >> 16);
  iv[12] ^= viewer->index >> 8;
  iv[13] ^= viewer->index;
  uint8_t *tag = packet + HEADER + payloadBytes;
  if (raw) {
    aes_stream(&viewer->aes, iv, payload, packet + HEADER, payloadBytes);
  } else {
    ssl.init(viewer->ctr, NULL, NULL, NULL, iv);
    ssl.update(viewer->ctr, packet + HEADER, &written, payload, payloadBytes);
  }
  put32(word, viewer->index >> 16);
  SHA_CTX sha = viewer->inner;
  ssl.sha1_update(&sha, packet, tag - packet);
  ssl.sha1_update(&sha, word, sizeof word);
  ssl.sha1_final(digest, &sha);
  sha = viewer->outer;
  ssl.sha1_update(&sha, digest, sizeof digest);
  ssl.sha1_final(digest, &sha);
  memcpy(tag, digest, CM_TAG);
  return HEADER + payloadBytes + CM_TAG;
}

/* A receiver that does not read is as good as any other; but nothing else may go wrong. */
static void sendAll(int count) {
  for (int sent = 0; sent < count;) {
    int took = sendmmsg(out, messages + sent, count - sent, MSG_DONTWAIT);
    if (took < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS) {
      perror("sendmmsg");
      exit(1);
    }
    sent += took > 0 ? took : 1;
  }
}

static void addMessage(int number, struct Viewer *viewer, uint8_t *at, int bytes, int segmentBytes) {
  parts[number] = (struct iovec){.iov_base = at, .iov_len = bytes};
  struct msghdr *header = &messages[number].msg_hdr;
  *header = (struct msghdr){
      .msg_name = &viewer->to, .msg_namelen = sizeof viewer->to, .msg_iov = &parts[number], .msg_iovlen = 1};
  if (segmentBytes == 0 || segmentBytes == bytes) return;
  header->msg_control = &controls[number];
  header->msg_controllen = sizeof controls[number].bytes;
  struct cmsghdr *control = CMSG_FIRSTHDR(header);
  control->cmsg_level = IPPROTO_UDP;
  control->cmsg_type = UDP_SEGMENT;
  control->cmsg_len = CMSG_LEN(sizeof(uint16_t));
  const uint16_t segment = segmentBytes;
  memcpy(CMSG_DATA(control), &segment, sizeof segment);
}

/* One frame of `count` packets to every viewer. */
static void sendFrame(int gcm, int raw, int segmented, int count, uint32_t time) {
  int used = 0, sealed = 0, queued = 0;
  for (int v = 0; v < viewerCount; v++) {
    struct Viewer *viewer = &viewers[v];
    int segments = 0, start = used, bytes = 0;
    for (int p = 0; p < count; p++) {
      uint8_t *packet = packets + used;
      writeHeader(packet, viewer, time, p == count - 1);
      bytes = gcm ? sealGcm(viewer, packet, raw) : sealCm(viewer, packet, raw);
      viewer->index++;
      used += bytes;
      sealed++;
      segments++;
      const int full = sealed == CHUNK;
      if (!segmented || segments == MAX_SEGMENTS || full || p == count - 1) {
        addMessage(queued++, viewer, packets + start, used - start, segmented ? bytes : 0);
        start = used;
        segments = 0;
      }
      if (full) {
        sendAll(queued);
        used = start = sealed = queued = 0;
      }
    }
  }
  sendAll(queued);
}

static double cpuSeconds(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: egress-limit PORT VIEWERS PAYLOAD_BYTES\n");
    return 2;
  }
  viewerCount = atoi(argv[2]);
  payloadBytes = atoi(argv[3]);
  if (viewerCount < 1 || viewerCount > MAX_VIEWERS || payloadBytes < 1 || payloadBytes > MAX_PACKET - HEADER - GCM_TAG)
    return 2;
  findOpenssl();
  viewers = calloc(viewerCount, sizeof *viewers);
  payload = malloc(payloadBytes);
  out = socket(AF_INET, SOCK_DGRAM, 0);
  if (viewers == NULL || payload == NULL || out < 0) return 1;
  memset(payload, 0x41, payloadBytes);
  for (int i = 0; i < viewerCount; i++) openViewer(&viewers[i], i, atoi(argv[1]));
  printf("%s\n", ssl.version(0));
  fflush(stdout);
  char cipher[16], way[16];
  int frames, perFrame;
  while (scanf("%15s %15s %d %d", cipher, way, &frames, &perFrame) == 4) {
    if (frames < 1 || frames > MAX_FRAMES || perFrame < 1 || perFrame > MAX_PACKETS) return 2;
    const int gcm = strncmp(cipher, "gcm", 3) == 0, raw = strstr(cipher, "-raw") != NULL;
    const int segmented = strcmp(way, "segmented") == 0;
    if (raw && !aes_is_there()) frames = 0;
    const double before = cpuSeconds();
    for (int f = 0; f < frames; f++) sendFrame(gcm, raw, segmented, perFrame, f * 3000);
    printf("%.4f\n", (cpuSeconds() - before) * 1e6 / ((double)frames * perFrame * viewerCount));
    fflush(stdout);
  }
  return 0;
}
