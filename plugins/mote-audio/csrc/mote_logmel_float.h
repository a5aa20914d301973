/* Log-mel in single precision, or PCEN of the bands' energies. The desk's side is mote_audio/levels.py. */
#include "mote_audio_samples.h"

#include "mote_audio_bands.h"
#include "mote_audio_levels.h"
#include "mote_audio_power.h"

_Static_assert(MOTE_FEATURE_COUNT == MOTE_AUDIO_FRAMES * MOTE_AUDIO_BANDS, "features are frames by bands");

#if MOTE_LOGMEL_PCEN
/* Energies are kept; the slow average starts at the window's first frame, so it is followed when a window ends. */
static void audio_frame(const int16_t *frame, size_t row) {
  audio_bands(audio_power(frame), audio_levels[row]);
  for (size_t band = 0; band < MOTE_AUDIO_BANDS; ++band) {
    audio_levels[row][band] *= MOTE_PCEN_SCALE;
  }
}

void mote_feature_emit(mote_sink *sink) {
  for (size_t band = 0; band < MOTE_AUDIO_BANDS; ++band) {
    float slow = audio_levels[audio_row(0)][band];
    for (size_t f = 0; f < MOTE_AUDIO_FRAMES; ++f) {
      const float energy = audio_levels[audio_row(f)][band];
      slow += MOTE_PCEN_SMOOTHING * (energy - slow);
      const float gained = energy * mote_powf(slow + MOTE_PCEN_EPSILON, -MOTE_PCEN_GAIN);
      mote_emit(sink, f * MOTE_AUDIO_BANDS + band,
                mote_powf(gained + MOTE_PCEN_BIAS, MOTE_PCEN_POWER) - MOTE_PCEN_BIAS_POWER);
    }
  }
}
#else
static void audio_frame(const int16_t *frame, size_t row) {
  float *levels = audio_levels[row];
  audio_bands(audio_power(frame), levels);
  for (size_t band = 0; band < MOTE_AUDIO_BANDS; ++band) {
    levels[band] = audio_level(levels[band]);
  }
}

void mote_feature_emit(mote_sink *sink) { audio_emit_levels(sink); }
#endif
