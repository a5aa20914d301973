/* C twin of mote-audio/mfe: energies in mel bands, computed frame by frame as samples come. */
#include "mote_core.h"

#include "feature_params.h"

#include "mote_audio_samples.h"

#include "mote_audio_bands.h"
#include "mote_audio_power.h"

_Static_assert(MOTE_FEATURE_COUNT == MOTE_AUDIO_FRAMES * MOTE_AUDIO_BANDS, "features are frames by bands");

static float values[MOTE_AUDIO_FRAMES][MOTE_AUDIO_BANDS];

/* MOTE_MFE_LEVEL: 0 decibels above the floor, 1 root, 2 energy. */
static float level_of(float energy) {
  if (MOTE_MFE_LEVEL == 0) {
    const float level = mote_log2f(energy > MOTE_AUDIO_FLOOR ? energy : MOTE_AUDIO_FLOOR) - (MOTE_AUDIO_FLOOR_LOG2);
    return level > 0.0f ? level * MOTE_MFE_SCALE : 0.0f;
  }
  return MOTE_MFE_LEVEL == 1 ? mote_sqrtf(energy) : energy;
}

static void audio_frame(const int16_t *frame, size_t row) {
  audio_bands(audio_power(frame), values[row]);
  for (size_t band = 0; band < MOTE_AUDIO_BANDS; ++band) {
    values[row][band] = level_of(values[row][band]);
  }
}

void mote_feature_emit(mote_sink *sink) {
  for (size_t f = 0; f < MOTE_AUDIO_FRAMES; ++f) {
    const float *row = values[audio_row(f)];
    for (size_t band = 0; band < MOTE_AUDIO_BANDS; ++band) {
      mote_emit(sink, f * MOTE_AUDIO_BANDS + band, row[band]);
    }
  }
}
