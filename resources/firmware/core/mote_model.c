#include "mote_model.h"

#include "mote_features.h"
#include "mote_profile.h"
#include "mote_project.h"
#include "mote_tflm.h"

/* False where there is no model. */
static bool model_input(mote_sink *sink) {
  void *const input = mote_tflm_input();
  *sink = (mote_sink){1.0f / mote_tflm_input_scale(), mote_tflm_input_zero_point(), NULL, NULL, NULL, 0, 1, 1};
#if MOTE_INPUT_BITS == 16
  sink->i16 = input;
#else
  sink->i8 = input;
#endif
  return input != NULL;
}

static bool invoke(int8_t *scores) {
  const uint32_t begun = mote_profile_now();
  const bool ran = mote_tflm_invoke(scores);
  mote_profile_add(MOTE_PART_INFERENCE, begun);
  return ran;
}

bool mote_model_use(void *context, const uint8_t *model) {
  (void)context;
  return mote_tflm_use(model);
}

uint8_t *mote_model_input(void *context, size_t *length) {
  (void)context;
  *length = (size_t)MOTE_FEATURE_COUNT * (MOTE_INPUT_BITS / 8);
  return mote_tflm_input();
}

bool mote_model_infer_input(void *context, int8_t *scores) {
  (void)context;
  return invoke(scores);
}

bool mote_model_infer(void *context, const int16_t *window, int8_t *scores) {
  (void)context;
  mote_sink sink;
  if (!model_input(&sink)) {
    return false;
  }
  const uint32_t begun = mote_profile_now();
  mote_features_run(window, &sink);
  mote_profile_add(MOTE_PART_FEATURES, begun);
  return invoke(scores);
}

#if MOTE_FEATURES_STREAMING
void mote_model_reset(void *context) {
  (void)context;
  mote_features_reset();
}

void mote_model_push(void *context, const int16_t *samples, size_t count) {
  (void)context;
  const uint32_t begun = mote_profile_now();
  mote_features_push(samples, count);
  mote_profile_add(MOTE_PART_FEATURES, begun);
}

bool mote_model_infer_pushed(void *context, int8_t *scores) {
  (void)context;
  mote_sink sink;
  if (!model_input(&sink)) {
    return false;
  }
  const uint32_t begun = mote_profile_now();
  mote_features_emit(&sink);
  mote_profile_add(MOTE_PART_FEATURES, begun);
  return invoke(scores);
}
#endif
