/* C twin of mote-audio/spectrogram: bins of the power spectrum, computed frame by frame as samples come. */
#include "mote_core.h"

#include "feature_params.h"

#include "mote_audio_samples.h"

#include "mote_audio_levels.h"
#include "mote_audio_power.h"

_Static_assert(MOTE_FEATURE_COUNT == MOTE_AUDIO_FRAMES * MOTE_AUDIO_BANDS, "features are frames by bins");

/* MOTE_SPECTROGRAM_LEVEL: 0 logarithm, 1 magnitude, 2 power. */
static float level_of(float power) {
  if (MOTE_SPECTROGRAM_LEVEL == 0) {
    return audio_level(power);
  }
  return MOTE_SPECTROGRAM_LEVEL == 1 ? mote_sqrtf(power) : power;
}

static void audio_frame(const int16_t *frame, size_t row) {
  const float *power = audio_power(frame) + MOTE_SPECTROGRAM_FIRST;
  for (size_t i = 0; i < MOTE_AUDIO_BANDS; ++i) {
    float sum = 0.0f;
    for (size_t bin = 0; bin < MOTE_SPECTROGRAM_JOIN; ++bin) {
      sum += *power++;
    }
    audio_levels[row][i] = level_of(sum * (1.0f / (float)MOTE_SPECTROGRAM_JOIN));
  }
}

#if MOTE_SPECTROGRAM_LEVEL == 0
void mote_feature_emit(mote_sink *sink) { audio_emit_levels(sink); }
#else
void mote_feature_emit(mote_sink *sink) {
  for (size_t f = 0; f < MOTE_AUDIO_FRAMES; ++f) {
    const float *row = audio_levels[audio_row(f)];
    for (size_t i = 0; i < MOTE_AUDIO_BANDS; ++i) {
      mote_emit(sink, f * MOTE_AUDIO_BANDS + i, row[i]);
    }
  }
}
#endif
