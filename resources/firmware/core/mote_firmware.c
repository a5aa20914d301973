#include "mote_firmware.h"

#include "mote_config.h"
#include "mote_model.h"
#include "mote_post.h"
#include "mote_profile.h"
#include "mote_project.h"
#include "mote_tflm.h"
#include "mote_user.h"

#if MOTE_FEATURES_STREAMING
/* Features take samples as they come. MLPerf Tiny's runner puts the model's input where they lie. */
enum {
  INPUT_SAMPLES = (MOTE_FEATURE_COUNT * (MOTE_INPUT_BITS / 8) + 2 * MOTE_CHANNELS - 1) / (2 * MOTE_CHANNELS),
  RING_SAMPLES = (int)INPUT_SAMPLES > (int)MOTE_BLOCK_SAMPLES ? (int)INPUT_SAMPLES : (int)MOTE_BLOCK_SAMPLES
};
static const mote_stream stream = {mote_model_reset, mote_model_push, mote_model_infer_pushed};
#else
enum {
  RING_SAMPLES =
      MOTE_WINDOW_SAMPLES + ((int)MOTE_STEP_SAMPLES > (int)MOTE_BLOCK_SAMPLES ? (int)MOTE_STEP_SAMPLES
                                                                              : (int)MOTE_BLOCK_SAMPLES)
};
static int16_t window[MOTE_WINDOW_SAMPLES * MOTE_CHANNELS];
#endif

static mote_app app;
static mote_port port;
static mote_post post;
static mote_slots slots;
static int16_t ring[RING_SAMPLES * MOTE_CHANNELS];
static const mote_hardware *board;

static void scored(void *context, const int8_t *scores, uint64_t time_us) {
  (void)context;
  const uint32_t begun = mote_profile_now();
  const mote_detection detection = mote_post_update(&post, scores, time_us);
  mote_profile_add(MOTE_PART_POST, begun);
  if (detection.fired) {
    mote_user_detected(detection.top, detection.score);
  }
}

static bool health(void *context, mote_health *said) {
  if (board->stack_free == NULL) {
    return false;
  }
  said->stack_free = board->stack_free(context);
  said->arena_used = (uint32_t)mote_tflm_arena_used();
  said->arena_intact = mote_tflm_arena_intact();
  return true;
}

/* One that the interpreter refuses makes way for the other slot's. */
static void use_stored_model(void) {
  mote_slot_info info;
  while (slots.active >= 0 && mote_slots_info(&slots, (unsigned)slots.active, &info) &&
         !mote_model_use(board->context, info.model)) {
    mote_slots_reject(&slots);
  }
}

mote_app *mote_firmware_begin(const mote_hardware *hardware, const mote_flash *flash) {
  board = hardware;
  mote_profile_begin(hardware->ticks, hardware->ticks_hz);
  port = (mote_port){
      .context = hardware->context,
      .slots = &slots,
      .serial_number = hardware->serial_number,
      .now_us = hardware->now_us,
      .send = hardware->send,
      .sampling = hardware->sampling,
      .infer = mote_model_infer,
      .scored = scored,
      .use_model = mote_model_use,
      .model_input = mote_model_input,
      .infer_input = mote_model_infer_input,
      .health = health,
  };
#if MOTE_FEATURES_STREAMING
  int16_t *const window = NULL;
  port.stream = &stream;
#endif
  mote_slots_open(&slots, flash, &mote_slot_settings);
  use_stored_model();
  const bool good = mote_app_init(&app, &mote_config, &port, ring, RING_SAMPLES, window) &&
                    mote_post_init(&post, &mote_post_settings);
  return good ? &app : NULL;
}
