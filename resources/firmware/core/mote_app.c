#include "mote_app.h"

#include <string.h>

#include "mote_cbor.h"
#include "mote_profile.h"
#include "mote_requests.h"

enum { SAMPLES_HEADER = 16, INFERENCE_HEADER = 26 };

void mote_app_send(mote_app *app, uint8_t kind, size_t length) {
  if (app->mlperf.spoke) {
    /* Ends the text, which is no part of the frame that follows. */
    app->port->send(app->port->context, (const uint8_t[]){0}, 1);
    app->mlperf.spoke = false;
  }
  if (mote_link_send(kind, app->sequence, app->payload, length, app->port->send, app->port->context)) {
    app->sequence++;
  }
}

static size_t put_le(uint8_t *out, uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) {
    out[i] = (uint8_t)(value >> (8 * i));
  }
  return bytes;
}

void mote_app_stop(mote_app *app) {
  if (app->streaming) {
    app->streaming = false;
    if (app->port->sampling != NULL) {
      app->port->sampling(app->port->context, false);
    }
  }
}

/* Streaming features need no window in the ring. */
static bool init_ring(mote_app *app, int16_t *samples, uint32_t capacity) {
  const mote_app_config *config = app->config;
  const bool stream = app->port->stream != NULL;
  if (stream) {
    app->port->stream->reset(app->port->context);
    app->until = config->window_samples;
  }
  return mote_ring_init(&app->ring, samples, capacity, config->channel_count, stream ? 1u : config->window_samples,
                        stream ? 1u : config->step_samples);
}

void mote_app_start(mote_app *app, uint32_t limit) {
  init_ring(app, app->ring.samples, app->ring.capacity);
  app->limit = limit;
  app->sent = 0;
  app->last_index = 0;
  app->streaming = true;
  if (app->port->sampling != NULL) {
    app->port->sampling(app->port->context, true);
  }
}

static void send_stopped(mote_app *app) {
  mote_cbor_writer writer = {app->payload, sizeof app->payload, 0, false};
  mote_cbor_map(&writer, 2);
  mote_put_text(&writer, "event", "stopped");
  mote_put_count(&writer, "sent", app->sent);
  mote_app_send(app, MOTE_KIND_EVENT, writer.length);
}

bool mote_app_init(mote_app *app, const mote_app_config *config, const mote_port *port, int16_t *ring,
                   uint32_t ring_samples, int16_t *window) {
  memset(app, 0, sizeof *app);
  app->config = config;
  app->port = port;
  app->window = window;
  mote_link_decoder_init(&app->decoder);
  mote_mlperf_init(&app->mlperf);
  return (window != NULL || port->stream != NULL) && config->channel_count <= MOTE_APP_MAX_CHANNELS &&
         config->class_count <= MOTE_APP_MAX_CLASSES &&
         SAMPLES_HEADER + 2u * config->channel_count <= MOTE_LINK_MAX_PAYLOAD && config->period_q16 > 0 &&
         init_ring(app, ring, ring_samples);
}

void mote_app_receive(mote_app *app, const uint8_t *data, size_t length) {
  mote_frame frame;
  for (size_t i = 0; i < length; ++i) {
    if (mote_mlperf_push(app, data[i])) {
      app->decoder.held = 0;
    } else if (mote_link_push(&app->decoder, data[i], &frame) && frame.kind == MOTE_KIND_REQUEST) {
      mote_handle_request(app, &frame);
    }
  }
}

static uint64_t span_us(const mote_app *app, uint64_t samples) {
  return samples * app->config->period_q16 >> 16;
}

static void send_samples(mote_app *app, const int16_t *frames, uint32_t count, uint64_t time_us) {
  const uint32_t channels = app->config->channel_count;
  const uint32_t most = (MOTE_LINK_MAX_PAYLOAD - SAMPLES_HEADER) / (2u * channels);
  for (uint32_t done = 0; done < count;) {
    const uint32_t now = count - done < most ? count - done : most;
    uint8_t *out = app->payload;
    out += put_le(out, 0, 1); /* group */
    out += put_le(out, 0, 1); /* flags */
    out += put_le(out, now, 2);
    out += put_le(out, time_us + span_us(app, done), 8);
    out += put_le(out, mote_ring_lost(&app->ring), 4);
    for (uint32_t i = 0; i < now * channels; ++i) {
      out += put_le(out, (uint16_t)frames[(size_t)done * channels + i], 2);
    }
    mote_app_send(app, MOTE_KIND_SAMPLES, (size_t)(out - app->payload));
    done += now;
  }
}

void mote_app_window_done(mote_app *app) {
  if (app->port->stream != NULL) {
    app->port->stream->reset(app->port->context);
    app->until = app->config->window_samples;
  }
}

void mote_app_samples(mote_app *app, const int16_t *frames, uint32_t count, uint64_t time_us) {
  if (!app->streaming || count == 0) {
    return;
  }
  if (app->limit != 0 && count > app->limit - app->sent) {
    count = app->limit - app->sent;
  }
  const uint32_t begun = mote_profile_now();
  if (app->inferring) {
    mote_ring_push(&app->ring, frames, count);
  }
  send_samples(app, frames, count, time_us);
  mote_profile_add(MOTE_PART_STREAM, begun);
  app->sent += count;
  app->last_index += count;
  app->last_time_us = time_us + span_us(app, count - 1u);
  if (app->limit != 0 && app->sent >= app->limit) {
    mote_app_stop(app);
    send_stopped(app);
  }
}

static void send_inference(mote_app *app, uint64_t index, const int8_t *scores, uint64_t took) {
  const mote_app_config *config = app->config;
  const uint64_t behind = app->last_index > index ? span_us(app, app->last_index - index) : 0;
  uint32_t scale;
  memcpy(&scale, &config->output_scale, sizeof scale);
  uint8_t *out = app->payload;
  out += put_le(out, index - 1u, 8); /* the sample that ends the window */
  out += put_le(out, app->last_time_us - behind, 8);
  out += put_le(out, took > UINT32_MAX ? UINT32_MAX : took, 4);
  out += put_le(out, scale, 4);
  out += put_le(out, (uint8_t)config->output_zero_point, 1);
  out += put_le(out, config->class_count, 1);
  memcpy(out, scores, config->class_count);
  mote_app_send(app, MOTE_KIND_INFERENCE, INFERENCE_HEADER + config->class_count);
  if (app->port->scored != NULL) {
    app->port->scored(app->port->context, scores, app->last_time_us - behind);
  }
}

static bool step_by_window(mote_app *app) {
  if (!mote_ring_ready(&app->ring)) {
    return false;
  }
  const uint64_t index = mote_ring_take(&app->ring, app->window);
  int8_t scores[MOTE_APP_MAX_CLASSES];
  const uint64_t begun = app->port->now_us(app->port->context);
  if (app->port->infer == NULL || !app->port->infer(app->port->context, app->window, scores)) {
    return false;
  }
  send_inference(app, index, scores, app->port->now_us(app->port->context) - begun);
  return true;
}

/* Hands samples on as they are there, until a window ends. */
static bool step_by_sample(mote_app *app) {
  const mote_stream *stream = app->port->stream;
  bool gap;
  uint32_t count;
  const int16_t *samples;
  while ((samples = mote_ring_next(&app->ring, app->until, &count, &gap)) != NULL) {
    if (gap) {
      stream->reset(app->port->context);
      app->until = app->config->window_samples;
      count = count < app->until ? count : app->until;
    }
    stream->push(app->port->context, samples, count);
    const uint64_t index = mote_ring_drop(&app->ring, count);
    app->until -= count;
    if (app->until == 0) {
      app->until = app->config->step_samples;
      int8_t scores[MOTE_APP_MAX_CLASSES];
      const uint64_t begun = app->port->now_us(app->port->context);
      if (!stream->infer(app->port->context, scores)) {
        return false;
      }
      send_inference(app, index, scores, app->port->now_us(app->port->context) - begun);
      return true;
    }
  }
  return false;
}

bool mote_app_step(mote_app *app) {
  if (!app->inferring) {
    return false;
  }
  return app->port->stream != NULL ? step_by_sample(app) : step_by_window(app);
}
