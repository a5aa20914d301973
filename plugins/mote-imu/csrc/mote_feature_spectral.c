/* C twin of mote-imu/spectral: periodograms as samples arrive, summed when a window ends.
 *
 * Windows that overlap share their periodograms as sums over stretches of segments ("panes"): a pane ends where a
 * window begins or ends, so that a window is always a whole number of panes, and memory does not grow with the number
 * of segments. Static buffers, no heap. */
#include <string.h>

#include "mote_core.h"

#include "feature_params.h"
#include "mote_dsp.h"

#define SEGMENT MOTE_SPECTRAL_SEGMENT
#define HOP MOTE_SPECTRAL_HOP
#define BINS (SEGMENT / 2 + 1)
#define SEGMENTS (1 + (MOTE_WINDOW_SAMPLES - SEGMENT) / HOP)
#if MOTE_STEP_SAMPLES % MOTE_SPECTRAL_HOP == 0
#define PER_STEP (MOTE_STEP_SAMPLES / HOP)
#else
#define PER_STEP SEGMENTS /* every window is pushed on its own */
#endif
#define REST (SEGMENTS % PER_STEP)
#define PANES (REST != 0 ? 2 * (SEGMENTS / PER_STEP) + 1 : SEGMENTS / PER_STEP)
#define FEATURES (MOTE_SPECTRAL_BANDS + 2 * MOTE_SPECTRAL_PEAKS + MOTE_SPECTRAL_ENTROPY + MOTE_SPECTRAL_CENTROID)
#define TINY 0x1p-126f

_Static_assert(MOTE_FEATURE_COUNT == MOTE_CHANNELS * FEATURES, "features are channels by bands, peaks and shape");

static int16_t recent[SEGMENT * MOTE_CHANNELS];
static size_t filled; /* samples in `recent` */
static size_t number; /* of the next segment, counted from the last step */
static size_t pane;
static float sums[PANES][MOTE_CHANNELS][BINS];
static float work[SEGMENT];

void mote_feature_reset(void) {
  filled = 0;
  number = 0;
  pane = 0;
  memset(sums, 0, sizeof sums);
}

static void add_periodogram(size_t channel) {
  int32_t total = 0;
  for (size_t i = 0; i < SEGMENT; ++i) {
    total += recent[i * MOTE_CHANNELS + channel];
  }
  const float mean = (float)total * (1.0f / (float)SEGMENT);
  for (size_t i = 0; i < SEGMENT; ++i) {
    work[i] = ((float)recent[i * MOTE_CHANNELS + channel] - mean) * MOTE_SPECTRAL_WINDOW[i];
  }
  mote_rfft_power(work, SEGMENT, MOTE_SPECTRAL_TABLE);
  float *const sum = sums[pane][channel];
  for (size_t k = 0; k < BINS; ++k) {
    sum[k] += work[k];
  }
}

static void end_segment(void) {
  if (number == 0 || number == REST) {
    pane = (pane + 1) % PANES;
    memset(sums[pane], 0, sizeof sums[pane]);
  }
  /* Between windows that do not touch, segments belong to none. */
  for (size_t c = 0; c < MOTE_CHANNELS && number < SEGMENTS; ++c) {
    add_periodogram(c);
  }
  number = (number + 1) % PER_STEP;
}

void mote_feature_push(const int16_t *samples, size_t count) {
  while (count > 0) {
    const size_t room = SEGMENT - filled;
    const size_t taken = count < room ? count : room;
    memcpy(recent + filled * MOTE_CHANNELS, samples, taken * MOTE_CHANNELS * sizeof *samples);
    filled += taken;
    samples += taken * MOTE_CHANNELS;
    count -= taken;
    if (filled == SEGMENT) {
      end_segment();
      filled -= HOP;
      memmove(recent, recent + HOP * MOTE_CHANNELS, filled * MOTE_CHANNELS * sizeof *recent);
    }
  }
}

static float larger(float a, float b) { return a > b ? a : b; }

#if MOTE_SPECTRAL_PEAKS || MOTE_SPECTRAL_ENTROPY
static float log2_of(float power) { return mote_log2f(larger(power, TINY)); }
#endif

#if MOTE_SPECTRAL_BANDS
/* -4 at 2^-24 and below, 4 at 2^8. */
static float level_of(float power) { return 0.25f * mote_log2f(larger(power, 0x1p-24f)) + 2.0f; }

static size_t emit_bands(mote_sink *sink, size_t index, float scale) {
  size_t at = 0;
  for (size_t band = 0; band < MOTE_SPECTRAL_BANDS; ++band) {
    const float *const from = work + MOTE_SPECTRAL_BAND_START[band];
    float power = 0.0f;
    for (int16_t i = 0; i < MOTE_SPECTRAL_BAND_COUNT[band]; ++i, ++at) {
      power += from[i] * MOTE_SPECTRAL_WEIGHTS[at];
    }
    mote_emit(sink, index++, level_of(power * scale));
  }
  return index;
}
#endif

#if MOTE_SPECTRAL_PEAKS
/* Bins of the highest local maxima, highest first; 0 where there are no more. */
static void find_peaks(size_t *at) {
  memset(at, 0, MOTE_SPECTRAL_PEAKS * sizeof *at);
  for (size_t k = MOTE_SPECTRAL_FIRST_BIN; k <= MOTE_SPECTRAL_LAST_BIN; ++k) {
    size_t bin = k;
    if (!(work[k] > work[k - 1] && work[k] >= work[k + 1])) {
      continue;
    }
    for (size_t i = 0; i < MOTE_SPECTRAL_PEAKS && bin != 0; ++i) {
      if (at[i] == 0 || work[bin] > work[at[i]]) {
        const size_t lower = at[i];
        at[i] = bin;
        bin = lower;
      }
    }
  }
}

static size_t emit_peaks(mote_sink *sink, size_t index, float scale) {
  size_t at[MOTE_SPECTRAL_PEAKS];
  find_peaks(at);
  for (size_t i = 0; i < MOTE_SPECTRAL_PEAKS; ++i) {
    float frequency = 0.0f;
    float height = -4.0f;
    if (at[i] != 0) {
      const float a = log2_of(work[at[i] - 1]);
      const float b = log2_of(work[at[i]]);
      const float c = log2_of(work[at[i] + 1]);
      const float bend = a - 2.0f * b + c;
      const float offset = bend < 0.0f ? 0.5f * (a - c) / bend : 0.0f;
      const float octaves = b - 0.25f * (a - c) * offset + mote_log2f(scale * MOTE_SPECTRAL_HEIGHT);
      frequency = ((float)at[i] + offset) * (8.0f / (float)SEGMENT);
      height = larger(0.25f * octaves + 2.0f, -4.0f);
    }
    mote_emit(sink, index++, frequency);
    mote_emit(sink, index++, height);
  }
  return index;
}
#endif

#if MOTE_SPECTRAL_ENTROPY || MOTE_SPECTRAL_CENTROID
static void emit_shape(mote_sink *sink, size_t index) {
  float total = 0.0f;
#if MOTE_SPECTRAL_ENTROPY
  float logs = 0.0f;
#endif
#if MOTE_SPECTRAL_CENTROID
  float places = 0.0f;
#endif
  for (size_t k = MOTE_SPECTRAL_FIRST_BIN; k <= MOTE_SPECTRAL_LAST_BIN; ++k) {
    total += work[k];
#if MOTE_SPECTRAL_CENTROID
    places += (float)k * work[k];
#endif
#if MOTE_SPECTRAL_ENTROPY
    logs += work[k] * log2_of(work[k]);
#endif
  }
  total = larger(total, TINY);
#if MOTE_SPECTRAL_ENTROPY
  const float bits = mote_log2f(total) - logs / total;
  mote_emit(sink, index++, total > TINY ? bits * MOTE_SPECTRAL_ENTROPY_SCALE : 0.0f);
#endif
#if MOTE_SPECTRAL_CENTROID
  mote_emit(sink, index, places / total * (8.0f / (float)SEGMENT));
#endif
}
#endif

void mote_feature_emit(mote_sink *sink) {
  for (size_t c = 0; c < MOTE_CHANNELS; ++c) {
    memcpy(work, sums[0][c], sizeof sums[0][c]);
    for (size_t p = 1; p < PANES; ++p) {
      for (size_t k = 0; k < BINS; ++k) {
        work[k] += sums[p][c][k];
      }
    }
    /* The mean's bin and that of half the rate have no mirror image. */
    work[0] *= 0.5f;
    work[BINS - 1] *= 0.5f;
    size_t index = c * FEATURES;
#if MOTE_SPECTRAL_BANDS
    index = emit_bands(sink, index, MOTE_SPECTRAL_POWER[c]);
#endif
#if MOTE_SPECTRAL_PEAKS
    index = emit_peaks(sink, index, MOTE_SPECTRAL_POWER[c]);
#endif
#if MOTE_SPECTRAL_ENTROPY || MOTE_SPECTRAL_CENTROID
    emit_shape(sink, index);
#else
    (void)index;
#endif
  }
}
