/* Log-mel in integers: the same bits as the desk.
 *
 * A frame is windowed in Q15, brought up to the headroom of a 32-bit FFT, its even and odd samples transformed as one
 * complex signal, and the bands' energies turned into log2 in Q8. Products are 64 bits wide. Every rounding has its
 * twin in mote_audio/integer_spectrum.py. */
#include "mote_audio_samples.h"

_Static_assert((-3 >> 1) == -2, "shifting a negative number to the right must round down");
_Static_assert(MOTE_FEATURE_COUNT == MOTE_AUDIO_FRAMES * MOTE_AUDIO_BANDS, "features are frames by bands");

#define HALF_FFT (MOTE_LOGMEL_FFT / 2)
#define POWER_SHIFT 16
#define LOG_BITS 7

static int32_t fft_re[HALF_FFT];
static int32_t fft_im[HALF_FFT];
static uint64_t bin_power[HALF_FFT];
static int16_t log_energy[MOTE_AUDIO_FRAMES][MOTE_AUDIO_BANDS];

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
  return (int32_t)frame[i] * MOTE_LOGMEL_HANN[i];
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
  for (size_t i = 0; i < MOTE_AUDIO_FRAME; ++i) {
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
    fft_re[to] = even < MOTE_AUDIO_FRAME ? scaled(windowed(frame, even), shift) : 0;
    fft_im[to] = even + 1u < MOTE_AUDIO_FRAME ? scaled(windowed(frame, even + 1u), shift) : 0;
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
  for (size_t band = 0; band < MOTE_AUDIO_BANDS; ++band) {
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

static void audio_frame(const int16_t *frame, size_t row) {
  const int32_t shift = load_frame(frame);
  if (shift == INT32_MIN) {
    memset(log_energy[row], 0, sizeof log_energy[row]);
    return;
  }
  fft();
  unpack_power();
  log_bands(shift, log_energy[row]);
}

static int32_t peak_of_window(void) {
  int32_t peak = 0;
  for (size_t row = 0; row < MOTE_AUDIO_FRAMES; ++row) {
    for (size_t band = 0; band < MOTE_AUDIO_BANDS; ++band) {
      const int32_t level = log_energy[row][band];
      peak = level > peak ? level : peak;
    }
  }
  return peak;
}

/* The kept levels stay as they are: the next window shares them. */
static inline int32_t raised(size_t row, size_t band, int32_t lowest) {
  const int32_t level = log_energy[row][band];
  return level > lowest ? level : lowest;
}

static int64_t band_sum(size_t band, int32_t lowest) {
  int64_t sum = 0;
  for (size_t f = 0; f < MOTE_AUDIO_FRAMES; ++f) {
    sum += raised(f, band, lowest);
  }
  return sum;
}

/* Subtracted from every value; no sum is negative, so divisions round down. */
static int32_t common_of(int32_t peak, int32_t lowest) {
  if (MOTE_LOGMEL_NORMALISE == 2) {
    return peak;
  }
  int64_t sum = 0;
  for (size_t band = 0; MOTE_LOGMEL_NORMALISE == 1 && band < MOTE_AUDIO_BANDS; ++band) {
    sum += band_sum(band, lowest);
  }
  return (int32_t)(sum / MOTE_FEATURE_COUNT);
}

void mote_feature_emit(mote_sink *sink) {
  const int32_t peak = peak_of_window();
  const int32_t lowest = MOTE_LOGMEL_RANGE != 0 && peak > MOTE_LOGMEL_RANGE ? peak - MOTE_LOGMEL_RANGE : 0;
  const int32_t common = common_of(peak, lowest);
  for (size_t band = 0; band < MOTE_AUDIO_BANDS; ++band) {
    int32_t subtract = common;
    if (MOTE_LOGMEL_NORMALISE == 3) {
      subtract = (int32_t)(band_sum(band, lowest) / MOTE_AUDIO_FRAMES);
    }
    for (size_t f = 0; f < MOTE_AUDIO_FRAMES; ++f) {
      const int32_t value = raised(audio_row(f), band, lowest) - subtract;
      mote_emit(sink, f * MOTE_AUDIO_BANDS + band, (float)value * 0.00390625f);
    }
  }
}
