/* C twin of my_plugin/band_level.py: the same operations in the same order, in single precision.
 *
 * feature_params.h is generated for every use of the stage: MOTE_WINDOW_SAMPLES, MOTE_CHANNELS, MOTE_FEATURE_COUNT and
 * a MOTE_<KEY> for everything that c_constants() names. No heap, no libm; core/mote_dsp.h has roots, logarithms, FFT.
 */
#include "mote_core.h"

#include "feature_params.h"
#include "mote_dsp.h"

_Static_assert(MOTE_FEATURE_COUNT == MOTE_FRAMES * MOTE_SELECTED, "features are frames by channels");

static float level_of(float sum_of_squares, float peak) {
#if MOTE_LEVEL_PEAK
  (void)sum_of_squares;
  float level = peak;
#else
  (void)peak;
  float level = mote_sqrtf(sum_of_squares / (float)MOTE_FRAME_SAMPLES);
#endif
#if MOTE_LEVEL_LOG
  level = level > MOTE_LEVEL_FLOOR ? level : MOTE_LEVEL_FLOOR;
  level = mote_log2f(level / MOTE_LEVEL_FLOOR) * 0.25f;
#endif
  return level;
}

void mote_feature_run(const int16_t *window, mote_sink *sink) {
  for (size_t column = 0; column < MOTE_SELECTED; ++column) {
    const size_t channel = MOTE_SELECTED_CHANNELS[column];
    const int32_t rest = window[channel];
    float s1 = 0.0f;
    float s2 = 0.0f;
    size_t t = 0;
    for (size_t frame = 0; frame < MOTE_FRAMES; ++frame) {
      float total = 0.0f;
      float peak = 0.0f;
      for (size_t i = 0; i < MOTE_FRAME_SAMPLES; ++i, ++t) {
        const float x = (float)(window[t * MOTE_CHANNELS + channel] - rest) * (1.0f / 32768.0f);
        const float y = MOTE_BAND_B0 * x + s1;
        s1 = s2 - MOTE_BAND_A1 * y;
        s2 = -MOTE_BAND_B0 * x - MOTE_BAND_A2 * y;
        total = total + y * y;
        const float size = y < 0.0f ? -y : y;
        peak = size > peak ? size : peak;
      }
      mote_emit(sink, frame * MOTE_SELECTED + column, level_of(total, peak));
    }
  }
}
