/* C twin of mote-audio/mfcc: cepstral coefficients of a frame as its samples are complete; normalisation and deltas
 * when the window is emitted. */
#include "mote_core.h"

#include "feature_params.h"

#include "mote_audio_samples.h"

#include "mote_audio_bands.h"
#include "mote_audio_power.h"

#define FRAMES MOTE_AUDIO_FRAMES
#define COUNT MOTE_MFCC_COUNT
#define WIDTH (COUNT * (1 + MOTE_MFCC_DELTAS))
#define SMALLEST_SPREAD 0.1f

_Static_assert(MOTE_FEATURE_COUNT == FRAMES * WIDTH, "features are frames by coefficients");

static float cepstrum[FRAMES][COUNT];
static float energy[MOTE_AUDIO_BANDS];

static float log_of(float value) { return mote_lnf(value > MOTE_AUDIO_FLOOR ? value : MOTE_AUDIO_FLOOR); }

#if MOTE_MFCC_ENERGY
static float total_of(const float *power) {
  float sum = 0.0f;
  for (size_t bin = 0; bin <= MOTE_AUDIO_FFT / 2; ++bin) {
    sum += power[bin];
  }
  return sum;
}
#endif

static void audio_frame(const int16_t *frame, size_t row) {
  const float *power = audio_power(frame);
  audio_bands(power, energy);
  for (size_t band = 0; band < MOTE_AUDIO_BANDS; ++band) {
    energy[band] = log_of(energy[band]);
  }
  const float *weight = MOTE_MFCC_MATRIX;
  for (size_t i = 0; i < COUNT; ++i) {
    float sum = 0.0f;
    for (size_t band = 0; band < MOTE_AUDIO_BANDS; ++band) {
      sum += *weight++ * energy[band];
    }
    cepstrum[row][i] = sum;
  }
#if MOTE_MFCC_ENERGY
  cepstrum[row][0] = log_of(total_of(power));
#endif
}

static float mean_of(size_t i) {
  float sum = 0.0f;
  for (size_t f = 0; f < FRAMES; ++f) {
    sum += cepstrum[f][i];
  }
  return sum * (1.0f / (float)FRAMES);
}

static float scale_of(size_t i, float mean) {
  float sum = 0.0f;
  for (size_t f = 0; f < FRAMES; ++f) {
    const float value = cepstrum[f][i] - mean;
    sum += value * value;
  }
  const float spread = mote_sqrtf(sum * (1.0f / (float)FRAMES));
  return 1.0f / (spread > SMALLEST_SPREAD ? spread : SMALLEST_SPREAD);
}

static float column[FRAMES]; /* one coefficient over the window, then its deltas */

#if MOTE_MFCC_DELTAS > 0
static float slopes[FRAMES];

static inline float at_or_end(ptrdiff_t f) { return column[f < 0 ? 0 : (f < FRAMES ? f : FRAMES - 1)]; }

/* Puts the column's slope, by regression over two frames each way, in its place. */
static void to_slopes(void) {
  for (ptrdiff_t f = 0; f < FRAMES; ++f) {
    const float near = at_or_end(f + 1) - at_or_end(f - 1);
    const float far = at_or_end(f + 2) - at_or_end(f - 2);
    slopes[f] = (near + 2.0f * far) * 0.1f;
  }
  memcpy(column, slopes, sizeof column);
}
#endif

static void emit_column(mote_sink *sink, size_t i) {
  for (size_t f = 0; f < FRAMES; ++f) {
    mote_emit(sink, f * WIDTH + i, column[f]);
  }
}

void mote_feature_emit(mote_sink *sink) {
  for (size_t i = 0; i < COUNT; ++i) {
    const float mean = MOTE_MFCC_NORMALISE > 0 ? mean_of(i) : 0.0f;
    const float scale = MOTE_MFCC_NORMALISE == 2 ? scale_of(i, mean) : 1.0f;
    for (size_t f = 0; f < FRAMES; ++f) {
      column[f] = (cepstrum[audio_row(f)][i] - mean) * scale;
    }
    emit_column(sink, i);
#if MOTE_MFCC_DELTAS > 0
    for (size_t order = 1; order <= MOTE_MFCC_DELTAS; ++order) {
      to_slopes();
      emit_column(sink, order * COUNT + i);
    }
#endif
  }
}
