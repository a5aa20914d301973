/* C twin of mote-imu/envelope: biquads in direct form II transposed, channel by channel, straight from the window.
 * The state of one channel is all the memory there is; where a spectrum is wanted, its series comes on top. */
#include <string.h>

#include "mote_core.h"

#include "feature_params.h"
#include "mote_dsp.h"

#define SECTIONS MOTE_ENVELOPE_SECTIONS

#if MOTE_ENVELOPE_BANDS
_Static_assert(MOTE_FEATURE_COUNT == MOTE_CHANNELS * MOTE_ENVELOPE_BANDS, "features are channels by bands");

static float series[MOTE_ENVELOPE_FFT];
#else
_Static_assert(MOTE_FEATURE_COUNT == MOTE_ENVELOPE_POINTS * MOTE_CHANNELS, "features are points by channels");
#endif

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

static void keep(mote_sink *sink, size_t channel, size_t point, float value) {
#if MOTE_ENVELOPE_BANDS
  (void)sink;
  (void)channel;
  series[point] = value;
#else
  mote_emit(sink, point * MOTE_CHANNELS + channel, value);
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
      keep(sink, channel, point, as_feature(x * MOTE_ENVELOPE_SCALE[channel]));
      left = MOTE_ENVELOPE_STEP;
      ++point;
    }
  }
}

#if MOTE_ENVELOPE_BANDS
static void emit_spectrum(size_t channel, mote_sink *sink) {
  float mean = 0.0f;
  for (size_t i = 0; i < MOTE_ENVELOPE_POINTS; ++i) {
    mean += series[i];
  }
  mean /= (float)MOTE_ENVELOPE_POINTS;
  for (size_t i = 0; i < MOTE_ENVELOPE_POINTS; ++i) {
    series[i] = (series[i] - mean) * MOTE_ENVELOPE_WINDOW[i];
  }
  memset(series + MOTE_ENVELOPE_POINTS, 0, (MOTE_ENVELOPE_FFT - MOTE_ENVELOPE_POINTS) * sizeof *series);
  mote_rfft_power(series, MOTE_ENVELOPE_FFT, MOTE_ENVELOPE_TABLE);
  series[MOTE_ENVELOPE_FFT / 2] *= 0.5f;
  size_t at = 0;
  for (size_t band = 0; band < MOTE_ENVELOPE_BANDS; ++band) {
    const float *const from = series + MOTE_ENVELOPE_BAND_START[band];
    float power = 0.0f;
    for (int16_t i = 0; i < MOTE_ENVELOPE_BAND_COUNT[band]; ++i, ++at) {
      power += from[i] * MOTE_ENVELOPE_WEIGHTS[at];
    }
    const float level = 0.25f * mote_log2f(larger(power * MOTE_ENVELOPE_POWER, 0x1p-24f)) + 2.0f;
    mote_emit(sink, channel * MOTE_ENVELOPE_BANDS + band, level);
  }
}
#endif

void mote_feature_run(const int16_t *window, mote_sink *sink) {
  for (size_t channel = 0; channel < MOTE_CHANNELS; ++channel) {
    run_channel(window, channel, sink);
#if MOTE_ENVELOPE_BANDS
    emit_spectrum(channel, sink);
#endif
  }
}
