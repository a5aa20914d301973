/* The application loop: samples in, windows, features, model, frames out; and the answers to the studio's requests.
 *
 * It owns no hardware: a port gives it bytes and samples and carries its frames away. All memory is the caller's or
 * inside `mote_app`; nothing is allocated. Call everything here from one context, the main loop; only
 * `mote_ring_push` may be called from an interrupt.
 */
#ifndef MOTE_APP_H
#define MOTE_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mote_link.h"
#include "mote_mlperf.h"
#include "mote_ring.h"
#include "mote_slot.h"

#ifndef MOTE_APP_MAX_CLASSES
#define MOTE_APP_MAX_CLASSES 32
#endif
#define MOTE_APP_MAX_CHANNELS 16

typedef struct {
  const char *name;
  const char *unit;
  float scale;
  float offset;
} mote_channel;

/* What the generated project says of itself: constants. */
typedef struct {
  const char *board_id;
  const char *board_name;
  const char *firmware;
  const char *group;
  float rate_hz;
  uint64_t period_q16; /* microseconds between two samples, times 65536 */
  const mote_channel *channels;
  uint32_t channel_count;
  const char *model_id; /* as MLPerf Tiny's runner is told, such as kws01 */
  const char *const *classes;
  uint32_t class_count;
  uint32_t window_samples;
  uint32_t step_samples;
  float output_scale;
  int8_t output_zero_point;
  uint32_t flash_bytes;
  uint32_t ram_bytes;
} mote_app_config;

/* Features and model sample by sample, see mote_model.h. */
typedef struct {
  void (*reset)(void *context);
  void (*push)(void *context, const int16_t *samples, size_t count);
  bool (*infer)(void *context, int8_t *scores);
} mote_stream;

/* How memory has fared; in a debug build. */
typedef struct {
  uint32_t stack_free; /* bytes that the stack never reached */
  uint32_t arena_used; /* bytes */
  bool arena_intact;   /* nothing was written beyond its ends */
} mote_health;

/* What a port provides. */
typedef struct {
  void *context;
  mote_slots *slots; /* open; see mote_slot.h */
  const char *(*serial_number)(void *context);
  uint64_t (*now_us)(void *context);
  void (*send)(void *context, const uint8_t *data, size_t length);
  void (*sampling)(void *context, bool on); /* switch the sensor; may be NULL */
  /* Features and model on one window, class_count scores out; false where there is no model or it failed. */
  bool (*infer)(void *context, const int16_t *window, int8_t *scores);
  void (*scored)(void *context, const int8_t *scores, uint64_t time_us); /* after each inference; may be NULL */
  const mote_stream *stream; /* where every feature takes samples as they come; else NULL */
  /* Goes over to another model; false where the interpreter refuses it. */
  bool (*use_model)(void *context, const uint8_t *model);
  /* The model without the features: its input, and scores for what lies there. */
  uint8_t *(*model_input)(void *context, size_t *length);
  bool (*infer_input)(void *context, int8_t *scores);
  bool (*health)(void *context, mote_health *health); /* false or NULL: not watched */
} mote_port;

typedef struct mote_app {
  const mote_app_config *config;
  const mote_port *port;
  mote_ring ring;
  int16_t *window;         /* NULL with streaming features */
  uint32_t window_filled;  /* bytes of a window that comes in pieces */
  int16_t sample[MOTE_APP_MAX_CHANNELS]; /* one that is cut by the end of a piece */
  mote_link_decoder decoder;
  mote_mlperf mlperf;
  int8_t first_scores[MOTE_APP_MAX_CLASSES]; /* for mlperf */
  uint16_t sequence;
  bool streaming;
  bool inferring;
  uint32_t limit; /* samples to send, 0 until stopped */
  uint32_t sent;
  uint32_t until;      /* samples until the next window ends; streaming features only */
  uint64_t last_index; /* samples since streaming began */
  uint64_t last_time_us;
  uint8_t payload[MOTE_LINK_MAX_PAYLOAD];
} mote_app;

/* `ring` holds `ring_samples` x channels: at least window + step, or with `port->stream` what the sensor gives while the
 * model runs. `window` holds window x channels; NULL with `port->stream`. */
bool mote_app_init(mote_app *app, const mote_app_config *config, const mote_port *port, int16_t *ring,
                   uint32_t ring_samples, int16_t *window);

/* Bytes from the link. */
void mote_app_receive(mote_app *app, const uint8_t *data, size_t length);

/* Samples from the sensor, channels interleaved; `time_us` is the clock at the first of them. */
void mote_app_samples(mote_app *app, const int16_t *frames, uint32_t count, uint64_t time_us);

/* Runs the model where a window is ready. Returns whether it did; call again until it does not. */
bool mote_app_step(mote_app *app);

#endif
