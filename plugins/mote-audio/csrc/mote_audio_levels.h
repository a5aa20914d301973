/* Levels above a floor, and what is done to a window of them when it is emitted: range and normalisation. The frames'
 * levels are kept as they are, because the next window shares them. The desk's side is mote_audio/levels.py.
 *
 * MOTE_AUDIO_NORMALISE: 0 nothing, 1 mean, 2 max, 3 each band's mean, 4 likewise and divided by its deviation. */
#ifndef MOTE_AUDIO_LEVELS_H
#define MOTE_AUDIO_LEVELS_H

#include "mote_audio_samples.h"
#include "mote_dsp.h"

#define AUDIO_SMALLEST_SPREAD 0.1f

static float audio_levels[MOTE_AUDIO_FRAMES][MOTE_AUDIO_BANDS];

/* log2 of an energy above the floor, none below zero. */
static inline float audio_level(float energy) {
  const float level = mote_log2f(energy > MOTE_AUDIO_FLOOR ? energy : MOTE_AUDIO_FLOOR) - (MOTE_AUDIO_FLOOR_LOG2);
  return level > 0.0f ? level : 0.0f;
}

static float audio_peak(void) {
  float peak = audio_levels[0][0];
  for (size_t row = 0; row < MOTE_AUDIO_FRAMES; ++row) {
    for (size_t band = 0; band < MOTE_AUDIO_BANDS; ++band) {
      const float level = audio_levels[row][band];
      peak = level > peak ? level : peak;
    }
  }
  return peak;
}

static inline float audio_raised(float level, float lowest) { return level > lowest ? level : lowest; }

static float audio_band_sum(size_t band, float lowest) {
  float sum = 0.0f;
  for (size_t f = 0; f < MOTE_AUDIO_FRAMES; ++f) {
    sum += audio_raised(audio_levels[f][band], lowest);
  }
  return sum;
}

/* 1 / standard deviation of a band, no more than 1 / AUDIO_SMALLEST_SPREAD. */
static float audio_band_scale(size_t band, float lowest, float mean) {
  float sum = 0.0f;
  for (size_t f = 0; f < MOTE_AUDIO_FRAMES; ++f) {
    const float value = audio_raised(audio_levels[f][band], lowest) - mean;
    sum += value * value;
  }
  const float spread = mote_sqrtf(sum * (1.0f / (float)MOTE_AUDIO_FRAMES));
  return 1.0f / (spread > AUDIO_SMALLEST_SPREAD ? spread : AUDIO_SMALLEST_SPREAD);
}

/* Subtracted from every value of the window. */
static float audio_common(float peak, float lowest) {
  if (MOTE_AUDIO_NORMALISE == 2) {
    return peak;
  }
  float sum = 0.0f;
  for (size_t band = 0; MOTE_AUDIO_NORMALISE == 1 && band < MOTE_AUDIO_BANDS; ++band) {
    sum += audio_band_sum(band, lowest);
  }
  return sum * (1.0f / ((float)MOTE_AUDIO_FRAMES * (float)MOTE_AUDIO_BANDS));
}

static inline void audio_emit_levels(mote_sink *sink) {
  const float range = MOTE_AUDIO_RANGE;
  const float peak = range > 0.0f || MOTE_AUDIO_NORMALISE == 2 ? audio_peak() : 0.0f;
  const float lowest = range > 0.0f ? peak - range : 0.0f;
  const float common = audio_common(peak, lowest);
  for (size_t band = 0; band < MOTE_AUDIO_BANDS; ++band) {
    float subtract = common;
    float scale = 1.0f;
    if (MOTE_AUDIO_NORMALISE >= 3) {
      subtract = audio_band_sum(band, lowest) * (1.0f / (float)MOTE_AUDIO_FRAMES);
    }
    if (MOTE_AUDIO_NORMALISE == 4) {
      scale = audio_band_scale(band, lowest, subtract);
    }
    for (size_t f = 0; f < MOTE_AUDIO_FRAMES; ++f) {
      const float value = audio_raised(audio_levels[audio_row(f)][band], lowest);
      mote_emit(sink, f * MOTE_AUDIO_BANDS + band, (value - subtract) * scale);
    }
  }
}

#endif
