/* Power spectrum of a frame in single precision: pre-emphasis, window, real FFT. The desk's side is
 * mote_audio/framing.py: powers are relative to a sine of full scale. */
#ifndef MOTE_AUDIO_POWER_H
#define MOTE_AUDIO_POWER_H

#include "mote_dsp.h"

static float audio_spectrum[MOTE_AUDIO_FFT];

/* Powers of bins 0 .. MOTE_AUDIO_FFT / 2; the next call overwrites them. */
static const float *audio_power(const int16_t *frame) {
#if MOTE_AUDIO_EMPHASISED
  float before = (float)frame[0];
  for (size_t i = 0; i < MOTE_AUDIO_FRAME; ++i) {
    const float value = (float)frame[i];
    audio_spectrum[i] = (value - before * MOTE_AUDIO_EMPHASIS) * MOTE_AUDIO_WINDOW[i];
    before = value;
  }
#else
  for (size_t i = 0; i < MOTE_AUDIO_FRAME; ++i) {
    audio_spectrum[i] = (float)frame[i] * MOTE_AUDIO_WINDOW[i];
  }
#endif
  memset(audio_spectrum + MOTE_AUDIO_FRAME, 0, (MOTE_AUDIO_FFT - MOTE_AUDIO_FRAME) * sizeof audio_spectrum[0]);
  mote_rfft_power(audio_spectrum, MOTE_AUDIO_FFT, MOTE_AUDIO_TABLE);
  return audio_spectrum;
}

#endif
