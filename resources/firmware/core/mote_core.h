/* Mote core: what a feature twin is given and what it gives back.
 *
 * C11, no heap, no libm, no globals. Everything here is plain integer and single-precision arithmetic so that a
 * board, the virtual board and the desk get the same bits; compile with -ffp-contract=off.
 *
 * Every use of a feature stage is a translation unit of its own with a generated feature_params.h beside it, which
 * renames the functions below for this use and defines
 *   MOTE_WINDOW_SAMPLES, MOTE_STEP_SAMPLES, MOTE_CHANNELS    the window, and how far the next one is
 *   MOTE_RATE_HZ                                             nominal, as float
 *   MOTE_FEATURE_COUNT                                       values of this use
 *   MOTE_<KEY>                                               every constant that the stage's c_constants() names
 * Integers are #defines, floats are #defines with an f suffix that read back to the same single-precision value,
 * arrays are `static const` of the matching type (int8_t .. uint32_t, float) with that name.
 */
#ifndef MOTE_CORE_H
#define MOTE_CORE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where features go: quantised for the model, as float for tests and plots, or both. Every pointer may be NULL.
 * Several uses share one input: a use's values come `width` at a time, `stride` apart, the first at `base`. */
typedef struct {
  float inverse_scale;
  int32_t zero_point;
  int8_t *i8;
  int16_t *i16;
  float *f32;
  uint32_t base;
  uint32_t width;
  uint32_t stride;
} mote_sink;

/* Halves away from zero; the same operations in the same order as the desk's `quantise`. */
static inline int32_t mote_quantise(float value, float inverse_scale, int32_t zero_point) {
  const float scaled = value * inverse_scale;
  const float rounded = scaled + (scaled < 0.0f ? -0.5f : 0.5f);
  /* Saturate first: a float beyond int32 has no defined integer. The conversion itself truncates. */
  const float bounded = rounded < -1000000.0f ? -1000000.0f : (rounded > 1000000.0f ? 1000000.0f : rounded);
  return (int32_t)bounded + zero_point;
}

static inline void mote_emit(mote_sink *sink, size_t index, float value) {
  size_t at = sink->base + index;
  if (sink->width != sink->stride) {
    at = sink->base + index / sink->width * sink->stride + index % sink->width;
  }
  if (sink->f32 != NULL) {
    sink->f32[at] = value;
  }
  if (sink->i8 != NULL) {
    const int32_t code = mote_quantise(value, sink->inverse_scale, sink->zero_point);
    sink->i8[at] = (int8_t)(code < -128 ? -128 : (code > 127 ? 127 : code));
  }
  if (sink->i16 != NULL) {
    const int32_t code = mote_quantise(value, sink->inverse_scale, sink->zero_point);
    sink->i16[at] = (int16_t)(code < -32767 ? -32767 : (code > 32767 ? 32767 : code));
  }
}

/* A twin that works on whole windows provides this: MOTE_WINDOW_SAMPLES x MOTE_CHANNELS raw counts, channels
 * interleaved, in; MOTE_FEATURE_COUNT values, each emitted once, out. */
void mote_feature_run(const int16_t *window, mote_sink *sink);

/* A twin that takes samples as they come provides these instead.
 * reset: forget everything; a stream begins, or has a gap.
 * push:  the next `count` samples of all channels, any number of them.
 * emit:  the features of the window that ends with the last sample pushed; more samples may follow.
 * Where MOTE_STEP_SAMPLES is a multiple of the stage's hop, frames that windows share are computed once; where it is
 * not, or a single window is asked for, the core resets and pushes the whole window. */
void mote_feature_reset(void);
void mote_feature_push(const int16_t *samples, size_t count);
void mote_feature_emit(mote_sink *sink);

#ifdef __cplusplus
}
#endif

#endif
