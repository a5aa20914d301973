/* SHA-256 (FIPS 180-4), to tell whether flash holds what was sent. It guards against accidents; who made a model is
 * told by a signature, which the platform's own cryptography checks (mote_slot.h). */
#ifndef MOTE_SHA256_H
#define MOTE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { MOTE_SHA256_BYTES = 32 };

typedef struct {
  uint32_t state[8];
  uint64_t length; /* bytes so far */
  uint8_t block[64];
} mote_sha256;

void mote_sha256_init(mote_sha256 *sha);
void mote_sha256_update(mote_sha256 *sha, const uint8_t *data, size_t length);
void mote_sha256_final(mote_sha256 *sha, uint8_t digest[MOTE_SHA256_BYTES]);

/* All at once. */
void mote_sha256_of(const uint8_t *data, size_t length, uint8_t digest[MOTE_SHA256_BYTES]);

#endif
