#include "mote_requests.h"

#include <string.h>

#include "mote_profile.h"

mote_cbor_writer mote_reply_begin(mote_app *app, uint32_t id, bool ok) {
  mote_cbor_writer writer = {app->payload, sizeof app->payload, 0, false};
  mote_cbor_map(&writer, 3);
  mote_cbor_text(&writer, "id");
  mote_cbor_uint(&writer, id);
  mote_cbor_text(&writer, "ok");
  mote_cbor_bool(&writer, ok);
  mote_cbor_text(&writer, ok ? "result" : "error");
  return writer;
}

void mote_reply_error(mote_app *app, uint32_t id, const char *code) {
  mote_cbor_writer writer = mote_reply_begin(app, id, false);
  mote_cbor_map(&writer, 1);
  mote_put_text(&writer, "code", code);
  mote_app_send(app, MOTE_KIND_REPLY, writer.length);
}

void mote_reply_end(mote_app *app, uint32_t id, const mote_cbor_writer *writer) {
  if (writer->failed) {
    mote_reply_error(app, id, "board.too_long");
  } else {
    mote_app_send(app, MOTE_KIND_REPLY, writer->length);
  }
}

void mote_reply_empty(mote_app *app, uint32_t id) {
  mote_cbor_writer writer = mote_reply_begin(app, id, true);
  mote_cbor_map(&writer, 0);
  mote_reply_end(app, id, &writer);
}

void mote_put_text(mote_cbor_writer *writer, const char *key, const char *value) {
  mote_cbor_text(writer, key);
  mote_cbor_text(writer, value);
}

void mote_put_count(mote_cbor_writer *writer, const char *key, uint64_t value) {
  mote_cbor_text(writer, key);
  mote_cbor_uint(writer, value);
}

static void put_group(mote_cbor_writer *writer, const mote_app_config *config) {
  mote_cbor_map(writer, 3);
  mote_put_text(writer, "name", config->group);
  mote_cbor_text(writer, "rate_hz");
  mote_cbor_float(writer, config->rate_hz);
  mote_cbor_text(writer, "channels");
  mote_cbor_array(writer, config->channel_count);
  for (uint32_t i = 0; i < config->channel_count; ++i) {
    const mote_channel *channel = &config->channels[i];
    mote_cbor_map(writer, 4);
    mote_put_text(writer, "name", channel->name);
    mote_put_text(writer, "unit", channel->unit);
    mote_cbor_text(writer, "scale");
    mote_cbor_float(writer, channel->scale);
    mote_cbor_text(writer, "offset");
    mote_cbor_float(writer, channel->offset);
  }
}

mote_cbor_item mote_argument(const mote_cbor_reader *args, const char *key) {
  mote_cbor_reader value;
  mote_cbor_item item = {MOTE_CBOR_NONE, 0, 0.0, NULL, 0};
  if (mote_cbor_find(args, key, &value)) {
    item = mote_cbor_next(&value);
  }
  return item;
}

void mote_put_sha256(mote_cbor_writer *writer, const uint8_t *sha256) {
  static const char digits[] = "0123456789abcdef";
  char text[65];
  for (unsigned i = 0; i < 64; ++i) {
    text[i] = digits[sha256[i / 2] >> (i % 2 ? 0 : 4) & 15u];
  }
  text[64] = '\0';
  mote_put_text(writer, "sha256", text);
}

static void put_model(mote_cbor_writer *writer, const mote_app_config *config, const mote_slot_info *info) {
  mote_cbor_map(writer, 5);
  char name[33] = {0};
  memcpy(name, info->name, 32);
  mote_put_text(writer, "name", name);
  mote_put_sha256(writer, info->sha256);
  mote_cbor_text(writer, "classes");
  mote_cbor_array(writer, config->class_count);
  for (uint32_t i = 0; i < config->class_count; ++i) {
    mote_cbor_text(writer, config->classes[i]);
  }
  mote_put_count(writer, "window_samples", config->window_samples);
  mote_put_count(writer, "step_samples", config->step_samples);
}

static void describe(mote_app *app, uint32_t id) {
  const mote_app_config *config = app->config;
  mote_slot_info info;
  const mote_slots *slots = app->port->slots;
  const bool loaded = slots->active >= 0 && mote_slots_info(slots, (unsigned)slots->active, &info);
  mote_cbor_writer writer = mote_reply_begin(app, id, true);
  mote_cbor_map(&writer, loaded ? 10 : 9);
  mote_put_text(&writer, "board_id", config->board_id);
  mote_put_text(&writer, "name", config->board_name);
  mote_put_text(&writer, "serial_number", app->port->serial_number(app->port->context));
  mote_put_text(&writer, "firmware", config->firmware);
  mote_cbor_text(&writer, "groups");
  mote_cbor_array(&writer, 1);
  put_group(&writer, config);
  mote_cbor_text(&writer, "capabilities");
  mote_cbor_array(&writer, 3);
  mote_cbor_text(&writer, "stream");
  mote_cbor_text(&writer, "infer");
  mote_cbor_text(&writer, "slots");
  mote_put_count(&writer, "flash_bytes", config->flash_bytes);
  mote_put_count(&writer, "ram_bytes", config->ram_bytes);
  mote_put_count(&writer, "max_payload", MOTE_LINK_MAX_PAYLOAD);
  if (loaded) {
    mote_cbor_text(&writer, "model");
    put_model(&writer, config, &info);
  }
  mote_reply_end(app, id, &writer);
}

/* Takes the next piece of a window, samples as they come from the wire; false where it is not the next one. */
static bool take_window(mote_app *app, const mote_cbor_reader *args, const char *key) {
  const mote_app_config *config = app->config;
  const uint32_t wanted = config->window_samples * config->channel_count * (uint32_t)sizeof(int16_t);
  const mote_cbor_item piece = mote_argument(args, key), offset = mote_argument(args, "offset");
  const int64_t at = offset.type == MOTE_CBOR_INT ? offset.integer : 0;
  if (at == 0) {
    app->window_filled = 0;
    if (app->port->stream != NULL) {
      app->port->stream->reset(app->port->context);
    }
  }
  if (piece.type != MOTE_CBOR_BYTES || at != app->window_filled || piece.length > wanted - app->window_filled ||
      piece.length % sizeof(int16_t) != 0) {
    return false;
  }
  for (size_t i = 0; i < piece.length / sizeof(int16_t); ++i) {
    const int16_t value = (int16_t)(piece.data[2 * i] | (unsigned)piece.data[2 * i + 1] << 8);
    const size_t index = app->window_filled / sizeof(int16_t) + i;
    if (app->port->stream == NULL) {
      app->window[index] = value;
      continue;
    }
    app->sample[index % config->channel_count] = value;
    if ((index + 1) % config->channel_count == 0) {
      app->port->stream->push(app->port->context, app->sample, 1);
    }
  }
  app->window_filled += (uint32_t)piece.length;
  return true;
}

static void window_data(mote_app *app, uint32_t id, const mote_cbor_reader *args) {
  if (!take_window(app, args, "data")) {
    mote_reply_error(app, id, "infer.window");
    return;
  }
  mote_reply_empty(app, id);
}

static void infer_window(mote_app *app, uint32_t id, const mote_cbor_reader *args) {
  const mote_app_config *config = app->config;
  const mote_port *port = app->port;
  const bool whole = take_window(app, args, "samples") &&
                     app->window_filled == config->window_samples * config->channel_count * sizeof(int16_t);
  int8_t scores[MOTE_APP_MAX_CLASSES];
  bool ran = false;
  uint64_t took = 0;
  if (whole) {
    const uint64_t begun = port->now_us(port->context);
    if (port->stream != NULL) {
      ran = port->stream->infer(port->context, scores);
    } else {
      ran = port->infer != NULL && port->infer(port->context, app->window, scores);
    }
    took = port->now_us(port->context) - begun;
  }
  app->window_filled = 0;
  mote_app_window_done(app);
  if (!whole) {
    mote_reply_error(app, id, "infer.window");
    return;
  }
  if (!ran) {
    mote_reply_error(app, id, "infer.no_model");
    return;
  }
  mote_cbor_writer writer = mote_reply_begin(app, id, true);
  mote_cbor_map(&writer, 2);
  mote_cbor_text(&writer, "output");
  mote_cbor_bytes(&writer, (const uint8_t *)scores, config->class_count);
  mote_put_count(&writer, "latency_us", took);
  mote_reply_end(app, id, &writer);
}

static void health(mote_app *app, uint32_t id) {
  mote_health said;
  if (app->port->health == NULL || !app->port->health(app->port->context, &said)) {
    mote_reply_error(app, id, "board.no_health");
    return;
  }
  mote_cbor_writer writer = mote_reply_begin(app, id, true);
  mote_cbor_map(&writer, 3);
  mote_put_count(&writer, "stack_free", said.stack_free);
  mote_put_count(&writer, "arena_used", said.arena_used);
  mote_cbor_text(&writer, "arena_intact");
  mote_cbor_bool(&writer, said.arena_intact);
  mote_reply_end(app, id, &writer);
}

/* What the parts took since the last time that it was asked. */
static void profile(mote_app *app, uint32_t id) {
  static const char *const parts[MOTE_PARTS] = {"sampling", "stream", "features", "inference", "post"};
  mote_cbor_writer writer = mote_reply_begin(app, id, true);
  mote_cbor_map(&writer, 1 + MOTE_PARTS);
  mote_put_count(&writer, "hz", mote_profile_hz());
  for (int part = 0; part < MOTE_PARTS; ++part) {
    mote_put_count(&writer, parts[part], mote_profile_ticks((mote_part)part));
  }
  mote_profile_reset();
  mote_reply_end(app, id, &writer);
}

static void start(mote_app *app, uint32_t id, const mote_cbor_reader *args) {
  const mote_cbor_item item = mote_argument(args, "count");
  if (item.type != MOTE_CBOR_NONE && (item.type != MOTE_CBOR_INT || item.integer < 0 || item.integer > UINT32_MAX)) {
    mote_reply_error(app, id, "board.bad_request");
    return;
  }
  const int64_t count = item.type == MOTE_CBOR_INT ? item.integer : 0;
  mote_app_stop(app);
  mote_reply_empty(app, id);
  mote_app_start(app, (uint32_t)count);
}

void mote_handle_request(mote_app *app, const mote_frame *frame) {
  const mote_cbor_reader map = {frame->payload, frame->length, 0, false};
  const uint8_t nothing[1] = {0xA0};
  mote_cbor_reader value;
  mote_cbor_reader args = {nothing, sizeof nothing, 0, false};
  const mote_cbor_item id = mote_argument(&map, "id"), op = mote_argument(&map, "op");
  if (id.type != MOTE_CBOR_INT || id.integer < 0 || id.integer > UINT32_MAX) {
    return; /* without a number nobody could match an answer */
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
    mote_app_stop(app);
    mote_reply_empty(app, number);
  } else if (mote_cbor_is(&op, "infer_start") || mote_cbor_is(&op, "infer_stop")) {
    app->inferring = mote_cbor_is(&op, "infer_start");
    mote_reply_empty(app, number);
  } else if (mote_cbor_is(&op, "infer_window")) {
    infer_window(app, number, &args);
  } else if (mote_cbor_is(&op, "window_data")) {
    window_data(app, number, &args);
  } else if (mote_cbor_is(&op, "profile")) {
    profile(app, number);
  } else if (mote_cbor_is(&op, "health")) {
    health(app, number);
  } else if (!mote_handle_slot_request(app, number, &op, &args)) {
    mote_reply_error(app, number, "op.unknown");
  }
}
