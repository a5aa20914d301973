/* Samples in blocks, from a task of their own to the main task. */
#ifndef MOTE_ESP32_SAMPLER_H
#define MOTE_ESP32_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "mote_firmware.h"

enum { SAMPLER_BLOCK = MOTE_BLOCK_SAMPLES };

typedef struct {
  uint64_t time_us; /* of the first sample */
  uint32_t count;
  uint32_t session;
  int16_t frames[SAMPLER_BLOCK * MOTE_CHANNELS];
} sampler_block;

/* Begins the task; it notifies `reader` of each block. */
bool sampler_init(TaskHandle_t reader);

/* Begins a new session, or ends it. From the reader's task. */
void sampler_run(bool on);

/* The next block of this session, or NULL. It is the reader's until sampler_done. */
const sampler_block *sampler_take(void);

void sampler_done(const sampler_block *block);

#endif
