/* The model on TensorFlow Lite Micro. Two implementations: mote_tflm.cc where TFLM is present, mote_tflm_absent.c
 * where it is not, so that a project builds and streams without it. */
#ifndef MOTE_TFLM_H
#define MOTE_TFLM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sets the interpreter up for a model, which must stay where it is; whatever ran before is gone. Returns false for one
 * that TFLM refuses, or whose input and output do not have the sizes that the project was generated for. */
bool mote_tflm_use(const uint8_t *model);

/* The model's input, int8_t or int16_t as MOTE_INPUT_BITS says, or NULL where there is no good model. */
void *mote_tflm_input(void);

/* One step of the input; the desk quantises with the same number. */
float mote_tflm_input_scale(void);
int32_t mote_tflm_input_zero_point(void);

/* Runs the model and writes MOTE_CLASS_COUNT scores; 16-bit ones are rounded to 8 bits, as the desk does. Returns
 * whether it ran. */
bool mote_tflm_invoke(int8_t *scores);

/* Bytes of the arena that are used. */
size_t mote_tflm_arena_used(void);

/* Whether nothing was written beyond the arena's ends; a debug build watches. */
bool mote_tflm_arena_intact(void);

#ifdef __cplusplus
}
#endif

#endif
