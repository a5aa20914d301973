/* Energies in mel bands, each a run of bins with its weights. */
#ifndef MOTE_AUDIO_BANDS_H
#define MOTE_AUDIO_BANDS_H

#include <stddef.h>

static void audio_bands(const float *power, float *energy) {
  const float *weight = MOTE_AUDIO_BAND_WEIGHTS;
  for (size_t band = 0; band < MOTE_AUDIO_BANDS; ++band) {
    const float *bin = power + MOTE_AUDIO_BAND_START[band];
    float sum = 0.0f;
    for (int32_t i = MOTE_AUDIO_BAND_COUNT[band]; i > 0; --i) {
      sum += *bin++ * *weight++;
    }
    energy[band] = sum;
  }
}

#endif
