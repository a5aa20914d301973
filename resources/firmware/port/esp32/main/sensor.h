/* A sensor as the sampler uses it, all from the sampler's task. */
#ifndef MOTE_ESP32_SENSOR_H
#define MOTE_ESP32_SENSOR_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  const char *name;
  bool (*start)(void);
  void (*stop)(void);
  /* Waits for samples of all channels, at most `most`; returns how many it wrote, 0 where none came in time.
   * `*time_us` is the clock at the first of them. What was missed shows in the clock. */
  uint32_t (*read)(int16_t *frames, uint32_t most, uint64_t *time_us);
} sensor;

/* The sensor that the project's channels ask for, set up; NULL where it does not answer, and the log says so. */
const sensor *sensor_find(void);

/* Of sensor_find: each logs what it found, or why it cannot serve this project and returns NULL. */
const sensor *imu_find(void);
const sensor *microphone_find(void);

#endif
