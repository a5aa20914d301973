/* For `mote bench firmware`: the application's features and model on windows from a file of the computer that emulates
 * the chip (Arm semihosting), without the link in between. Of each window in windows.bin it writes to results.bin the
 * features as the model gets them, the scores, and the ticks that features and model took. */
#include <string.h>

#include "chip.h"
#include "flash.h"
#include "mote_features.h"
#include "mote_firmware.h"
#include "mote_model.h"
#include "mote_profile.h"
#include "mote_project.h"
#include "mote_tflm.h"

enum { OPEN = 1, WRITE = 5, READ = 6, EXIT = 0x18, READ_BINARY = 1, WRITE_BINARY = 5, PIECE = 500 };
enum { INPUT_BYTES = MOTE_FEATURE_COUNT * (MOTE_INPUT_BITS / 8) };

static uint32_t host(uint32_t call, const void *block) {
  register uint32_t r0 __asm("r0") = call;
  register const void *r1 __asm("r1") = block;
  __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

static uint32_t host_open(const char *name, uint32_t mode) {
  const uint32_t block[3] = {(uint32_t)name, mode, strlen(name)};
  return host(OPEN, block);
}

/* Whether all of it could be read. */
static bool host_read(uint32_t file, void *data, uint32_t length) {
  const uint32_t block[3] = {file, (uint32_t)data, length};
  return host(READ, block) == 0;
}

static void host_write(uint32_t file, const void *data, uint32_t length) {
  const uint32_t block[3] = {file, (uint32_t)data, length};
  host(WRITE, block);
}

static uint64_t now_us(void *context) {
  (void)context;
  return chip_now_us();
}

static void nowhere(void *context, const uint8_t *data, size_t length) {
  (void)context;
  (void)data;
  (void)length;
}

static const char *nobody(void *context) {
  (void)context;
  return "bench";
}

/* One window's features where the model expects them; false at the end of the file. */
static bool features_of_next(uint32_t file) {
#if MOTE_FEATURES_STREAMING
  static int16_t samples[PIECE * MOTE_CHANNELS];
  mote_model_reset(NULL);
  for (uint32_t done = 0; done < MOTE_WINDOW_SAMPLES;) {
    const uint32_t left = MOTE_WINDOW_SAMPLES - done, count = left < PIECE ? left : PIECE;
    if (!host_read(file, samples, count * MOTE_CHANNELS * 2u)) {
      return false;
    }
    mote_model_push(NULL, samples, count);
    done += count;
  }
#else
  static int16_t samples[MOTE_WINDOW_SAMPLES * MOTE_CHANNELS];
  if (!host_read(file, samples, sizeof samples)) {
    return false;
  }
#endif
  mote_sink sink = {1.0f / mote_tflm_input_scale(), mote_tflm_input_zero_point(), NULL, NULL, NULL, 0, 1, 1};
#if MOTE_INPUT_BITS == 16
  sink.i16 = mote_tflm_input();
#else
  sink.i8 = mote_tflm_input();
#endif
  const uint32_t begun = mote_profile_now();
#if MOTE_FEATURES_STREAMING
  mote_features_emit(&sink);
#else
  mote_features_run(samples, &sink);
#endif
  mote_profile_add(MOTE_PART_FEATURES, begun);
  return true;
}

int main(void) {
  static mote_hardware hardware = {
      .serial_number = nobody, .now_us = now_us, .send = nowhere, .ticks = chip_ticks};
  chip_init();
  hardware.ticks_hz = chip_ticks_hz();
  const uint32_t in = host_open("windows.bin", READ_BINARY), out = host_open("results.bin", WRITE_BINARY);
  if (mote_firmware_begin(&hardware, flash_slots()) != NULL) {
    mote_profile_reset();
    while (features_of_next(in)) {
      int8_t scores[MOTE_CLASS_COUNT] = {0};
      host_write(out, mote_tflm_input(), INPUT_BYTES);
      const bool ran = mote_model_infer_input(NULL, scores);
      const uint32_t ticks[3] = {(uint32_t)mote_profile_ticks(MOTE_PART_FEATURES),
                                 (uint32_t)mote_profile_ticks(MOTE_PART_INFERENCE), ran};
      mote_profile_reset();
      host_write(out, scores, sizeof scores);
      host_write(out, ticks, sizeof ticks);
    }
  }
  host(EXIT, (const void *)0x20026); /* the application ended */
  for (;;) {
  }
}
