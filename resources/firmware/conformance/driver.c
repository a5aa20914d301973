/* Runs the feature code of a generated project on windows from a file: what the conformance kit compares with Python.
 *
 *   driver f32|i8|i16 IN OUT       every window of IN by itself
 *   driver stream IN OUT PIECE     IN as one stream, in pieces of 0 to PIECE samples; a window after every step
 *
 * IN holds int16 samples, channels interleaved; OUT gets the features. A program of its own, so that a twin that writes
 * where it must not takes nothing else down. It may use the heap and stdio; twins may not.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mote_features.h"
#include "mote_project.h"

void mote_host_features_f32(const int16_t *window, float *features);
void mote_host_features_i8(const int16_t *window, int8_t *features);
void mote_host_features_i16(const int16_t *window, int16_t *features);
void mote_host_stream_reset(void);
void mote_host_stream_push(const int16_t *samples, int32_t count);
void mote_host_stream_emit_f32(float *features);

enum { WINDOW_VALUES = MOTE_WINDOW_SAMPLES * MOTE_CHANNELS };

static int fail(const char *what) {
  fprintf(stderr, "driver: %s\n", what);
  return 2;
}

static int windows(const char *mode, FILE *in, FILE *out) {
  /* Exactly one window on the heap: the address checker sees a read beyond either end. */
  int16_t *window = malloc(sizeof(int16_t) * WINDOW_VALUES);
  float *f32 = malloc(sizeof(float) * MOTE_FEATURE_COUNT);
  int8_t *i8 = malloc(sizeof(int8_t) * MOTE_FEATURE_COUNT);
  int16_t *i16 = malloc(sizeof(int16_t) * MOTE_FEATURE_COUNT);
  if (window == NULL || f32 == NULL || i8 == NULL || i16 == NULL) {
    return fail("no memory");
  }
  while (fread(window, sizeof(int16_t), WINDOW_VALUES, in) == WINDOW_VALUES) {
    if (strcmp(mode, "f32") == 0) {
      mote_host_features_f32(window, f32);
      fwrite(f32, sizeof(float), MOTE_FEATURE_COUNT, out);
    } else if (strcmp(mode, "i8") == 0) {
      mote_host_features_i8(window, i8);
      fwrite(i8, sizeof(int8_t), MOTE_FEATURE_COUNT, out);
    } else {
      mote_host_features_i16(window, i16);
      fwrite(i16, sizeof(int16_t), MOTE_FEATURE_COUNT, out);
    }
  }
  free(window);
  free(f32);
  free(i8);
  free(i16);
  return 0;
}

#if MOTE_FEATURES_STREAMING
static int stream(FILE *in, FILE *out, int32_t piece) {
  static float features[MOTE_FEATURE_COUNT];
  uint32_t random = 1u;
  int32_t left = MOTE_WINDOW_SAMPLES;
  mote_host_stream_reset();
  for (;;) {
    random = random * 1664525u + 1013904223u;
    int32_t count = (int32_t)((random >> 8) % (uint32_t)(piece + 1));
    count = count < left ? count : left;
    int16_t *samples = malloc(sizeof(int16_t) * MOTE_CHANNELS * (size_t)(count > 0 ? count : 1));
    if (samples == NULL) {
      return fail("no memory");
    }
    const size_t wanted = (size_t)count * MOTE_CHANNELS;
    const size_t got = fread(samples, sizeof(int16_t), wanted, in);
    if (got == wanted) {
      mote_host_stream_push(samples, count);
      left -= count;
    }
    free(samples);
    if (got != wanted) {
      return 0;
    }
    if (left == 0) {
      mote_host_stream_emit_f32(features);
      fwrite(features, sizeof(float), MOTE_FEATURE_COUNT, out);
      left = MOTE_STEP_SAMPLES;
    }
  }
}
#endif

int main(int argc, char **argv) {
  if (argc < 4) {
    return fail("a mode and two files are needed");
  }
  FILE *in = fopen(argv[2], "rb");
  FILE *out = fopen(argv[3], "wb");
  if (in == NULL || out == NULL) {
    return fail("a file cannot be opened");
  }
  int status = 2;
  if (strcmp(argv[1], "stream") != 0) {
    status = windows(argv[1], in, out);
  } else {
#if MOTE_FEATURES_STREAMING
    status = argc > 4 ? stream(in, out, (int32_t)strtol(argv[4], NULL, 10)) : fail("how large are pieces?");
#else
    status = fail("this project's features do not stream");
#endif
  }
  fclose(in);
  return fclose(out) == 0 ? status : fail("the output cannot be written");
}
