/* The firmware as a program of this computer: Mote Link on stdin and stdout, a made-up sensor. It exists to try the
 * application without a board and as the example of a port: a clock, a way to send, a source of samples. POSIX.
 */
#define _POSIX_C_SOURCE 200809L

#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "model_slot.h"
#include "mote_firmware.h"
#include "mote_project.h"

enum { BLOCK = MOTE_BLOCK_SAMPLES, SLOT_BYTES = (MOTE_MODEL_SLOT_BYTES / 4096 + 2) * 4096 };

static mote_app *app;
static _Alignas(16) uint8_t memory[MOTE_SLOT_COUNT][SLOT_BYTES]; /* in place of flash: gone when the program ends */
static uint64_t sampled; /* since streaming began */
static uint64_t started_us;

static uint64_t now_us(void *context) {
  (void)context;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static const char *serial_number(void *context) {
  (void)context;
  return "HOST-0001";
}

static void send_bytes(void *context, const uint8_t *data, size_t length) {
  (void)context;
  while (length > 0) {
    const ssize_t written = write(STDOUT_FILENO, data, length);
    if (written <= 0) {
      _exit(0); /* the studio went away */
    }
    data += written;
    length -= (size_t)written;
  }
}

static void sampling(void *context, bool on) {
  if (on) {
    sampled = 0;
    started_us = now_us(context);
  }
}

static const uint8_t *slot_base(void *context, unsigned slot) {
  (void)context;
  return memory[slot];
}

static bool slot_erase(void *context, unsigned slot) {
  (void)context;
  memset(memory[slot], 0xFF, SLOT_BYTES);
  return true;
}

static bool slot_program(void *context, unsigned slot, uint32_t offset, const uint8_t *data, uint32_t length) {
  (void)context;
  memcpy(memory[slot] + offset, data, length);
  return true;
}

/* A triangle wave with a little noise on every channel, each at its own pace. */
static int16_t made_up(uint64_t sample, uint32_t channel) {
  static uint32_t noise = 1;
  noise = noise * 1664525u + 1013904223u;
  const int32_t phase = (int32_t)(sample * (channel + 1u) % 200u);
  const int32_t triangle = (phase < 100 ? phase : 200 - phase) * 80 - 4000;
  return (int16_t)(triangle + (int32_t)(noise >> 26));
}

static void sample(void) {
  const uint64_t due = (uint64_t)((double)(now_us(NULL) - started_us) * MOTE_RATE_HZ / 1e6);
  int16_t block[BLOCK * MOTE_CHANNELS];
  while (app->streaming && sampled < due) {
    const uint32_t count = due - sampled < BLOCK ? (uint32_t)(due - sampled) : (uint32_t)BLOCK;
    for (uint32_t i = 0; i < count * MOTE_CHANNELS; ++i) {
      block[i] = made_up(sampled + i / MOTE_CHANNELS, i % MOTE_CHANNELS);
    }
    const uint64_t time_us = started_us + (uint64_t)((double)sampled * 1e6 / MOTE_RATE_HZ);
    mote_app_samples(app, block, count, time_us);
    sampled += count;
    /* The made-up sensor waits for the model; a real one does not. How busy this computer is must not tell. */
    while (mote_app_step(app)) {
    }
  }
}

int main(void) {
  static const mote_hardware hardware = {
      .serial_number = serial_number, .now_us = now_us, .send = send_bytes, .sampling = sampling};
  static const mote_flash flash = {NULL, SLOT_BYTES, slot_base, slot_erase, slot_program};
  memset(memory, 0xFF, sizeof memory);
  memcpy(memory[0], mote_model_slot, MOTE_MODEL_SLOT_BYTES);
  app = mote_firmware_begin(&hardware, &flash);
  if (app == NULL) {
    return 1;
  }
  for (;;) {
    struct pollfd input = {STDIN_FILENO, POLLIN, 0};
    if (poll(&input, 1, 5) < 0) {
      return 1;
    }
    if (input.revents != 0) {
      uint8_t bytes[256];
      const ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
      if (got <= 0) {
        return 0;
      }
      mote_app_receive(app, bytes, (size_t)got);
    }
    sample();
    while (mote_app_step(app)) {
    }
  }
}
