/* Stands in where the project is built without TensorFlow Lite Micro: there is no model, and it says so. */
#include "mote_tflm.h"

bool mote_tflm_init(void) { return false; }

void *mote_tflm_input(void) { return NULL; }

bool mote_tflm_invoke(int8_t *scores) {
  (void)scores;
  return false;
}

size_t mote_tflm_arena_used(void) { return 0; }
