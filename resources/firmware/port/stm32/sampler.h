/* Samples at the project's rate from the system timer's interrupt, in blocks: one fills while others wait for the main
 * loop, as many as come while the model runs. */
#ifndef MOTE_STM32_SAMPLER_H
#define MOTE_STM32_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

/* Has a sample of every channel taken; called from the interrupt, `index` counts from the beginning. sampler_give
 * answers it, at once or from another interrupt before the next; where none came by then, or NULL, the sample is lost. */
void mote_sensor_take(uint32_t index);

/* Switches the sensor; false: there is none. */
bool mote_sensor_power(bool on);

/* What was taken, from an interrupt; NULL: the sensor did not answer. */
void sampler_give(const int16_t *sample);

void sampler_run(bool on);

/* The block that is full, or NULL; `*count` samples that begin at `*time_us`. It stays until sampler_done. */
const int16_t *sampler_block(uint32_t *count, uint64_t *time_us);

void sampler_done(void);

#endif
