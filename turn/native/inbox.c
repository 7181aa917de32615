#include "inbox.h"

#include <stdlib.h>
#include <string.h>

void inbox_open(Inbox *inbox) {
  *inbox = (Inbox){.count = 0};
  inbox->last = &inbox->first;
  pthread_mutex_init(&inbox->lock, NULL);
}

void inbox_close(Inbox *inbox) {
  for (Datagram *next, *datagram = inbox_take(inbox); datagram != NULL; datagram = next) {
    next = datagram->next;
    free(datagram);
  }
  pthread_mutex_destroy(&inbox->lock);
}

bool inbox_put(Inbox *inbox, uint32_t socket, const Address *from, const uint8_t *data, size_t length) {
  Datagram *datagram = malloc(sizeof *datagram + length);
  pthread_mutex_lock(&inbox->lock);
  const bool full =
      datagram == NULL || inbox->count >= INBOX_MAX_DATAGRAMS || inbox->bytes + length > INBOX_MAX_BYTES;
  const bool first = !full && inbox->count == 0;
  if (full) {
    inbox->missed++;
  } else {
    datagram->next = NULL;
    datagram->socket = socket;
    datagram->from = *from;
    datagram->length = length;
    memcpy(datagram->data, data, length);
    *inbox->last = datagram;
    inbox->last = &datagram->next;
    inbox->count++;
    inbox->bytes += length;
  }
  pthread_mutex_unlock(&inbox->lock);
  if (full) free(datagram);
  return first;
}

Datagram *inbox_take(Inbox *inbox) {
  pthread_mutex_lock(&inbox->lock);
  Datagram *taken = inbox->first;
  inbox->first = NULL;
  inbox->last = &inbox->first;
  inbox->count = inbox->bytes = 0;
  pthread_mutex_unlock(&inbox->lock);
  return taken;
}

double inbox_missed(Inbox *inbox) {
  pthread_mutex_lock(&inbox->lock);
  const double missed = inbox->missed;
  pthread_mutex_unlock(&inbox->lock);
  return missed;
}
