/* The application on the chip: the link, the sampler and the model take turns; the interrupts wait for nobody. */
#include "chip.h"
#include "mote_app.h"
#include "mote_config.h"
#include "mote_model.h"
#include "mote_post.h"
#include "mote_project.h"
#include "mote_user.h"
#include "sampler.h"
#include "uart.h"

#ifndef MOTE_BAUD
#define MOTE_BAUD 115200u
#endif

enum { RING_SAMPLES = MOTE_WINDOW_SAMPLES + MOTE_STEP_SAMPLES };

static mote_app app;
static mote_post post;
static int16_t ring[RING_SAMPLES * MOTE_CHANNELS];
static int16_t window[MOTE_WINDOW_SAMPLES * MOTE_CHANNELS];

static uint64_t now_us(void *context) {
  (void)context;
  return chip_now_us();
}

static const char *serial_number(void *context) {
  (void)context;
  return chip_serial_number();
}

static void send_bytes(void *context, const uint8_t *data, size_t length) {
  (void)context;
  uart_write(data, length);
}

static void sampling(void *context, bool on) {
  (void)context;
  sampler_run(on);
}

static void scored(void *context, const int8_t *scores, uint64_t time_us) {
  (void)context;
  const mote_detection detection = mote_post_update(&post, scores, time_us);
  if (detection.fired) {
    mote_user_detected(detection.top, detection.score);
  }
}

/* Whether there was anything to do. */
static bool turn(void) {
  bool busy = false;
  uint8_t bytes[128];
  size_t got;
  while ((got = uart_read(bytes, sizeof bytes)) > 0) {
    mote_app_receive(&app, bytes, got);
    busy = true;
  }
  uint32_t count;
  uint64_t time_us;
  const int16_t *block = sampler_block(&count, &time_us);
  if (block != NULL) {
    mote_app_samples(&app, block, count, time_us);
    sampler_done();
    busy = true;
  }
  return mote_app_step(&app) || busy;
}

int main(void) {
#if MOTE_FEATURES_STREAMING
  static const mote_stream stream = {mote_model_reset, mote_model_push, mote_model_infer_pushed};
  static const mote_port port = {NULL, serial_number, now_us, send_bytes, sampling, mote_model_infer, scored, &stream};
#else
  static const mote_port port = {NULL, serial_number, now_us, send_bytes, sampling, mote_model_infer, scored, NULL};
#endif
  chip_init();
  uart_init(MOTE_BAUD);
  if (!mote_app_init(&app, &mote_config, &port, ring, RING_SAMPLES, window) ||
      !mote_post_init(&post, &mote_post_settings)) {
    return 1;
  }
  for (;;) {
    if (!turn()) {
      /* Asked again with interrupts off: one that came in between is still pending, and ends the sleep at once. */
      const uint32_t was = chip_lock();
      uint32_t count;
      uint64_t time_us;
      if (sampler_block(&count, &time_us) == NULL) {
        chip_sleep();
      }
      chip_unlock(was);
    }
  }
}
