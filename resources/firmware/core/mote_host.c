/* The feature twin as a shared library, for the virtual board and the parity tests: no state, no input checks
 * beyond the sizes that it reports. */
#include "mote_core.h"

#include "feature_params.h"

#ifndef MOTE_INPUT_SCALE
#define MOTE_INPUT_SCALE 1.0f
#endif
#ifndef MOTE_INPUT_ZERO_POINT
#define MOTE_INPUT_ZERO_POINT 0
#endif

#if defined(_WIN32)
#define MOTE_EXPORT __declspec(dllexport)
#else
#define MOTE_EXPORT __attribute__((visibility("default")))
#endif

MOTE_EXPORT int32_t mote_host_window_samples(void);
MOTE_EXPORT int32_t mote_host_channels(void);
MOTE_EXPORT int32_t mote_host_feature_count(void);
MOTE_EXPORT void mote_host_features_f32(const int16_t *window, float *features);
MOTE_EXPORT void mote_host_features_i8(const int16_t *window, int8_t *features);

int32_t mote_host_window_samples(void) { return MOTE_WINDOW_SAMPLES; }

int32_t mote_host_channels(void) { return MOTE_CHANNELS; }

int32_t mote_host_feature_count(void) { return MOTE_FEATURE_COUNT; }

void mote_host_features_f32(const int16_t *window, float *features) {
  mote_sink sink = {1.0f, 0, NULL, NULL};
  sink.f32 = features;
  mote_feature_run(window, &sink);
}

void mote_host_features_i8(const int16_t *window, int8_t *features) {
  mote_sink sink = {1.0f / MOTE_INPUT_SCALE, MOTE_INPUT_ZERO_POINT, NULL, NULL};
  sink.i8 = features;
  mote_feature_run(window, &sink);
}
