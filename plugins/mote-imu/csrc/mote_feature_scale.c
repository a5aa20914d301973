/* C twin of mote-imu/scale: raw counts, less their mean where asked, times one gain per channel. */
#include "mote_core.h"

#include "feature_params.h"

#if MOTE_SCALE_REMOVE_MEAN
/* Rounded mean with division towards minus infinity, as the desk divides. */
static int32_t mean_of(const int16_t *window, size_t channel) {
  int64_t sum = MOTE_WINDOW_SAMPLES / 2;
  for (size_t t = 0; t < MOTE_WINDOW_SAMPLES; ++t) {
    sum += window[t * MOTE_CHANNELS + channel];
  }
  int64_t quotient = sum / MOTE_WINDOW_SAMPLES;
  if (sum % MOTE_WINDOW_SAMPLES < 0) {
    quotient -= 1;
  }
  return (int32_t)quotient;
}
#endif

void mote_feature_run(const int16_t *window, mote_sink *sink) {
#if MOTE_SCALE_REMOVE_MEAN
  int32_t means[MOTE_CHANNELS];
  for (size_t c = 0; c < MOTE_CHANNELS; ++c) {
    means[c] = mean_of(window, c);
  }
#endif
  size_t index = 0;
  for (size_t t = 0; t < MOTE_WINDOW_SAMPLES; ++t) {
    for (size_t c = 0; c < MOTE_CHANNELS; ++c, ++index) {
#if MOTE_SCALE_REMOVE_MEAN
      const int32_t count = window[index] - means[c];
#else
      const int32_t count = window[index];
#endif
      mote_emit(sink, index, (float)count * MOTE_SCALE_GAIN[c]);
    }
  }
}
