/* C twin of chain/mean. */
#include "mote_core.h"

#include "feature_params.h"

void mote_feature_run(const int16_t *window, mote_sink *sink) {
  for (size_t c = 0; c < MOTE_CHANNELS; ++c) {
    int32_t sum = 0;
    for (size_t t = 0; t < MOTE_WINDOW_SAMPLES; ++t) {
      sum += window[t * MOTE_CHANNELS + c];
    }
    mote_emit(sink, c, (float)sum * MOTE_MEAN_GAIN);
  }
}
