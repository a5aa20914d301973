/* C twin of mote-imu/envelope: biquads in direct form II transposed, channel by channel, straight from the window.
 * The state of one channel is all the memory there is. */
#include "mote_core.h"

#include "feature_params.h"
#include "mote_dsp.h"

#define SECTIONS MOTE_ENVELOPE_SECTIONS

_Static_assert(MOTE_FEATURE_COUNT == MOTE_ENVELOPE_POINTS * MOTE_CHANNELS, "features are points by channels");

typedef struct {
  float z0;
  float z1;
} state;

static float step_section(const float *c, state *z, float x) {
  const float y = c[0] * x + z->z0;
  z->z0 = c[1] * x - c[3] * y + z->z1;
  z->z1 = c[2] * x - c[4] * y;
  return y;
}

static float larger(float a, float b) { return a > b ? a : b; }

static float as_feature(float strength) {
#if MOTE_ENVELOPE_LOG && MOTE_ENVELOPE_SQUARE
  return 0.25f * mote_log2f(larger(strength, 0x1p-24f)) + 2.0f;
#elif MOTE_ENVELOPE_LOG
  return 0.5f * mote_log2f(larger(strength, 0x1p-12f)) + 2.0f;
#elif MOTE_ENVELOPE_SQUARE
  return mote_sqrtf(larger(strength, 0.0f));
#else
  return larger(strength, 0.0f);
#endif
}

static void run_channel(const int16_t *window, size_t channel, mote_sink *sink) {
  state z[SECTIONS + 1] = {{0.0f, 0.0f}};
  const int32_t first = window[channel];
  size_t point = 0;
  size_t left = MOTE_ENVELOPE_STEP;
  for (size_t t = 0; point < MOTE_ENVELOPE_POINTS; ++t) {
    /* Less the first sample: as if the filter had settled to it. */
    float x = (float)(window[t * MOTE_CHANNELS + channel] - first);
    for (size_t s = 0; s < SECTIONS; ++s) {
      x = step_section(&MOTE_ENVELOPE_FILTER[5 * s], &z[s], x);
    }
#if MOTE_ENVELOPE_SQUARE
    x = x * x;
#else
    x = x < 0.0f ? -x : x;
#endif
    x = step_section(&MOTE_ENVELOPE_FILTER[5 * SECTIONS], &z[SECTIONS], x);
    if (--left == 0) {
      mote_emit(sink, point * MOTE_CHANNELS + channel, as_feature(x * MOTE_ENVELOPE_SCALE[channel]));
      left = MOTE_ENVELOPE_STEP;
      ++point;
    }
  }
}

void mote_feature_run(const int16_t *window, mote_sink *sink) {
  for (size_t channel = 0; channel < MOTE_CHANNELS; ++channel) {
    run_channel(window, channel, sink);
  }
}
