#include "sampler.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "chip.h"
#include "mote_firmware.h"
#include "mote_profile.h"

enum {
  BLOCK = MOTE_BLOCK_SAMPLES,
  /* The main loop comes for blocks again when the model has run, which takes less than a step. */
  SECOND = (int)MOTE_RATE_HZ + 1,
  COVERED = (int)MOTE_STEP_SAMPLES < (int)SECOND ? (int)MOTE_STEP_SAMPLES : (int)SECOND,
  BLOCKS = (COVERED + BLOCK - 1) / BLOCK + 2,
  /* The timer has 24 bits: a slow rate takes several of its turns. */
  TICKS = 1 + (int)((float)MOTE_CORE_HZ / MOTE_RATE_HZ / 16777216.0f),
  PERIOD = (int)((float)MOTE_CORE_HZ / MOTE_RATE_HZ / (float)TICKS + 0.5f)
};

static int16_t buffers[BLOCKS][BLOCK * MOTE_CHANNELS];
static uint64_t begun_us[BLOCKS];
static uint32_t counts[BLOCKS];
static _Atomic bool full[BLOCKS];
static uint32_t filling, filled, index, waited; /* the interrupts' own */
static uint64_t taken_us;
static bool asked;
static uint32_t taking; /* the main loop's own */

void mote_on_tick(void);

void sampler_run(bool on) {
  SYST_CSR = 0;
  filling = filled = index = taking = waited = 0;
  asked = false;
  for (uint32_t i = 0; i < BLOCKS; ++i) {
    atomic_store(&full[i], false);
  }
  if (mote_sensor_power(on) && on) {
    SYST_RVR = PERIOD - 1u;
    SYST_CVR = 0;
    SYST_CSR = 7;
  }
}

static void hand_over(void) {
  counts[filling] = filled;
  atomic_store_explicit(&full[filling], true, memory_order_release);
  filling = filling + 1u < BLOCKS ? filling + 1u : 0;
  filled = 0;
}

void sampler_give(const int16_t *sample) {
  if (!asked) {
    return;
  }
  asked = false;
  if (sample == NULL || atomic_load_explicit(&full[filling], memory_order_acquire)) {
    /* Lost, but its time passes: a block ends here, and the gap shows in the next one's time. */
    if (filled > 0) {
      hand_over();
    }
    return;
  }
  if (filled == 0) {
    begun_us[filling] = taken_us;
  }
  memcpy(&buffers[filling][filled * MOTE_CHANNELS], sample, MOTE_CHANNELS * sizeof *sample);
  if (++filled == BLOCK) {
    hand_over();
  }
}

static void tick(void) {
  if (++waited < TICKS) {
    return;
  }
  waited = 0;
  const uint64_t now = chip_now_us();
  sampler_give(NULL); /* where the one before is still owed */
  taken_us = now;
  asked = true;
  mote_sensor_take(index++);
}

void mote_on_tick(void) {
  const uint32_t begun = mote_profile_now();
  tick();
  mote_profile_add(MOTE_PART_SAMPLING, begun);
}

const int16_t *sampler_block(uint32_t *count, uint64_t *time_us) {
  if (!atomic_load_explicit(&full[taking], memory_order_acquire)) {
    return NULL;
  }
  *count = counts[taking];
  *time_us = begun_us[taking];
  return buffers[taking];
}

void sampler_done(void) {
  atomic_store_explicit(&full[taking], false, memory_order_release);
  taking = taking + 1u < BLOCKS ? taking + 1u : 0;
}
