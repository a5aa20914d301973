/* The application on the chip, the main task: the link's requests, the sampler's blocks and the model take turns. The
 * tasks that receive and sample wait for nobody; this one sleeps until one of them wakes it. */
#include <stdio.h>

#include "esp_log.h"
#include "esp_mac.h"
#include "esp_task_wdt.h"
#include "esp_timer.h"
#include "link.h"
#include "model_partition.h"
#include "mote_firmware.h"
#include "sampler.h"

enum { IDLE_MS = 1000 };

static mote_app *app;
static char serial[13];

static uint64_t now_us(void *context) {
  (void)context;
  return (uint64_t)esp_timer_get_time();
}

/* Microseconds: each core counts its own cycles, and a task may change cores. */
static uint32_t ticks(void) { return (uint32_t)esp_timer_get_time(); }

static const char *serial_number(void *context) {
  (void)context;
  return serial;
}

static void send_bytes(void *context, const uint8_t *data, size_t length) {
  (void)context;
  link_write(data, length);
}

static const sampler_block *block; /* that is being used, or NULL */
static uint32_t used;              /* samples of it */

static void drop_block(void) {
  if (block != NULL) {
    sampler_done(block);
    block = NULL;
  }
}

static void sampling(void *context, bool on) {
  (void)context;
  drop_block();
  sampler_run(on);
}

static uint32_t stack_free(void *context) {
  (void)context;
  return (uint32_t)uxTaskGetStackHighWaterMark(NULL);
}

/* The next samples, at most a step of the window: more the ring would not hold beside the window that comes first. */
static bool use_samples(void) {
  if (block == NULL) {
    block = sampler_take();
    used = 0;
  }
  if (block == NULL) {
    return false;
  }
  const uint32_t left = block->count - used;
  const uint32_t count = left < MOTE_STEP_SAMPLES ? left : MOTE_STEP_SAMPLES;
  const int16_t *frames = &block->frames[used * MOTE_CHANNELS];
  const uint64_t time_us = block->time_us + (uint64_t)((float)used * 1e6f / MOTE_RATE_HZ + 0.5f);
  used += count;
  mote_app_samples(app, frames, count, time_us); /* which may end the sampling, and the block */
  if (block != NULL && used == block->count) {
    drop_block();
  }
  return true;
}

/* Whether there was anything to do. */
static bool turn(void) {
  uint8_t bytes[256];
  size_t got;
  while ((got = link_read(bytes, sizeof bytes)) > 0) {
    mote_app_receive(app, bytes, got);
  }
  return mote_app_step(app) || use_samples();
}

static void name_the_chip(void) {
  uint8_t mac[6] = {0};
  esp_efuse_mac_get_default(mac);
  snprintf(serial, sizeof serial, "%02X%02X%02X%02X%02X%02X", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

void app_main(void) {
  static const mote_hardware hardware = {
      .serial_number = serial_number,
      .now_us = now_us,
      .send = send_bytes,
      .sampling = sampling,
      .stack_free = stack_free,
      .ticks = ticks,
      .ticks_hz = 1000000,
  };
  name_the_chip();
  const mote_flash *flash = model_partition_open();
  if (flash != NULL) {
    app = mote_firmware_begin(&hardware, flash);
  }
  const TaskHandle_t self = xTaskGetCurrentTaskHandle();
  if (app == NULL || !link_init(self) || !sampler_init(self)) {
    ESP_LOGE("mote", "the firmware cannot begin: no model partitions, no memory, or a port that does not open");
    return;
  }
  esp_task_wdt_add(NULL); /* a model that hangs restarts the chip */
  for (;;) {
    esp_task_wdt_reset();
    if (!turn()) {
      ulTaskNotifyTake(pdTRUE, pdMS_TO_TICKS(IDLE_MS));
    }
  }
}
