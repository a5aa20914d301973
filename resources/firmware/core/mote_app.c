#include "mote_app.h"

#include <string.h>

#include "mote_cbor.h"

enum { SAMPLES_HEADER = 16, INFERENCE_HEADER = 26 };

static void send_frame(mote_app *app, uint8_t kind, size_t length) {
  const size_t wire = mote_link_encode(kind, app->sequence, app->payload, length, app->wire, sizeof app->wire);
  if (wire > 0) {
    app->sequence++;
    app->port->send(app->port->context, app->wire, wire);
  }
}

static size_t put_le(uint8_t *out, uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) {
    out[i] = (uint8_t)(value >> (8 * i));
  }
  return bytes;
}

/* --- control ------------------------------------------------------------------------------------------------- */

static mote_cbor_writer reply_begin(mote_app *app, uint32_t id, bool ok) {
  mote_cbor_writer writer = {app->payload, sizeof app->payload, 0, false};
  mote_cbor_map(&writer, 3);
  mote_cbor_text(&writer, "id");
  mote_cbor_uint(&writer, id);
  mote_cbor_text(&writer, "ok");
  mote_cbor_bool(&writer, ok);
  mote_cbor_text(&writer, ok ? "result" : "error");
  return writer;
}

static void reply_error(mote_app *app, uint32_t id, const char *code, const char *text) {
  mote_cbor_writer writer = reply_begin(app, id, false);
  mote_cbor_map(&writer, 2);
  mote_cbor_text(&writer, "code");
  mote_cbor_text(&writer, code);
  mote_cbor_text(&writer, "text");
  mote_cbor_text(&writer, text);
  send_frame(app, MOTE_KIND_REPLY, writer.length);
}

static void reply_end(mote_app *app, uint32_t id, const mote_cbor_writer *writer) {
  if (writer->failed) {
    reply_error(app, id, "board.too_long", "The answer does not fit a frame of this board.");
  } else {
    send_frame(app, MOTE_KIND_REPLY, writer->length);
  }
}

static void reply_empty(mote_app *app, uint32_t id) {
  mote_cbor_writer writer = reply_begin(app, id, true);
  mote_cbor_map(&writer, 0);
  reply_end(app, id, &writer);
}

static void put_text(mote_cbor_writer *writer, const char *key, const char *value) {
  mote_cbor_text(writer, key);
  mote_cbor_text(writer, value);
}

static void put_count(mote_cbor_writer *writer, const char *key, uint64_t value) {
  mote_cbor_text(writer, key);
  mote_cbor_uint(writer, value);
}

static void put_group(mote_cbor_writer *writer, const mote_app_config *config) {
  mote_cbor_map(writer, 3);
  put_text(writer, "name", config->group);
  mote_cbor_text(writer, "rate_hz");
  mote_cbor_double(writer, (double)config->rate_hz);
  mote_cbor_text(writer, "channels");
  mote_cbor_array(writer, config->channel_count);
  for (uint32_t i = 0; i < config->channel_count; ++i) {
    const mote_channel *channel = &config->channels[i];
    mote_cbor_map(writer, 4);
    put_text(writer, "name", channel->name);
    put_text(writer, "unit", channel->unit);
    mote_cbor_text(writer, "scale");
    mote_cbor_float(writer, channel->scale);
    mote_cbor_text(writer, "offset");
    mote_cbor_float(writer, channel->offset);
  }
}

static void put_model(mote_cbor_writer *writer, const mote_app_config *config) {
  mote_cbor_map(writer, 5);
  put_text(writer, "name", config->model_name);
  put_text(writer, "sha256", config->model_sha256);
  mote_cbor_text(writer, "classes");
  mote_cbor_array(writer, config->class_count);
  for (uint32_t i = 0; i < config->class_count; ++i) {
    mote_cbor_text(writer, config->classes[i]);
  }
  put_count(writer, "window_samples", config->window_samples);
  put_count(writer, "step_samples", config->step_samples);
}

static void describe(mote_app *app, uint32_t id) {
  const mote_app_config *config = app->config;
  mote_cbor_writer writer = reply_begin(app, id, true);
  mote_cbor_map(&writer, 9);
  put_text(&writer, "board_id", config->board_id);
  put_text(&writer, "name", config->board_name);
  put_text(&writer, "serial_number", app->port->serial_number(app->port->context));
  put_text(&writer, "firmware", config->firmware);
  mote_cbor_text(&writer, "groups");
  mote_cbor_array(&writer, 1);
  put_group(&writer, config);
  mote_cbor_text(&writer, "capabilities");
  mote_cbor_array(&writer, 2);
  mote_cbor_text(&writer, "stream");
  mote_cbor_text(&writer, "infer");
  put_count(&writer, "flash_bytes", config->flash_bytes);
  put_count(&writer, "ram_bytes", config->ram_bytes);
  mote_cbor_text(&writer, "model");
  put_model(&writer, config);
  reply_end(app, id, &writer);
}

static void stop_streaming(mote_app *app) {
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

static void start_streaming(mote_app *app, uint32_t limit) {
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
  put_text(&writer, "event", "stopped");
  put_count(&writer, "sent", app->sent);
  send_frame(app, MOTE_KIND_EVENT, writer.length);
}

static void infer_window(mote_app *app, uint32_t id, const mote_cbor_reader *args) {
  const mote_app_config *config = app->config;
  const size_t wanted = (size_t)config->window_samples * config->channel_count * sizeof(int16_t);
  mote_cbor_reader value;
  mote_cbor_item samples = {MOTE_CBOR_NONE, 0, 0.0, NULL, 0};
  if (mote_cbor_find(args, "samples", &value)) {
    samples = mote_cbor_next(&value);
  }
  if (samples.type != MOTE_CBOR_BYTES || samples.length != wanted) {
    reply_error(app, id, "board.bad_request", "infer_window needs exactly one window of samples.");
    return;
  }
  for (size_t i = 0; i < wanted / 2; ++i) {
    app->window[i] = (int16_t)(samples.data[2 * i] | (unsigned)samples.data[2 * i + 1] << 8);
  }
  int8_t scores[MOTE_APP_MAX_CLASSES];
  const uint64_t begun = app->port->now_us(app->port->context);
  if (app->port->infer == NULL || !app->port->infer(app->port->context, app->window, scores)) {
    reply_error(app, id, "board.no_model", "This firmware was built without a model or its model failed.");
    return;
  }
  const uint64_t took = app->port->now_us(app->port->context) - begun;
  if (app->port->stream != NULL) {
    /* The window went through the same features: what they held of the stream is gone. */
    app->port->stream->reset(app->port->context);
    app->until = app->config->window_samples;
  }
  mote_cbor_writer writer = reply_begin(app, id, true);
  mote_cbor_map(&writer, 2);
  mote_cbor_text(&writer, "output");
  mote_cbor_bytes(&writer, (const uint8_t *)scores, config->class_count);
  put_count(&writer, "latency_us", took);
  reply_end(app, id, &writer);
}

static void start(mote_app *app, uint32_t id, const mote_cbor_reader *args) {
  mote_cbor_reader value;
  int64_t count = 0;
  if (mote_cbor_find(args, "count", &value)) {
    const mote_cbor_item item = mote_cbor_next(&value);
    if (item.type != MOTE_CBOR_INT || item.integer < 0 || item.integer > UINT32_MAX) {
      reply_error(app, id, "board.bad_request", "start needs a count of 0 or more.");
      return;
    }
    count = item.integer;
  }
  stop_streaming(app);
  reply_empty(app, id);
  start_streaming(app, (uint32_t)count);
}

static void handle_request(mote_app *app, const mote_frame *frame) {
  const mote_cbor_reader map = {frame->payload, frame->length, 0, false};
  const uint8_t nothing[1] = {0xA0};
  mote_cbor_reader value;
  mote_cbor_item id = {MOTE_CBOR_NONE, 0, 0.0, NULL, 0};
  mote_cbor_item op = id;
  mote_cbor_reader args = {nothing, sizeof nothing, 0, false};
  if (mote_cbor_find(&map, "id", &value)) {
    id = mote_cbor_next(&value);
  }
  if (id.type != MOTE_CBOR_INT || id.integer < 0 || id.integer > UINT32_MAX) {
    return; /* without a number nobody could match an answer */
  }
  if (mote_cbor_find(&map, "op", &value)) {
    op = mote_cbor_next(&value);
  }
  if (mote_cbor_find(&map, "args", &value)) {
    args = value;
  }
  const uint32_t number = (uint32_t)id.integer;
  if (mote_cbor_is(&op, "describe")) {
    describe(app, number);
  } else if (mote_cbor_is(&op, "start")) {
    start(app, number, &args);
  } else if (mote_cbor_is(&op, "stop")) {
    stop_streaming(app);
    reply_empty(app, number);
  } else if (mote_cbor_is(&op, "infer_start") || mote_cbor_is(&op, "infer_stop")) {
    app->inferring = mote_cbor_is(&op, "infer_start");
    reply_empty(app, number);
  } else if (mote_cbor_is(&op, "infer_window")) {
    infer_window(app, number, &args);
  } else if (mote_cbor_is(&op, "package_hash")) {
    mote_cbor_writer writer = reply_begin(app, number, true);
    mote_cbor_map(&writer, 1);
    put_text(&writer, "sha256", app->config->model_sha256);
    reply_end(app, number, &writer);
  } else {
    reply_error(app, number, "board.unknown_op", "This firmware does not know that request.");
  }
}

/* --- data ---------------------------------------------------------------------------------------------------- */

bool mote_app_init(mote_app *app, const mote_app_config *config, const mote_port *port, int16_t *ring,
                   uint32_t ring_samples, int16_t *window) {
  memset(app, 0, sizeof *app);
  app->config = config;
  app->port = port;
  app->window = window;
  mote_link_decoder_init(&app->decoder);
  return config->class_count <= MOTE_APP_MAX_CLASSES &&
         SAMPLES_HEADER + 2u * config->channel_count <= MOTE_LINK_MAX_PAYLOAD && config->rate_hz > 0.0f &&
         init_ring(app, ring, ring_samples);
}

void mote_app_receive(mote_app *app, const uint8_t *data, size_t length) {
  mote_frame frame;
  for (size_t i = 0; i < length; ++i) {
    if (mote_link_push(&app->decoder, data[i], &frame) && frame.kind == MOTE_KIND_REQUEST) {
      handle_request(app, &frame);
    }
  }
}

static uint64_t span_us(const mote_app *app, uint64_t samples) {
  return (uint64_t)((float)samples * 1000000.0f / app->config->rate_hz);
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
    send_frame(app, MOTE_KIND_SAMPLES, (size_t)(out - app->payload));
    done += now;
  }
}

void mote_app_samples(mote_app *app, const int16_t *frames, uint32_t count, uint64_t time_us) {
  if (!app->streaming || count == 0) {
    return;
  }
  if (app->limit != 0 && count > app->limit - app->sent) {
    count = app->limit - app->sent;
  }
  if (app->inferring) {
    mote_ring_push(&app->ring, frames, count);
  }
  send_samples(app, frames, count, time_us);
  app->sent += count;
  app->last_index += count;
  app->last_time_us = time_us + span_us(app, count - 1u);
  if (app->limit != 0 && app->sent >= app->limit) {
    stop_streaming(app);
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
  send_frame(app, MOTE_KIND_INFERENCE, INFERENCE_HEADER + config->class_count);
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
