/* Without TensorFlow Lite Micro: models are kept and none is run. */
#include "mote_tflm.h"

bool mote_tflm_use(const uint8_t *model) {
  (void)model;
  return true; /* nobody here can say that it is a bad one */
}

void *mote_tflm_input(void) { return NULL; }

float mote_tflm_input_scale(void) { return 1.0f; }

int32_t mote_tflm_input_zero_point(void) { return 0; }

bool mote_tflm_invoke(int8_t *scores) {
  (void)scores;
  return false;
}

size_t mote_tflm_arena_used(void) { return 0; }

bool mote_tflm_arena_intact(void) { return true; }
