/* Reads windows from windows.bin, writes their features to features.bin: floats, then 8-bit codes, window by window. */
#include <stdio.h>

#include "mote_features.h"
#include "mote_project.h"

int main(void) {
  static int16_t window[MOTE_WINDOW_SAMPLES * MOTE_CHANNELS];
  static float values[MOTE_FEATURE_COUNT];
  static int8_t codes[MOTE_FEATURE_COUNT];
  FILE *in = fopen("windows.bin", "rb");
  FILE *out = fopen("features.bin", "wb");
  if (in == NULL || out == NULL) {
    return 1;
  }
  while (fread(window, sizeof window, 1, in) == 1) {
    mote_sink sink = {1.0f / MOTE_INPUT_SCALE, MOTE_INPUT_ZERO_POINT, codes, NULL, values, 0, 1, 1};
    mote_features_run(window, &sink);
    if (fwrite(values, sizeof values, 1, out) != 1 || fwrite(codes, sizeof codes, 1, out) != 1) {
      return 2;
    }
  }
  return fclose(out);
}
