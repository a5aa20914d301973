#include "sampler.h"

#include <stdatomic.h>
#include <stddef.h>

#include "esp_log.h"
#include "freertos/queue.h"
#include "sensor.h"

enum { BLOCKS = 24, STACK_BYTES = 4096, PRIORITY = 10 };

static const char *const TAG = "sampler";

static sampler_block blocks[BLOCKS];
static QueueHandle_t empty, full; /* of pointers to blocks */
static TaskHandle_t task, reader;
static _Atomic uint32_t wanted; /* the session that the reader asks for, 0 for none */

static const sensor *source;
static sampler_block *filling;
static sampler_block spare; /* where samples go that nobody has room for: their time passes all the same */

static void hand_over(void) {
  if (filling != NULL && filling != &spare) {
    xQueueSend(full, &filling, 0); /* it has room for all blocks */
    xTaskNotifyGive(reader);
  }
  filling = NULL;
}

static void drop(void) {
  if (filling != NULL && filling != &spare) {
    filling->count = 0;
    hand_over();
  }
  filling = NULL;
}

/* Whether samples from `time_us` on go on where the block ends, within half a sample. */
static bool follows(const sampler_block *block, uint64_t time_us) {
  const float period_us = 1e6f / MOTE_RATE_HZ;
  const float off_us = (float)(int64_t)(time_us - block->time_us) - (float)block->count * period_us;
  return off_us < 0.5f * period_us && off_us > -0.5f * period_us;
}

static void gather(uint32_t session) {
  static int16_t fresh[SAMPLER_BLOCK * MOTE_CHANNELS];
  uint64_t time_us;
  const uint32_t room = filling == NULL ? (uint32_t)SAMPLER_BLOCK : SAMPLER_BLOCK - filling->count;
  const uint32_t count = source->read(fresh, room, &time_us);
  if (count == 0) {
    return;
  }
  if (filling != NULL && !follows(filling, time_us)) {
    hand_over();
  }
  if (filling == NULL) {
    if (xQueueReceive(empty, &filling, 0) != pdTRUE) {
      filling = &spare;
    }
    filling->time_us = time_us;
    filling->count = 0;
    filling->session = session;
  }
  for (uint32_t i = 0; i < count * MOTE_CHANNELS; ++i) {
    filling->frames[filling->count * MOTE_CHANNELS + i] = fresh[i];
  }
  filling->count += count;
  if (filling->count == SAMPLER_BLOCK) {
    hand_over();
  }
}

static bool begin(void) {
  if (source == NULL) {
    source = sensor_find();
  }
  if (source == NULL || !source->start()) {
    ESP_LOGE(TAG, "nothing is sampled: the board has no sensor for this project");
    return false;
  }
  ESP_LOGI(TAG, "samples from %s", source->name);
  return true;
}

static void run(void *context) {
  (void)context;
  uint32_t session = 0;
  bool sampling = false;
  source = sensor_find();
  for (;;) {
    const uint32_t now = atomic_load(&wanted);
    if (now != session) {
      if (sampling) {
        source->stop();
      }
      drop();
      session = now;
      sampling = session != 0 && begin();
    }
    if (sampling) {
      gather(session);
    } else {
      ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
    }
  }
}

bool sampler_init(TaskHandle_t to_notify) {
  reader = to_notify;
  empty = xQueueCreate(BLOCKS, sizeof(sampler_block *));
  full = xQueueCreate(BLOCKS, sizeof(sampler_block *));
  if (empty == NULL || full == NULL) {
    return false;
  }
  for (int i = 0; i < BLOCKS; ++i) {
    sampler_block *block = &blocks[i];
    xQueueSend(empty, &block, 0);
  }
  return xTaskCreate(run, "sampler", STACK_BYTES, NULL, PRIORITY, &task) == pdPASS;
}

void sampler_run(bool on) {
  static uint32_t sessions;
  if (on && ++sessions == 0) {
    ++sessions;
  }
  atomic_store(&wanted, on ? sessions : 0u);
  xTaskNotifyGive(task);
}

const sampler_block *sampler_take(void) {
  sampler_block *block;
  while (xQueueReceive(full, &block, 0) == pdTRUE) {
    if (block->count > 0 && block->session == atomic_load(&wanted)) {
      return block;
    }
    sampler_done(block);
  }
  return NULL;
}

void sampler_done(const sampler_block *block) {
  sampler_block *back = (sampler_block *)(uintptr_t)block;
  xQueueSend(empty, &back, 0);
}
