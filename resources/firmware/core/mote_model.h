/* One window of raw samples in, the model's scores out: the feature twin and TFLM behind one call. */
#ifndef MOTE_MODEL_H
#define MOTE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

/* The signature that `mote_port.infer` wants; `context` is not used. */
bool mote_model_infer(void *context, const int16_t *window, int8_t *scores);

#endif
