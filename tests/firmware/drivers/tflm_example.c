/* A model small enough to compute by hand, behind the interface of mote_tflm.h: score c is input c. It fails on a
 * window whose first feature is -77, and refuses a model that begins with X. */
#include "mote_project.h"
#include "mote_tflm.h"

static int8_t input[MOTE_FEATURE_COUNT];

bool mote_tflm_use(const uint8_t *model) { return model[0] != 'X'; }

float mote_tflm_input_scale(void) { return MOTE_INPUT_SCALE; }

int32_t mote_tflm_input_zero_point(void) { return MOTE_INPUT_ZERO_POINT; }

void *mote_tflm_input(void) { return input; }

bool mote_tflm_invoke(int8_t *scores) {
  for (int i = 0; i < MOTE_CLASS_COUNT; ++i) {
    scores[i] = input[i];
  }
  return input[0] != -77;
}

bool mote_tflm_arena_intact(void) { return true; }

size_t mote_tflm_arena_used(void) { return sizeof input; }
