/* What the firmware is on every port: the application with its model slots, features, model and decisions, wired up.
 * A port gives it hardware and calls mote_app.h's functions on it from one context. */
#ifndef MOTE_FIRMWARE_H
#define MOTE_FIRMWARE_H

#include "mote_app.h"
#include "mote_project.h"

/* The most samples that a port hands to mote_app_samples at once, before it calls mote_app_step until that returns false:
 * about 20 ms, as the studio draws, and no more than a frame of the link holds. */
enum {
  MOTE_BLOCK_WANTED = (int)(MOTE_RATE_HZ / 50.0f) < 1 ? 1 : (int)(MOTE_RATE_HZ / 50.0f),
  MOTE_BLOCK_MOST = (int)((MOTE_LINK_MAX_PAYLOAD - 48u) / (2u * MOTE_CHANNELS)),
  MOTE_BLOCK_SAMPLES = (int)MOTE_BLOCK_WANTED < (int)MOTE_BLOCK_MOST ? (int)MOTE_BLOCK_WANTED : (int)MOTE_BLOCK_MOST
};

/* What a port provides; `context` is handed to every function. */
typedef struct {
  void *context;
  const char *(*serial_number)(void *context);
  uint64_t (*now_us)(void *context);
  void (*send)(void *context, const uint8_t *data, size_t length);
  void (*sampling)(void *context, bool on); /* switch the sensor; may be NULL */
  uint32_t (*stack_free)(void *context);    /* bytes that the stack never reached; NULL where nobody watches */
  uint32_t (*ticks)(void);                  /* see mote_profile.h, like the next; NULL where nothing is counted */
  uint32_t ticks_hz;
} mote_hardware;

/* Looks for a model in `flash` and sets the application up. NULL where the project's sizes make no sense. Without a good
 * model the board streams and takes one over the link. */
mote_app *mote_firmware_begin(const mote_hardware *hardware, const mote_flash *flash);

#endif
