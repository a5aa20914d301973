/* The features as a shared library, for the virtual board and the parity tests: no input checks beyond the sizes that
 * it reports. */
#include "mote_features.h"
#include "mote_project.h"

#if defined(_WIN32)
#define MOTE_EXPORT __declspec(dllexport)
#else
#define MOTE_EXPORT __attribute__((visibility("default")))
#endif

MOTE_EXPORT int32_t mote_host_window_samples(void);
MOTE_EXPORT int32_t mote_host_step_samples(void);
MOTE_EXPORT int32_t mote_host_channels(void);
MOTE_EXPORT int32_t mote_host_feature_count(void);
MOTE_EXPORT int32_t mote_host_streaming(void);
MOTE_EXPORT void mote_host_features_f32(const int16_t *window, float *features);
MOTE_EXPORT void mote_host_features_i8(const int16_t *window, int8_t *features);
MOTE_EXPORT void mote_host_features_i16(const int16_t *window, int16_t *features);
MOTE_EXPORT void mote_host_stream_reset(void);
MOTE_EXPORT void mote_host_stream_push(const int16_t *samples, int32_t count);
MOTE_EXPORT void mote_host_stream_emit_f32(float *features);

int32_t mote_host_window_samples(void) { return MOTE_WINDOW_SAMPLES; }

int32_t mote_host_step_samples(void) { return MOTE_STEP_SAMPLES; }

int32_t mote_host_channels(void) { return MOTE_CHANNELS; }

int32_t mote_host_feature_count(void) { return MOTE_FEATURE_COUNT; }

int32_t mote_host_streaming(void) { return MOTE_FEATURES_STREAMING; }

static mote_sink sink_of(void) {
  const mote_sink sink = {1.0f / MOTE_INPUT_SCALE, MOTE_INPUT_ZERO_POINT, NULL, NULL, NULL, 0, 1, 1};
  return sink;
}

void mote_host_features_f32(const int16_t *window, float *features) {
  mote_sink sink = sink_of();
  sink.f32 = features;
  mote_features_run(window, &sink);
}

void mote_host_features_i8(const int16_t *window, int8_t *features) {
  mote_sink sink = sink_of();
  sink.i8 = features;
  mote_features_run(window, &sink);
}

void mote_host_features_i16(const int16_t *window, int16_t *features) {
  mote_sink sink = sink_of();
  sink.i16 = features;
  mote_features_run(window, &sink);
}

#if MOTE_FEATURES_STREAMING
void mote_host_stream_reset(void) { mote_features_reset(); }

void mote_host_stream_push(const int16_t *samples, int32_t count) { mote_features_push(samples, (size_t)count); }

void mote_host_stream_emit_f32(float *features) {
  mote_sink sink = sink_of();
  sink.f32 = features;
  mote_features_emit(&sink);
}
#endif
