/* Raw samples in, the model's scores out: the feature twins and TFLM behind one call. */
#ifndef MOTE_MODEL_H
#define MOTE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The functions that mote_port wants by these names. */
bool mote_model_use(void *context, const uint8_t *model);
uint8_t *mote_model_input(void *context, size_t *length);
bool mote_model_infer_input(void *context, int8_t *scores);

/* The signature that `mote_port.infer` wants: one window in, scores out; `context` is not used. */
bool mote_model_infer(void *context, const int16_t *window, int8_t *scores);

/* The signatures that `mote_port.stream` wants, where MOTE_FEATURES_STREAMING says that every feature takes samples as
 * they come: nothing that overlapping windows share is computed twice. */
void mote_model_reset(void *context);
void mote_model_push(void *context, const int16_t *samples, size_t count);
bool mote_model_infer_pushed(void *context, int8_t *scores);

#endif
