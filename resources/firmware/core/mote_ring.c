#include "mote_ring.h"

#include <string.h>

bool mote_ring_init(mote_ring *ring, int16_t *samples, uint32_t capacity, uint32_t channels, uint32_t window,
                    uint32_t step) {
  if (samples == NULL || channels == 0 || window == 0 || step == 0 || window > capacity ||
      capacity > UINT32_MAX / 4u) {
    return false;
  }
  memset(ring, 0, sizeof *ring);
  ring->samples = samples;
  ring->capacity = capacity;
  ring->channels = channels;
  ring->window = window;
  ring->step = step;
  return true;
}

/* Counters stay below 2 * capacity, so their difference tells full from empty and they never wrap at 2^32. */
static uint32_t advance(const mote_ring *ring, uint32_t position, uint32_t by) {
  const uint32_t wrap = 2u * ring->capacity;
  position += by % wrap;
  return position >= wrap ? position - wrap : position;
}

static uint32_t distance(const mote_ring *ring, uint32_t from, uint32_t to) {
  return to >= from ? to - from : to + 2u * ring->capacity - from;
}

static int16_t *slot(const mote_ring *ring, uint32_t position) {
  const uint32_t index = position >= ring->capacity ? position - ring->capacity : position;
  return ring->samples + (size_t)index * ring->channels;
}

/* Samples from `position` to the end of the memory. */
static uint32_t run_length(const mote_ring *ring, uint32_t position) {
  return ring->capacity - (position >= ring->capacity ? position - ring->capacity : position);
}

uint32_t mote_ring_push(mote_ring *ring, const int16_t *frames, uint32_t count) {
  uint32_t taken = 0;
  if (!atomic_load_explicit(&ring->stalled, memory_order_acquire)) {
    if (ring->was_stalled) {
      /* The consumer saw the gap: what comes now is a new stretch behind it. */
      ring->was_stalled = false;
      atomic_store_explicit(&ring->lost_before, atomic_load_explicit(&ring->lost, memory_order_relaxed),
                            memory_order_relaxed);
    }
    const uint32_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    const uint32_t read = atomic_load_explicit(&ring->read, memory_order_acquire);
    const uint32_t space = ring->capacity - distance(ring, read, written);
    taken = count < space ? count : space;
    if (taken > 0) {
      const size_t frame = ring->channels * sizeof(int16_t);
      const uint32_t first = taken < run_length(ring, written) ? taken : run_length(ring, written);
      memcpy(slot(ring, written), frames, first * frame);
      memcpy(ring->samples, frames + (size_t)first * ring->channels, (taken - first) * frame);
      atomic_store_explicit(&ring->written, advance(ring, written, taken), memory_order_release);
    }
  }
  if (taken < count) {
    const uint32_t lost = atomic_load_explicit(&ring->lost, memory_order_relaxed);
    atomic_store_explicit(&ring->lost, lost + (count - taken), memory_order_relaxed);
    ring->was_stalled = true;
    atomic_store_explicit(&ring->stalled, true, memory_order_release);
  }
  return taken;
}

/* Moves `read` on by `count` samples that are there. */
static void discard(mote_ring *ring, uint32_t read, uint32_t count) {
  ring->consumed += count;
  atomic_store_explicit(&ring->read, advance(ring, read, count), memory_order_release);
}

bool mote_ring_ready(mote_ring *ring) {
  /* `stalled` first: when it is set, everything before the gap has been written. */
  const bool stalled = atomic_load_explicit(&ring->stalled, memory_order_acquire);
  const uint32_t written = atomic_load_explicit(&ring->written, memory_order_acquire);
  uint32_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
  uint32_t held = distance(ring, read, written);
  if (ring->skip > 0) {
    const uint32_t skipped = ring->skip < held ? ring->skip : held;
    discard(ring, read, skipped);
    ring->skip -= skipped;
    read = advance(ring, read, skipped);
    held -= skipped;
  }
  if (ring->skip == 0 && held >= ring->window) {
    return true;
  }
  if (stalled) {
    /* No whole window is left before the gap: the rest is given up, and the stream goes on behind it. */
    discard(ring, read, held);
    ring->skip = 0;
    atomic_store_explicit(&ring->stalled, false, memory_order_release);
  }
  return false;
}

uint64_t mote_ring_take(mote_ring *ring, int16_t *window) {
  const uint32_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
  const size_t frame = ring->channels * sizeof(int16_t);
  const uint32_t first = ring->window < run_length(ring, read) ? ring->window : run_length(ring, read);
  memcpy(window, slot(ring, read), first * frame);
  memcpy(window + (size_t)first * ring->channels, ring->samples, (ring->window - first) * frame);
  const uint64_t start = ring->consumed + atomic_load_explicit(&ring->lost_before, memory_order_relaxed);
  const uint32_t by = ring->step < ring->window ? ring->step : ring->window;
  ring->skip = ring->step - by;
  discard(ring, read, by);
  return start + ring->window;
}

const int16_t *mote_ring_next(mote_ring *ring, uint32_t most, uint32_t *count, bool *gap) {
  const bool stalled = atomic_load_explicit(&ring->stalled, memory_order_acquire);
  const uint32_t written = atomic_load_explicit(&ring->written, memory_order_acquire);
  const uint32_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
  uint32_t held = distance(ring, read, written);
  *gap = false;
  *count = 0;
  if (held == 0) {
    if (stalled) {
      /* Everything before the gap has been handed out; the producer goes on behind it. */
      ring->resumed = true;
      atomic_store_explicit(&ring->stalled, false, memory_order_release);
    }
    return NULL;
  }
  *gap = ring->resumed;
  ring->resumed = false;
  held = held < most ? held : most;
  *count = held < run_length(ring, read) ? held : run_length(ring, read);
  return slot(ring, read);
}

uint64_t mote_ring_drop(mote_ring *ring, uint32_t count) {
  const uint64_t lost = atomic_load_explicit(&ring->lost_before, memory_order_relaxed);
  discard(ring, atomic_load_explicit(&ring->read, memory_order_relaxed), count);
  return ring->consumed + lost;
}

uint32_t mote_ring_lost(const mote_ring *ring) { return atomic_load_explicit(&ring->lost, memory_order_relaxed); }
