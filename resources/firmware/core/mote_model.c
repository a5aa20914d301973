#include "mote_model.h"

#include <string.h>

#include "mote_core.h"
#include "mote_project.h"
#include "mote_tflm.h"

bool mote_model_infer(void *context, const int16_t *window, int8_t *scores) {
  (void)context;
  if (!mote_tflm_init()) {
    return false;
  }
  mote_sink sink = {1.0f / MOTE_INPUT_SCALE, MOTE_INPUT_ZERO_POINT, NULL, NULL};
  sink.i8 = mote_tflm_input();
  mote_feature_run(window, &sink);
  const int8_t *output = mote_tflm_invoke();
  if (output == NULL) {
    return false;
  }
  memcpy(scores, output, MOTE_CLASS_COUNT);
  return true;
}
