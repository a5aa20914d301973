/* The sample ring between the sensor and the model: one producer (an interrupt or a DMA callback), one consumer (the
 * main loop), no locks. It says when the next window is ready and never hands out a window with a gap in it.
 *
 * Where the consumer is too slow the ring fills. It then refuses new samples until the consumer has used up every
 * whole window before the gap, and goes on behind it: lost samples are counted and no index is wrong.
 */
#ifndef MOTE_RING_H
#define MOTE_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  int16_t *samples;  /* capacity x channels, channels interleaved */
  uint32_t capacity; /* samples of all channels */
  uint32_t channels;
  uint32_t window; /* samples */
  uint32_t step;   /* samples between the starts of two windows */
  _Atomic uint32_t written;     /* by the producer: position, modulo 2 * capacity */
  _Atomic uint32_t read;        /* by the consumer: start of the next window, likewise */
  _Atomic uint32_t lost;        /* by the producer: in all */
  _Atomic uint32_t lost_before; /* by the producer: lost before the stretch that is being filled */
  _Atomic bool stalled;         /* set by the producer at a gap, cleared by the consumer */
  bool was_stalled;             /* the producer's own */
  bool resumed;                 /* the consumer's own: what comes next lies behind a gap */
  uint32_t skip;                /* the consumer's own: samples to pass over before the next window */
  uint64_t consumed;            /* the consumer's own: samples that `read` has moved over */
} mote_ring;

/* `samples` must hold capacity * channels values; capacity must be at least window + step to lose nothing while a
 * window is computed. Returns false where the sizes make no sense. */
bool mote_ring_init(mote_ring *ring, int16_t *samples, uint32_t capacity, uint32_t channels, uint32_t window,
                    uint32_t step);

/* Producer: adds `count` samples of all channels. Returns how many were taken; the rest is lost and counted. */
uint32_t mote_ring_push(mote_ring *ring, const int16_t *frames, uint32_t count);

/* Consumer: whether a whole window is there. */
bool mote_ring_ready(mote_ring *ring);

/* Consumer, only while ready: copies the window, window * channels values, and moves on by one step. Returns the
 * stream index (lost samples included) one past the window's last sample. */
uint64_t mote_ring_take(mote_ring *ring, int16_t *window);

/* Consumer, instead of ready and take: the next samples as they lie in memory, at most `most`; `*count` says how many.
 * NULL where there are none. `*gap` is set where samples were lost before these. */
const int16_t *mote_ring_next(mote_ring *ring, uint32_t most, uint32_t *count, bool *gap);

/* Consumer: done with so many of the samples from mote_ring_next. Returns the stream index (lost samples included) one
 * past the last of them. */
uint64_t mote_ring_drop(mote_ring *ring, uint32_t count);

/* Samples lost since the start. */
uint32_t mote_ring_lost(const mote_ring *ring);

#endif
