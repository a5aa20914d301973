/* C twin of mote-imu/statistics. Sums are 64-bit integers and exact; single precision comes at the end, in the order
 * of mote_imu/moments.py. Static memory: one magnitude per sample where a magnitude is wanted. */
#include "mote_core.h"

#include "feature_params.h"
#include "mote_dsp.h"

#define ROWS (MOTE_CHANNELS + MOTE_STATISTICS_SENSORS)
#define N MOTE_WINDOW_SAMPLES

_Static_assert(MOTE_FEATURE_COUNT == ROWS * MOTE_STATISTICS_COUNT, "features are channels by statistics");
_Static_assert(N >= 3 && N <= 32768, "sums of fourth powers in two halves fit 64 bits");

/* Numbers of the statistics: the order of KINDS in mote_imu/statistics.py. */
enum { MEAN, RMS, STD, SKEWNESS, KURTOSIS, CREST, ZERO_CROSSINGS, MINIMUM, MAXIMUM, PEAK_TO_PEAK, MEAN_ABS, SLOPE_CHANGES };

typedef struct {
  int32_t centre;
  int32_t lowest;
  int32_t highest;
  int32_t crossings;
  int32_t slope_changes;
  int64_t first;
  int64_t second;
  int64_t third;
  uint64_t fourth_high;
  uint64_t fourth_low;
  int64_t absolute; /* N times the sum of |value - mean| */
} sums;

#if MOTE_STATISTICS_SENSORS
static uint16_t magnitude[N];

/* Rounded root of a 32-bit integer, bit by bit. */
static uint16_t root_of(uint32_t square) {
  uint32_t rest = square;
  uint32_t root = 0;
  for (uint32_t bit = (uint32_t)1 << 30; bit != 0u; bit >>= 2) {
    if (rest >= root + bit) {
      rest -= root + bit;
      root = (root >> 1) + bit;
    } else {
      root >>= 1;
    }
  }
  return (uint16_t)(rest > root ? root + 1u : root);
}

static void measure(const int16_t *window, const uint8_t *axes) {
  for (size_t t = 0; t < N; ++t) {
    uint32_t square = 0;
    for (size_t i = 0; i < 3; ++i) {
      const int32_t value = window[t * MOTE_CHANNELS + axes[i]];
      square += (uint32_t)(value * value);
    }
    magnitude[t] = root_of(square);
  }
}
#endif

static int32_t value_at(const int16_t *window, size_t row, size_t t) {
#if MOTE_STATISTICS_SENSORS
  if (row >= MOTE_CHANNELS) {
    return magnitude[t];
  }
#endif
  return window[t * MOTE_CHANNELS + row];
}

/* Rounded mean with division towards minus infinity, as the desk divides. */
static int32_t rounded_mean(int64_t total) {
  const int64_t sum = total + N / 2;
  int64_t quotient = sum / N;
  if (sum % N < 0) {
    quotient -= 1;
  }
  return (int32_t)quotient;
}

static sums summed(const int16_t *window, size_t row) {
  sums s = {0, INT32_MAX, INT32_MIN, 0, 0, 0, 0, 0, 0, 0, 0};
  int64_t total = 0;
  for (size_t t = 0; t < N; ++t) {
    const int32_t value = value_at(window, row, t);
    total += value;
    s.lowest = value < s.lowest ? value : s.lowest;
    s.highest = value > s.highest ? value : s.highest;
  }
  s.centre = rounded_mean(total);
  s.first = total - (int64_t)N * s.centre;
  int above_before = 0;
  int32_t away_before = 0;
  int32_t slope_before = 0;
  for (size_t t = 0; t < N; ++t) {
    const int32_t away = value_at(window, row, t) - s.centre;
    const int64_t square = (int64_t)away * away;
    s.second += square;
#if MOTE_STATISTICS_HIGHER
    s.third += square * away;
    const uint64_t fourth = (uint64_t)square * (uint64_t)square;
    s.fourth_high += fourth >> 32;
    s.fourth_low += fourth & 0xffffffffu;
#endif
    const int64_t exact = (int64_t)N * away - s.first;
    const int above = exact >= 0;
    s.absolute += above ? exact : -exact;
    if (t > 0) {
      s.crossings += above != above_before;
      const int32_t slope = (away > away_before) - (away < away_before);
      s.slope_changes += slope * slope_before < 0;
      slope_before = slope;
    }
    above_before = above;
    away_before = away;
  }
  return s;
}

static float larger(float a, float b) { return a > b ? a : b; }

static float level_of(float value) {
  return MOTE_STATISTICS_LOG ? 0.5f * mote_log2f(larger(value, 0x1p-12f)) + 2.0f : value;
}

static float statistic(const sums *s, uint8_t kind, float gain) {
  const float n = (float)N;
  const float over_square = 1.0f / (float)((int64_t)N * N);
  const float offset = (float)s->first / n;
  const float variance = (float)(N * s->second - s->first * s->first) * over_square;
  const float second = (float)s->second / n;
  const float third = (float)s->third / n;
  switch (kind) {
    case MEAN:
      return ((float)s->centre + offset) * gain;
    case RMS: {
      const int64_t centre = s->centre;
      const int64_t squares = s->second + 2 * centre * s->first + N * (centre * centre);
      return level_of(mote_sqrtf((float)squares / n) * gain);
    }
    case STD:
      return level_of(mote_sqrtf(variance) * gain);
    case SKEWNESS: {
      const float central = third - offset * (3.0f * second - 2.0f * (offset * offset));
      return variance > 0.0f ? central / (variance * mote_sqrtf(variance)) : 0.0f;
    }
    case KURTOSIS: {
      const float fourth = ((float)s->fourth_high * 0x1p32f + (float)s->fourth_low) / n;
      const float inner = 6.0f * second - 3.0f * (offset * offset);
      const float central = fourth - offset * (4.0f * third - offset * inner);
      const float kurtosis = variance > 0.0f ? larger(central / (variance * variance), 1.0f) : 3.0f;
      return MOTE_STATISTICS_LOG ? mote_log2f(kurtosis * (float)(1.0 / 3.0)) : (kurtosis - 3.0f) * 0.25f;
    }
    case CREST: {
      const float above = (float)(s->highest - s->centre) - offset;
      const float below = offset - (float)(s->lowest - s->centre);
      const float crest = variance > 0.0f ? larger(larger(above, below) / mote_sqrtf(variance), 1.0f) : 1.0f;
      return MOTE_STATISTICS_LOG ? mote_log2f(crest) : crest * 0.25f;
    }
    case ZERO_CROSSINGS:
      return (float)s->crossings * (float)(4.0 / (N - 1));
    case MINIMUM:
      return (float)s->lowest * gain;
    case MAXIMUM:
      return (float)s->highest * gain;
    case PEAK_TO_PEAK:
      return level_of((float)(s->highest - s->lowest) * gain);
    case MEAN_ABS:
      return level_of((float)s->absolute * over_square * gain);
    default:
      return (float)s->slope_changes * (float)(4.0 / (N - 2));
  }
}

void mote_feature_run(const int16_t *window, mote_sink *sink) {
  for (size_t row = 0; row < ROWS; ++row) {
#if MOTE_STATISTICS_SENSORS
    if (row >= MOTE_CHANNELS) {
      measure(window, &MOTE_STATISTICS_AXES[3 * (row - MOTE_CHANNELS)]);
    }
#endif
    const sums s = summed(window, row);
    for (size_t i = 0; i < MOTE_STATISTICS_COUNT; ++i) {
      const float value = statistic(&s, MOTE_STATISTICS_KINDS[i], MOTE_STATISTICS_GAIN[row]);
      mote_emit(sink, row * MOTE_STATISTICS_COUNT + i, value);
    }
  }
}
