/* Mote core: what a feature twin is given and what it gives back.
 *
 * C11, no heap, no libm, no globals. Everything here is plain integer and single-precision arithmetic so that a
 * board, the virtual board and the desk get the same bits; compile with -ffp-contract=off.
 *
 * A twin includes this header and the generated feature_params.h, which defines
 *   MOTE_WINDOW_SAMPLES, MOTE_CHANNELS, MOTE_FEATURE_COUNT    sizes
 *   MOTE_INPUT_SCALE, MOTE_INPUT_ZERO_POINT                   quantisation of the model's int8 input
 *   MOTE_<KEY>                                                every constant that the stage's c_constants() names
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

/* Where features go: quantised for the model, as float for tests and plots, or both. Either pointer may be NULL. */
typedef struct {
  float inverse_scale;
  int32_t zero_point;
  int8_t *i8;
  float *f32;
} mote_sink;

/* Halves away from zero, saturated; the same operations in the same order as the desk's `quantise`. */
static inline int8_t mote_quantise(float value, float inverse_scale, int32_t zero_point) {
  const float scaled = value * inverse_scale;
  const float rounded = scaled + (scaled < 0.0f ? -0.5f : 0.5f);
  /* Saturate first: a float beyond int32 has no defined integer. The conversion itself truncates. */
  const float bounded = rounded < -1000000.0f ? -1000000.0f : (rounded > 1000000.0f ? 1000000.0f : rounded);
  const int32_t code = (int32_t)bounded + zero_point;
  return (int8_t)(code < -128 ? -128 : (code > 127 ? 127 : code));
}

static inline void mote_emit(mote_sink *sink, size_t index, float value) {
  if (sink->f32 != NULL) {
    sink->f32[index] = value;
  }
  if (sink->i8 != NULL) {
    sink->i8[index] = mote_quantise(value, sink->inverse_scale, sink->zero_point);
  }
}

/* Provided by the feature twin: one window of MOTE_WINDOW_SAMPLES x MOTE_CHANNELS raw counts, channels interleaved,
 * in; MOTE_FEATURE_COUNT values, each emitted once, out. */
void mote_feature_run(const int16_t *window, mote_sink *sink);

#ifdef __cplusplus
}
#endif

#endif
