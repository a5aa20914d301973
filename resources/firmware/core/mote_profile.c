#include "mote_profile.h"

#include <stddef.h>

static uint32_t (*read_ticks)(void);
static uint32_t ticks_hz;
/* Two words each, so that an interrupt may add to its own while another is read. */
static volatile uint32_t low[MOTE_PARTS], high[MOTE_PARTS];

void mote_profile_begin(uint32_t (*ticks)(void), uint32_t hz) {
  read_ticks = ticks;
  ticks_hz = ticks == NULL ? 0 : hz;
}

uint32_t mote_profile_now(void) { return read_ticks == NULL ? 0 : read_ticks(); }

void mote_profile_add(mote_part part, uint32_t begun) {
  const uint32_t took = mote_profile_now() - begun, was = low[part];
  low[part] = was + took;
  high[part] += low[part] < was;
}

uint64_t mote_profile_ticks(mote_part part) {
  uint32_t upper, lower;
  do {
    upper = high[part];
    lower = low[part];
  } while (upper != high[part]);
  return (uint64_t)upper << 32 | lower;
}

uint32_t mote_profile_hz(void) { return ticks_hz; }

void mote_profile_reset(void) {
  for (int part = 0; part < MOTE_PARTS; ++part) {
    low[part] = high[part] = 0;
  }
}
