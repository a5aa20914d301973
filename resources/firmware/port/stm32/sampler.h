/* Samples at the project's rate from the system timer's interrupt, in two buffers: one fills while the other is used. */
#ifndef MOTE_STM32_SAMPLER_H
#define MOTE_STM32_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

/* Reads one sample of every channel; called from the interrupt, `index` counts from the beginning. */
void mote_sensor_read(int16_t *sample, uint32_t index);

/* Switches the sensor. */
void mote_sensor_power(bool on);

void sampler_run(bool on);

/* The block that is full, or NULL; `*count` samples that begin at `*time_us`. It stays until sampler_done. */
const int16_t *sampler_block(uint32_t *count, uint64_t *time_us);

void sampler_done(void);

#endif
