/* Stands in where the project is built without TensorFlow Lite Micro: there is no model, and it says so. */
#include "mote_tflm.h"

bool mote_tflm_init(void) { return false; }

int8_t *mote_tflm_input(void) { return NULL; }

const int8_t *mote_tflm_invoke(void) { return NULL; }

size_t mote_tflm_arena_used(void) { return 0; }
