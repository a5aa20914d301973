#include "sensor.h"

#include "esp_log.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "motion.h"
#include "mote_config.h"
#include "sdkconfig.h"

#if CONFIG_MOTE_SENSOR_MADE_UP

/* A triangle on every channel, each at its own pace. */
static uint64_t begun_us, next;

static uint64_t due_us(uint64_t sample) { return begun_us + (uint64_t)((double)sample * 1e6 / (double)MOTE_RATE_HZ); }

static bool made_up_start(void) {
  begun_us = (uint64_t)esp_timer_get_time();
  next = 0;
  return true;
}

static void made_up_stop(void) {}

static uint32_t made_up_read(int16_t *frames, uint32_t most, uint64_t *time_us) {
  while ((uint64_t)esp_timer_get_time() < due_us(next + most)) {
    vTaskDelay(1);
  }
  *time_us = due_us(next);
  for (uint32_t i = 0; i < most; ++i, ++next) {
    for (uint32_t channel = 0; channel < MOTE_CHANNELS; ++channel) {
      const int32_t phase = (int32_t)(next * (channel + 1u) % 200u);
      frames[i * MOTE_CHANNELS + channel] = (int16_t)((phase < 100 ? phase : 200 - phase) * 80 - 4000);
    }
  }
  return most;
}

const sensor *sensor_find(void) {
  static const sensor made_up = {"a made-up signal", made_up_start, made_up_stop, made_up_read};
  return &made_up;
}

#else

const sensor *sensor_find(void) {
  uint32_t motions = 0;
  uint32_t plain = 0;
  for (uint32_t i = 0; i < mote_config.channel_count; ++i) {
    motions += motion_unit(mote_config.channels[i].unit);
    plain += mote_config.channels[i].unit[0] == '\0';
  }
  if (motions == mote_config.channel_count) {
    return imu_find();
  }
  if (plain == mote_config.channel_count) {
    return microphone_find();
  }
  ESP_LOGE("sensor", "no driver here gives the channels of group %s", mote_config.group);
  return NULL;
}

#endif
