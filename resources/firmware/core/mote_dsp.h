/* Mote core: single-precision signal processing for feature twins.
 *
 * C11, no heap, no libm, no state, no infinities or NaN made from finite arguments. Every function is `static
 * inline`; those that a twin does not use cost nothing. Tables are the caller's: they come from the stage's
 * constants, and the desk's motestudio.sdk.dsp makes them. Bounds are the largest error found by
 * tests/firmware/test_c_dsp.py with -ffp-contract=off, against double precision.
 */
#ifndef MOTE_DSP_H
#define MOTE_DSP_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline uint32_t mote_float_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline float mote_float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* A positive number as 2^exponent times a rest in [sqrt(1/2), sqrt(2)); returns log2 of the rest. */
static inline float mote_log2_parts(float x, int32_t *exponent) {
  int32_t denormal = 0;
  if (x < 0x1p-126f) {
    x *= 0x1p23f;
    denormal = 23;
  }
  const uint32_t bits = mote_float_bits(x);
  const uint32_t field = (bits - 0x3f3504f3u) & 0xff800000u; /* nine bits: the exponent as a signed number */
  *exponent = (int32_t)((field >> 23) ^ 0x100u) - 0x100 - denormal;
  /* log2(1 + t) = t P(t), P minimax of degree 8. */
  const float t = mote_float_of(bits - field) - 1.0f;
  float p = 1.258370130e-01f;
  p = p * t - 2.072697431e-01f;
  p = p * t + 2.157156068e-01f;
  p = p * t - 2.389448218e-01f;
  p = p * t + 2.879162481e-01f;
  p = p * t - 3.607036828e-01f;
  p = p * t + 4.809106429e-01f;
  p = p * t - 7.213473468e-01f;
  p = p * t + 1.442695004e+00f;
  return t * p;
}

/* Logarithm to base 2, relative error <= 3e-7 (also near 1, where the result is near 0), denormals included.
 * 0, negative numbers and NaN give -150, which is below the logarithm of every positive number. */
static inline float mote_log2f(float x) {
  if (!(x > 0.0f)) {
    return -150.0f;
  }
  int32_t exponent;
  const float rest = mote_log2_parts(x, &exponent);
  return (float)exponent + rest;
}

/* Natural logarithm, relative error <= 4e-7; 0, negative numbers and NaN give -103.97. */
static inline float mote_lnf(float x) { return mote_log2f(x) * 0.693147181f; }

static inline int32_t mote_nearest(float x) { return (int32_t)(x + (x < 0.0f ? -0.5f : 0.5f)); }

/* 2^(whole + part) for part in [-0.51, 0.51]; below 2^-126 it is 0, above the largest float that one. */
static inline float mote_exp2_parts(int32_t whole, float part) {
  if (whole < -126) {
    return 0.0f;
  }
  float p = 1.534581191e-04f;
  p = p * part + 1.339993122e-03f;
  p = p * part + 9.618488957e-03f;
  p = p * part + 5.550328777e-02f;
  p = p * part + 2.402264689e-01f;
  p = p * part + 6.931472057e-01f;
  p = p * part + 1.0f;
  if (whole > 127) {
    return whole == 128 && p < 1.0f ? p * 0x1p127f * 2.0f : 0x1.fffffep127f;
  }
  return p * mote_float_of((uint32_t)(whole + 127) << 23);
}

/* 2^x, relative error <= 3e-7 for x in [-126, 128); smaller x gives 0, larger x the largest float. */
static inline float mote_exp2f(float x) {
  if (!(x >= -126.0f)) {
    return 0.0f;
  }
  const float bounded = x < 129.0f ? x : 129.0f;
  const int32_t whole = mote_nearest(bounded);
  return mote_exp2_parts(whole, bounded - (float)whole);
}

/* x^y for x > 0, relative error <= 3e-7 (2 + |y|); results below 2^-126 are 0, those above the largest float are
 * that one. x <= 0 and NaN give 0, whatever y. */
static inline float mote_powf(float x, float y) {
  if (!(x > 0.0f)) {
    return 0.0f;
  }
  int32_t exponent;
  const float rest = mote_log2_parts(x, &exponent);
  /* The upper half of y times the exponent is exact, so a large result does not cost the fraction its bits. */
  const float upper = mote_float_of(mote_float_bits(y) & 0xfffff000u);
  const float exact = upper * (float)exponent;
  const float inexact = (y - upper) * (float)exponent + y * rest;
  const float sum = exact + inexact;
  if (!(sum > -127.0f)) {
    return 0.0f;
  }
  if (!(sum < 129.0f)) {
    return 0x1.fffffep127f;
  }
  const int32_t whole = mote_nearest(sum);
  return mote_exp2_parts(whole, (exact - (float)whole) + inexact);
}

/* Square root, relative error <= 2e-7, denormals included; 0, negative numbers and NaN give 0. */
static inline float mote_sqrtf(float x) {
  float unscale = 1.0f;
  if (x < 0x1p-100f) {
    if (!(x > 0.0f)) {
      return 0.0f;
    }
    x *= 0x1p64f;
    unscale = 0x1p-32f;
  }
  if (!(x == x)) {
    return 0.0f;
  }
  float r = mote_float_of(0x5f375a86u - (mote_float_bits(x) >> 1)); /* 1 / sqrt(x) within 3.5 % */
  const float half = 0.5f * x;
  r = r * (1.5f - half * r * r);
  r = r * (1.5f - half * r * r);
  const float root = x * r;
  return (root + 0.5f * r * (x - root * root)) * unscale;
}

/* ---- Real Fourier transform ------------------------------------------------------------------------------------
 *
 * n is a power of two, at least 4. `table` has n values: table[i] = sin(2 pi i / n); the cosine is n / 4 further.
 * The n real values are taken as n / 2 complex ones (even values real, odd ones imaginary), transformed in place
 * (radix 4, one pass of radix 2 where n / 2 is not a power of four) and unpacked. No scaling. Error: 3e-7 of the
 * largest bin for n <= 4096. */

static inline void mote_fft_swap(float *x, size_t a, size_t b) {
  const float re = x[2u * a];
  const float im = x[2u * a + 1u];
  x[2u * a] = x[2u * b];
  x[2u * a + 1u] = x[2u * b + 1u];
  x[2u * b] = re;
  x[2u * b + 1u] = im;
}

/* Complex values into bit-reversed order, two neighbours at a time: their mirrors are half the length apart. */
static inline void mote_fft_reorder(float *x, size_t m) {
  const size_t half = m >> 1;
  size_t mirrored = 0;
  for (size_t i = 0; i < half; i += 2u) {
    /* i is even, so its mirror lies in the lower half; i + 1 has its mirror in the upper half. */
    if (i < mirrored) {
      mote_fft_swap(x, i, mirrored);
      mote_fft_swap(x, m - 1u - i, m - 1u - mirrored);
    }
    mote_fft_swap(x, i + 1u, mirrored + half);
    size_t bit = half >> 1;
    while ((mirrored & bit) != 0u) {
      mirrored ^= bit;
      bit >>= 1;
    }
    mirrored |= bit;
  }
}

/* Sums and differences of four complex values; the last three are already turned by their twiddles. */
static inline void mote_fft_cross(float *p0, float *p1, float *p2, float *p3, float r1, float i1, float r2, float i2,
                                  float r3, float i3) {
  const float ar = p0[0] + r1;
  const float ai = p0[1] + i1;
  const float br = p0[0] - r1;
  const float bi = p0[1] - i1;
  const float cr = r2 + r3;
  const float ci = i2 + i3;
  const float dr = r2 - r3;
  const float di = i2 - i3;
  p0[0] = ar + cr;
  p0[1] = ai + ci;
  p1[0] = br + di;
  p1[1] = bi - dr;
  p2[0] = ar - cr;
  p2[1] = ai - ci;
  p3[0] = br - di;
  p3[1] = bi + dr;
}

/* One pass of radix 4: transforms of `h` values become transforms of 4 `h`. */
static inline void mote_fft_pass(float *x, size_t m, size_t h, const float *table, size_t n) {
  float *const end = x + 2u * m;
  for (float *p = x; p < end; p += 8u * h) {
    float *const p1 = p + 2u * h;
    float *const p2 = p1 + 2u * h;
    float *const p3 = p2 + 2u * h;
    mote_fft_cross(p, p1, p2, p3, p1[0], p1[1], p2[0], p2[1], p3[0], p3[1]);
  }
  const float *const cosine = table + n / 4u;
  const size_t step = n / (4u * h);
  for (size_t j = 1; j < h; ++j) {
    const float c1 = cosine[j * step];
    const float s1 = table[j * step];
    const float c2 = cosine[2u * j * step];
    const float s2 = table[2u * j * step];
    const float c3 = cosine[3u * j * step];
    const float s3 = table[3u * j * step];
    for (float *p = x + 2u * j; p < end; p += 8u * h) {
      float *const p1 = p + 2u * h;
      float *const p2 = p1 + 2u * h;
      float *const p3 = p2 + 2u * h;
      mote_fft_cross(p, p1, p2, p3, p1[0] * c2 + p1[1] * s2, p1[1] * c2 - p1[0] * s2, p2[0] * c1 + p2[1] * s1,
                     p2[1] * c1 - p2[0] * s1, p3[0] * c3 + p3[1] * s3, p3[1] * c3 - p3[0] * s3);
    }
  }
}

/* Transform of n / 2 complex values, in place. */
static inline void mote_fft_half(float *x, size_t n, const float *table) {
  const size_t m = n / 2u;
  size_t h = 1;
  mote_fft_reorder(x, m);
  if ((m & 0x55555555u) == 0u) { /* an odd power of two */
    for (float *p = x; p < x + 2u * m; p += 4) {
      const float re = p[2];
      const float im = p[3];
      p[2] = p[0] - re;
      p[3] = p[1] - im;
      p[0] += re;
      p[1] += im;
    }
    h = 2;
  }
  for (; h < m; h *= 4u) {
    mote_fft_pass(x, m, h, table, n);
  }
}

/* Bins k and n / 2 - k, at `a` and `b`, from the half-length transform's; c and s belong to bin k. */
static inline void mote_rfft_unpack(float *a, float *b, float c, float s) {
  const float even_re = 0.5f * (a[0] + b[0]);
  const float even_im = 0.5f * (a[1] - b[1]);
  const float odd_re = 0.5f * (a[1] + b[1]);
  const float odd_im = 0.5f * (b[0] - a[0]);
  const float turned_re = c * odd_re + s * odd_im;
  const float turned_im = c * odd_im - s * odd_re;
  a[0] = even_re + turned_re;
  a[1] = even_im + turned_im;
  b[0] = even_re - turned_re;
  b[1] = turned_im - even_im;
}

/* Spectrum of n real values, in place: afterwards x[0] is bin 0, x[1] bin n / 2 (both real) and x[2 k], x[2 k + 1]
 * are the real and imaginary part of bin k. */
static inline void mote_rfft(float *x, size_t n, const float *table) {
  mote_fft_half(x, n, table);
  const float first = x[0];
  x[0] = first + x[1];
  x[1] = first - x[1];
  for (size_t k = 1; k < n / 4u; ++k) {
    mote_rfft_unpack(x + 2u * k, x + n - 2u * k, table[k + n / 4u], table[k]);
  }
  x[n / 2u + 1u] = -x[n / 2u + 1u];
}

/* Power |X[k]|^2 of the bins 0 .. n / 2 of n real values, in place: afterwards the first n / 2 + 1 values of x are
 * the powers. */
static inline void mote_rfft_power(float *x, size_t n, const float *table) {
  mote_rfft(x, n, table);
  const float last = x[1] * x[1];
  x[0] = x[0] * x[0];
  for (size_t k = 1; k < n / 2u; ++k) {
    x[k] = x[2u * k] * x[2u * k] + x[2u * k + 1u] * x[2u * k + 1u];
  }
  x[n / 2u] = last;
}

#ifdef __cplusplus
}
#endif

#endif
