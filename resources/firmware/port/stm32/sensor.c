/* A signal that is made up: a triangle on every channel, each at its own pace. Put your sensor's driver here. */
#include "mote_project.h"
#include "sampler.h"

void mote_sensor_power(bool on) { (void)on; }

void mote_sensor_read(int16_t *sample, uint32_t index) {
  for (uint32_t channel = 0; channel < MOTE_CHANNELS; ++channel) {
    const int32_t phase = (int32_t)(index * (channel + 1u) % 200u);
    sample[channel] = (int16_t)((phase < 100 ? phase : 200 - phase) * 80 - 4000);
  }
}
