/* C twin of mote-audio/logmel: integer log-mel spectrogram of one window.
 *
 * Static buffers, no heap, no libm. A frame is windowed in Q15, brought up to the headroom of a 32-bit FFT, its
 * even and odd samples transformed as one complex signal, and the bands' energies turned into log2 in Q8. Products
 * are 64 bits wide. Every rounding has its twin in mote_audio/spectrum.py. */
#include "mote_core.h"

#include "feature_params.h"

_Static_assert((-3 >> 1) == -2, "shifting a negative number to the right must round down");
_Static_assert(MOTE_FEATURE_COUNT == MOTE_LOGMEL_FRAMES * MOTE_LOGMEL_BANDS, "features are frames by bands");

#define HALF_FFT (MOTE_LOGMEL_FFT / 2)
#define POWER_SHIFT 16
#define LOG_BITS 7

static int32_t fft_re[HALF_FFT];
static int32_t fft_im[HALF_FFT];
static uint64_t bin_power[HALF_FFT];
static int16_t log_energy[MOTE_FEATURE_COUNT];

static int32_t bit_length(uint64_t value) {
  int32_t bits = 0;
  while (value >= 256u) {
    value >>= 8;
    bits += 8;
  }
  while (value != 0u) {
    value >>= 1;
    bits += 1;
  }
  return bits;
}

static int32_t log2_q15(uint64_t value) {
  const int32_t top = bit_length(value) - 1;
  const uint64_t rest = value - ((uint64_t)1 << top);
  const uint32_t fraction = (uint32_t)(top >= 23 ? rest >> (top - 23) : rest << (23 - top));
  const uint32_t index = fraction >> (23 - LOG_BITS);
  const int64_t between = fraction & ((1u << (23 - LOG_BITS)) - 1u);
  const int32_t low = MOTE_LOGMEL_LOG2[index];
  const int32_t high = MOTE_LOGMEL_LOG2[index + 1u];
  return top * 32768 + low + (int32_t)(((high - low) * between + 32768) >> 16);
}

static int32_t windowed(const int16_t *frame, size_t i) {
  return (int32_t)frame[i * MOTE_CHANNELS + MOTE_LOGMEL_CHANNEL] * MOTE_LOGMEL_HANN[i];
}

/* Multiplying instead of shifting left: a negative number has no defined left shift. */
static int32_t scaled(int32_t value, int32_t shift) {
  if (shift >= 0) {
    return (int32_t)(value * ((int64_t)1 << shift));
  }
  return (int32_t)((value + ((int64_t)1 << (-shift - 1))) >> -shift);
}

static size_t bit_reversed(size_t index) {
  size_t out = 0;
  for (int bit = 0; bit < MOTE_LOGMEL_FFT_BITS - 1; ++bit) {
    out = (out << 1) | (index & 1u);
    index >>= 1;
  }
  return out;
}

/* Fills the FFT's buffers in bit-reversed order; returns the frame's shift, or INT32_MIN where it is silent. */
static int32_t load_frame(const int16_t *frame) {
  uint32_t peak = 0;
  for (size_t i = 0; i < MOTE_LOGMEL_FRAME; ++i) {
    const int32_t value = windowed(frame, i);
    const uint32_t magnitude = (uint32_t)(value < 0 ? -value : value);
    peak = magnitude > peak ? magnitude : peak;
  }
  if (peak == 0u) {
    return INT32_MIN;
  }
  const int32_t shift = MOTE_LOGMEL_HEADROOM - bit_length(peak);
  for (size_t k = 0; k < HALF_FFT; ++k) {
    const size_t even = 2u * k;
    const size_t to = bit_reversed(k);
    fft_re[to] = even < MOTE_LOGMEL_FRAME ? scaled(windowed(frame, even), shift) : 0;
    fft_im[to] = even + 1u < MOTE_LOGMEL_FRAME ? scaled(windowed(frame, even + 1u), shift) : 0;
  }
  return shift;
}

/* (a * b + c * d) / 2^30, rounded once. */
static int64_t dot_q30(int64_t a, int32_t b, int64_t c, int32_t d) {
  return (a * b + c * d + ((int64_t)1 << 29)) >> 30;
}

static void fft(void) {
  for (size_t half = 1; half < HALF_FFT; half *= 2u) {
    const size_t step = HALF_FFT / half;
    for (size_t j = 0; j < half; ++j) {
      const int32_t c = MOTE_LOGMEL_COS[j * step];
      const int32_t s = MOTE_LOGMEL_SIN[j * step];
      for (size_t a = j; a < HALF_FFT; a += 2u * half) {
        const size_t b = a + half;
        const int32_t tr = (int32_t)dot_q30(fft_re[b], c, fft_im[b], s);
        const int32_t ti = (int32_t)dot_q30(fft_im[b], c, -(int64_t)fft_re[b], s);
        fft_re[b] = fft_re[a] - tr;
        fft_im[b] = fft_im[a] - ti;
        fft_re[a] += tr;
        fft_im[a] += ti;
      }
    }
  }
}

static void unpack_power(void) {
  for (size_t k = MOTE_LOGMEL_FIRST_BIN; k <= MOTE_LOGMEL_LAST_BIN; ++k) {
    const size_t m = (HALF_FFT - k) % HALF_FFT;
    const int32_t c = MOTE_LOGMEL_COS[k];
    const int32_t s = MOTE_LOGMEL_SIN[k];
    const int64_t odd_re = (int64_t)fft_re[k] - fft_re[m];
    const int64_t odd_im = (int64_t)fft_im[k] + fft_im[m];
    const int64_t re = (int64_t)fft_re[k] + fft_re[m] + dot_q30(odd_im, c, -odd_re, s);
    const int64_t im = (int64_t)fft_im[k] - fft_im[m] - dot_q30(odd_re, c, odd_im, s);
    bin_power[k] = ((uint64_t)(re * re) + (uint64_t)(im * im)) >> POWER_SHIFT;
  }
}

static void log_bands(int32_t shift, int16_t *out) {
  const int32_t scale = 2 * (15 + shift) + 2 - POWER_SHIFT + 15;
  size_t at = 0;
  for (size_t band = 0; band < MOTE_LOGMEL_BANDS; ++band) {
    const size_t start = (size_t)MOTE_LOGMEL_BAND_START[band];
    const size_t count = (size_t)MOTE_LOGMEL_BAND_COUNT[band];
    uint64_t energy = 0;
    for (size_t i = 0; i < count; ++i, ++at) {
      energy += bin_power[start + i] * MOTE_LOGMEL_WEIGHTS[at];
    }
    int32_t above = 0;
    if (energy != 0u) {
      above = log2_q15(energy) - scale * 32768 - (MOTE_LOGMEL_FLOOR);
    }
    out[band] = (int16_t)(above > 0 ? (above + 64) >> 7 : 0);
  }
}

static void raise_to_range(int32_t peak) {
  const int32_t lowest = peak - MOTE_LOGMEL_RANGE;
  for (size_t i = 0; MOTE_LOGMEL_RANGE != 0 && i < MOTE_FEATURE_COUNT; ++i) {
    if (log_energy[i] < lowest) {
      log_energy[i] = (int16_t)lowest;
    }
  }
}

/* Mean over `count` values, `stride` apart; none is negative, so the division rounds down. */
static int32_t mean_of(const int16_t *values, size_t count, size_t stride) {
  int64_t sum = 0;
  for (size_t i = 0; i < count; ++i) {
    sum += values[i * stride];
  }
  return (int32_t)(sum / (int64_t)count);
}

void mote_feature_run(const int16_t *window, mote_sink *sink) {
  int32_t peak = 0;
  for (size_t f = 0; f < MOTE_LOGMEL_FRAMES; ++f) {
    int16_t *row = log_energy + f * MOTE_LOGMEL_BANDS;
    const int32_t shift = load_frame(window + f * MOTE_LOGMEL_HOP * MOTE_CHANNELS);
    if (shift == INT32_MIN) {
      for (size_t band = 0; band < MOTE_LOGMEL_BANDS; ++band) {
        row[band] = 0;
      }
      continue;
    }
    fft();
    unpack_power();
    log_bands(shift, row);
    for (size_t band = 0; band < MOTE_LOGMEL_BANDS; ++band) {
      peak = row[band] > peak ? row[band] : peak;
    }
  }
  raise_to_range(peak);
  int32_t common = 0;
  if (MOTE_LOGMEL_NORMALISE == 1) {
    common = mean_of(log_energy, MOTE_FEATURE_COUNT, 1);
  } else if (MOTE_LOGMEL_NORMALISE == 2) {
    common = peak;
  }
  for (size_t band = 0; band < MOTE_LOGMEL_BANDS; ++band) {
    int32_t subtract = common;
    if (MOTE_LOGMEL_NORMALISE == 3) {
      subtract = mean_of(log_energy + band, MOTE_LOGMEL_FRAMES, MOTE_LOGMEL_BANDS);
    }
    for (size_t f = 0; f < MOTE_LOGMEL_FRAMES; ++f) {
      const size_t i = f * MOTE_LOGMEL_BANDS + band;
      mote_emit(sink, i, (float)(log_energy[i] - subtract) * 0.00390625f);
    }
  }
}
