#include "mote_model.h"

#include "mote_features.h"
#include "mote_project.h"
#include "mote_tflm.h"

static mote_sink model_input(void) {
  mote_sink sink = {1.0f / MOTE_INPUT_SCALE, MOTE_INPUT_ZERO_POINT, NULL, NULL, NULL, 0, 1, 1};
#if MOTE_INPUT_BITS == 16
  sink.i16 = mote_tflm_input();
#else
  sink.i8 = mote_tflm_input();
#endif
  return sink;
}

bool mote_model_infer(void *context, const int16_t *window, int8_t *scores) {
  (void)context;
  if (!mote_tflm_init()) {
    return false;
  }
  mote_sink sink = model_input();
  mote_features_run(window, &sink);
  return mote_tflm_invoke(scores);
}

#if MOTE_FEATURES_STREAMING
void mote_model_reset(void *context) {
  (void)context;
  mote_features_reset();
}

void mote_model_push(void *context, const int16_t *samples, size_t count) {
  (void)context;
  mote_features_push(samples, count);
}

bool mote_model_infer_pushed(void *context, int8_t *scores) {
  (void)context;
  if (!mote_tflm_init()) {
    return false;
  }
  mote_sink sink = model_input();
  mote_features_emit(&sink);
  return mote_tflm_invoke(scores);
}
#endif
