/* Frames from samples as they come: keeps one frame, calls `audio_frame` whenever it is full, and drops what the hop
 * leaves behind. Frames go round in MOTE_AUDIO_FRAMES places; the twin keeps what it computed of each.
 *
 * Included once by each twin of this plugin after feature_params.h, which defines MOTE_AUDIO_FRAME, _HOP, _FRAMES and
 * _CHANNEL. */
#ifndef MOTE_AUDIO_SAMPLES_H
#define MOTE_AUDIO_SAMPLES_H

#include <string.h>

#include "mote_core.h"

#define AUDIO_KEPT (MOTE_AUDIO_HOP < MOTE_AUDIO_FRAME ? MOTE_AUDIO_FRAME - MOTE_AUDIO_HOP : 0)
#define AUDIO_SKIPPED (MOTE_AUDIO_HOP < MOTE_AUDIO_FRAME ? 0 : MOTE_AUDIO_HOP - MOTE_AUDIO_FRAME)

/* The twin's: compute what is kept of a frame, MOTE_AUDIO_FRAME samples of one channel, into place `row`. */
static void audio_frame(const int16_t *frame, size_t row);

static int16_t audio_samples[MOTE_AUDIO_FRAME];
static size_t audio_filled;
static size_t audio_skip;
static size_t audio_next; /* place of the next frame, which is that of the window's first one when it ends */

/* Place of the window's frame `number`, 0 the oldest. */
static inline size_t audio_row(size_t number) {
  const size_t row = audio_next + number;
  return row < MOTE_AUDIO_FRAMES ? row : row - MOTE_AUDIO_FRAMES;
}

static void audio_end_frame(void) {
  audio_frame(audio_samples, audio_next);
  audio_next = audio_next + 1u < MOTE_AUDIO_FRAMES ? audio_next + 1u : 0u;
  memmove(audio_samples, audio_samples + (MOTE_AUDIO_FRAME - AUDIO_KEPT), AUDIO_KEPT * sizeof audio_samples[0]);
  audio_filled = AUDIO_KEPT;
  audio_skip = AUDIO_SKIPPED;
}

void mote_feature_reset(void) {
  audio_filled = 0;
  audio_skip = 0;
  audio_next = 0;
}

void mote_feature_push(const int16_t *samples, size_t count) {
  while (count > 0u) {
    const size_t wanted = audio_skip > 0u ? audio_skip : MOTE_AUDIO_FRAME - audio_filled;
    const size_t taken = count < wanted ? count : wanted;
    if (audio_skip > 0u) {
      audio_skip -= taken;
    } else {
      for (size_t i = 0; i < taken; ++i) {
        audio_samples[audio_filled + i] = samples[i * MOTE_CHANNELS + MOTE_AUDIO_CHANNEL];
      }
      audio_filled += taken;
      if (audio_filled == MOTE_AUDIO_FRAME) {
        audio_end_frame();
      }
    }
    samples += taken * MOTE_CHANNELS;
    count -= taken;
  }
}

#endif
