#include "mote_mlperf.h"

#include <string.h>

#include "mote_requests.h"

static bool is(const char *word, const char *wanted) {
  while (*word != '\0' && *word == *wanted) {
    ++word;
    ++wanted;
  }
  return *word == *wanted;
}

static void say(mote_app *app, const char *text) {
  app->mlperf.spoke = true;
  app->port->send(app->port->context, (const uint8_t *)text, strlen(text));
}

/* Of a power of ten. */
static uint64_t tenth(uint64_t power) {
  uint64_t one = 1;
  while (power > 1 && one * 10u < power) {
    one *= 10u;
  }
  return power > 1 ? one : 0;
}

static void say_number(mote_app *app, uint64_t number) {
  char text[21];
  unsigned at = 0;
  /* By subtraction: a division of 64 bits is more code than all of this. */
  for (uint64_t power = 10000000000000000000ull, rest = number; power > 0; power = tenth(power)) {
    char digit = '0';
    for (; rest >= power; rest -= power) {
      ++digit;
    }
    if (digit != '0' || at > 0 || power == 1) {
      text[at++] = digit;
    }
  }
  text[at] = '\0';
  say(app, text);
}

static void say_line(mote_app *app, const char *before, uint64_t number, const char *after) {
  say(app, before);
  say_number(app, number);
  say(app, after);
}

static void say_timestamp(mote_app *app) {
  say_line(app, "m-lap-us-", app->port->now_us(app->port->context), "\r\n");
}

/* Three decimals. */
static void say_score(mote_app *app, int8_t score) {
  const float value = (float)(score - app->config->output_zero_point) * app->config->output_scale;
  const int32_t thousandths = (int32_t)(value * 1000.0f + (value < 0.0f ? -0.5f : 0.5f));
  const uint32_t size = (uint32_t)(thousandths < 0 ? -thousandths : thousandths);
  say_line(app, thousandths < 0 ? "-" : "", size / 1000, ".");
  const char digits[] = {(char)('0' + size / 100 % 10), (char)('0' + size / 10 % 10), (char)('0' + size % 10), '\0'};
  say(app, digits);
}

static void say_results(mote_app *app) {
  say(app, "m-results-[");
  for (uint32_t i = 0; i < app->config->class_count; ++i) {
    say(app, i > 0 ? "," : "");
    say_score(app, app->first_scores[i]);
  }
  say(app, "]\r\n");
}

/* The next word of a command, cut off from the rest; NULL where there is none. */
static char *word(char **rest) {
  while (**rest == ' ') {
    ++*rest;
  }
  if (**rest == '\0') {
    return NULL;
  }
  char *const begin = *rest;
  while (**rest != '\0' && **rest != ' ') {
    ++*rest;
  }
  if (**rest != '\0') {
    *(*rest)++ = '\0';
  }
  return begin;
}

/* A whole number; -1 where it is none or too large. */
static int32_t number_of(const char *text) {
  int32_t number = 0;
  for (; *text != '\0'; ++text) {
    if (*text < '0' || *text > '9' || number > 99999999) {
      return -1;
    }
    number = number * 10 + (*text - '0');
  }
  return number;
}

static int nibble(char digit) {
  if (digit >= '0' && digit <= '9') {
    return digit - '0';
  }
  digit |= 0x20;
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static uint8_t *buffer(mote_app *app) { return (uint8_t *)app->ring.samples; }

static uint32_t window_bytes(const mote_app *app) {
  return app->config->window_samples * app->config->channel_count * (uint32_t)sizeof(int16_t);
}

static void db_load(mote_app *app, char *rest) {
  char *const count = word(&rest);
  const int32_t bytes = count == NULL ? -1 : number_of(count);
  const uint32_t room = app->ring.capacity * app->config->channel_count * (uint32_t)sizeof(int16_t);
  if (bytes <= 0) {
    say(app, "e-[Command 'db load' requires the # of bytes]\r\n");
  } else if ((uint32_t)bytes > room) {
    say_line(app, "e-[Supplied buffer size exceeds maximum of ", room, "]\r\n");
  } else {
    mote_app_stop(app);
    app->mlperf.expected = (uint32_t)bytes;
    app->mlperf.loaded = 0;
    say_line(app, "m-[Expecting ", app->mlperf.expected, " bytes]\r\n");
  }
}

static void db_bytes(mote_app *app, const char *digits) {
  mote_mlperf *state = &app->mlperf;
  if (strlen(digits) % 2 != 0) {
    say(app, "e-[Insufficent number of hex digits]\r\n");
    return;
  }
  for (; *digits != '\0' && state->loaded < state->expected; digits += 2) {
    const int high = nibble(digits[0]), low = nibble(digits[1]);
    if (high < 0 || low < 0) {
      say(app, "e-[Invalid hex digit]\r\n");
      return;
    }
    buffer(app)[state->loaded++] = (uint8_t)(high << 4 | low);
    if (state->loaded == state->expected) {
      say(app, "m-load-done\r\n");
    }
  }
}

static void db_print(mote_app *app) {
  static const char hex[] = "0123456789abcdef";
  const uint32_t count = app->mlperf.loaded;
  for (uint32_t i = 0; i < count; ++i) {
    const char digits[] = {hex[buffer(app)[i] >> 4], hex[buffer(app)[i] & 15], '\0'};
    say(app, i % 8 == 0 ? "m-buffer-" : "-");
    say(app, digits);
    say(app, i % 8 == 7 || i + 1 == count ? "\r\n" : "");
  }
}

static void db(mote_app *app, char *rest) {
  char *const what = word(&rest);
  if (what == NULL) {
    say(app, "e-[Command 'db' requires a subcommand]\r\n");
  } else if (is(what, "load")) {
    db_load(app, rest);
  } else if (is(what, "print")) {
    db_print(app);
  } else {
    db_bytes(app, what);
  }
}

static bool infer_once(mote_app *app, int8_t *scores) {
  const mote_port *port = app->port;
  size_t length = 0;
  uint8_t *const input = port->model_input(port->context, &length);
  const uint32_t loaded = app->mlperf.loaded;
  if (loaded == 0 || loaded == length) {
    if (input != NULL && loaded > 0) {
      memcpy(input, buffer(app), length);
    }
    return port->infer_input(port->context, scores);
  }
  if (loaded != window_bytes(app) || port->stream != NULL) {
    return false;
  }
  memcpy(app->window, buffer(app), loaded);
  return port->infer(port->context, app->window, scores);
}

static bool infer_times(mote_app *app, int32_t times, bool *first) {
  int8_t scores[MOTE_APP_MAX_CLASSES];
  for (; times > 0; --times) {
    if (!infer_once(app, scores)) {
      say(app, "e-[Inference failed]\r\n");
      return false;
    }
    if (*first) {
      memcpy(app->first_scores, scores, app->config->class_count);
      *first = false;
    }
  }
  return true;
}

static void infer(mote_app *app, char *rest) {
  char *const count = word(&rest), *const warm_up = word(&rest);
  const int32_t times = count == NULL ? 1 : number_of(count), before = warm_up == NULL ? 10 : number_of(warm_up);
  bool first = true;
  if (times <= 0) {
    say(app, "e-[Inference iterations must be >0]\r\n");
    return;
  }
  if (before < 0) {
    say(app, "e-[Inference warmup must be >=0]\r\n");
    return;
  }
  mote_app_stop(app);
  say_line(app, "m-warmup-start-", (uint64_t)before, "\r\n");
  if (!infer_times(app, before, &first)) {
    return;
  }
  say(app, "m-warmup-done\r\n");
  say_line(app, "m-infer-start-", (uint64_t)times, "\r\n");
  say_timestamp(app);
  if (infer_times(app, times, &first)) {
    say_timestamp(app);
    say(app, "m-infer-done\r\n");
    say_results(app);
  }
  mote_app_window_done(app);
}

static bool run(mote_app *app, char *rest) {
  char *const command = word(&rest);
  if (command == NULL) {
    return false;
  }
  if (is(command, "name")) {
    say(app, "m-name-dut-[");
    say(app, app->config->board_name);
    say(app, "]\r\n");
  } else if (is(command, "timestamp")) {
    say_timestamp(app);
  } else if (is(command, "profile")) {
    say(app, "m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[");
    say(app, app->config->model_id);
    say(app, "]\r\n");
  } else if (is(command, "help")) {
    say(app, "name, timestamp, profile, db load N, db HH.., db print, infer N [W], results\r\n");
  } else if (is(command, "db")) {
    db(app, rest);
  } else if (is(command, "infer")) {
    infer(app, rest);
  } else if (is(command, "results")) {
    say_results(app);
  } else {
    say(app, "e-[Unknown command: ");
    say(app, command);
    say(app, "]\r\n");
  }
  return true;
}

void mote_mlperf_init(mote_mlperf *state) { memset(state, 0, sizeof *state); }

bool mote_mlperf_push(mote_app *app, uint8_t byte) {
  mote_mlperf *state = &app->mlperf;
  if (byte == 0) {
    state->length = 0;
    state->noise = false;
  } else if (state->noise) {
    /* Inside a frame, whatever it holds. */
  } else if (byte == '\r' || byte == '\n') {
    state->length = 0;
  } else if (byte == '%') {
    state->command[state->length] = '\0';
    state->length = 0;
    if (run(app, state->command)) {
      say(app, "m-ready\r\n");
      return true;
    }
  } else if (byte < ' ' || byte > '~') {
    state->noise = true;
  } else if (state->length < MOTE_MLPERF_COMMAND) {
    state->command[state->length++] = (char)byte;
  }
  return false;
}
