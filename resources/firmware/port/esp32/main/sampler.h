/* Samples in blocks, from a task of their own to the main task. */
#ifndef MOTE_ESP32_SAMPLER_H
#define MOTE_ESP32_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "mote_project.h"

/* About 20 ms, as the studio draws; at most what every firmware's frame of the link holds. */
enum {
  SAMPLER_WANTED = (int)(MOTE_RATE_HZ / 50.0f) < 1 ? 1 : (int)(MOTE_RATE_HZ / 50.0f),
  SAMPLER_MOST = (int)(720 / (2 * MOTE_CHANNELS)),
  SAMPLER_BLOCK = SAMPLER_WANTED < SAMPLER_MOST ? SAMPLER_WANTED : SAMPLER_MOST
};

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
