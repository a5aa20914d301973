#include "mote_sha256.h"

#include <string.h>

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
    0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
    0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
    0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t right(uint32_t value, unsigned by) { return value >> by | value << (32u - by); }

static void compress(uint32_t state[8], const uint8_t *block) {
  uint32_t w[16];
  uint32_t v[8];
  memcpy(v, state, sizeof v);
  for (unsigned i = 0; i < 64; ++i) {
    if (i < 16) {
      const uint8_t *at = block + (size_t)4 * i;
      w[i] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    } else { /* only the last sixteen words are ever needed */
      const uint32_t a = w[(i + 1) % 16], b = w[(i + 14) % 16];
      const uint32_t s0 = right(a, 7) ^ right(a, 18) ^ a >> 3;
      const uint32_t s1 = right(b, 17) ^ right(b, 19) ^ b >> 10;
      w[i % 16] += s0 + w[(i + 9) % 16] + s1;
    }
    const uint32_t s1 = right(v[4], 6) ^ right(v[4], 11) ^ right(v[4], 25);
    const uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
    const uint32_t one = v[7] + s1 + choice + K[i] + w[i % 16];
    const uint32_t s0 = right(v[0], 2) ^ right(v[0], 13) ^ right(v[0], 22);
    const uint32_t two = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof v[0]);
    v[4] += one;
    v[0] = one + two;
  }
  for (unsigned i = 0; i < 8; ++i) {
    state[i] += v[i];
  }
}

void mote_sha256_init(mote_sha256 *sha) {
  static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memcpy(sha->state, first, sizeof first);
  sha->length = 0;
}

void mote_sha256_update(mote_sha256 *sha, const uint8_t *data, size_t length) {
  while (length > 0) {
    const size_t held = (size_t)(sha->length % 64u);
    const size_t part = length < 64u - held ? length : 64u - held;
    memcpy(sha->block + held, data, part);
    sha->length += part;
    data += part;
    length -= part;
    if (held + part == 64u) {
      compress(sha->state, sha->block);
    }
  }
}

void mote_sha256_final(mote_sha256 *sha, uint8_t digest[MOTE_SHA256_BYTES]) {
  const uint64_t bits = sha->length * 8u;
  const uint8_t one = 0x80, zero = 0;
  mote_sha256_update(sha, &one, 1);
  while (sha->length % 64u != 56u) {
    mote_sha256_update(sha, &zero, 1);
  }
  uint8_t size[8];
  for (unsigned i = 0; i < 8; ++i) {
    size[i] = (uint8_t)(bits >> (56u - 8u * i));
  }
  mote_sha256_update(sha, size, sizeof size);
  for (unsigned i = 0; i < MOTE_SHA256_BYTES; ++i) {
    digest[i] = (uint8_t)(sha->state[i / 4] >> (24u - 8u * (i % 4)));
  }
}

void mote_sha256_of(const uint8_t *data, size_t length, uint8_t digest[MOTE_SHA256_BYTES]) {
  mote_sha256 sha;
  mote_sha256_init(&sha);
  mote_sha256_update(&sha, data, length);
  mote_sha256_final(&sha, digest);
}
