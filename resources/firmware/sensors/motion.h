/* Motion sensors on I2C: which there are, how each is set up, which range serves a project's channels, and what becomes of
 * a raw count. The bus is the port's. */
#ifndef MOTE_SENSORS_MOTION_H
#define MOTE_SENSORS_MOTION_H

#include <stdbool.h>
#include <stdint.h>

#include "mote_app.h"

/* A range of an accelerometer (in g) or a gyroscope (in degrees a second). */
typedef struct {
  float full_scale; /* as its maker calls it */
  float per_count;  /* g or degrees a second */
  uint8_t code;     /* what the register takes */
} motion_range;

enum { MOTION_RANGES = 5, MOTION_AXES = 6, MOTION_CHANNELS = 16 };

typedef struct {
  motion_range acceleration[MOTION_RANGES]; /* `per_count` 0 ends the list */
  motion_range rotation[MOTION_RANGES];
} motion_ranges;

/* With the registers' codes: of ACCEL_CONFIG and GYRO_CONFIG, of CTRL1_XL and CTRL2_G. */
extern const motion_ranges motion_mpu6050_ranges;
extern const motion_ranges motion_lsm6ds_ranges;

/* The registers from ACCEL_XOUT_H on (14 bytes), or from OUTX_L_G on (12), to counts: acceleration x, y, z, then
 * rotation. */
void motion_mpu6050(const uint8_t *bytes, int16_t raw[MOTION_AXES]);
void motion_lsm6ds(const uint8_t *bytes, int16_t raw[MOTION_AXES]);

typedef struct {
  const motion_range *acceleration; /* the chosen ranges */
  const motion_range *rotation;
  uint32_t channels;
  bool exact; /* the sensor's counts are the project's: nothing is converted */
  struct {
    uint8_t axis; /* 0 to 2 acceleration x, y, z; 3 to 5 rotation */
    float gain;   /* counts of the project for one of the sensor */
    float zero;   /* counts of the project at the sensor's zero */
  } map[MOTION_CHANNELS];
} motion_plan;

/* Writes a register of the sensor. */
typedef bool (*motion_set)(uint8_t reg, uint8_t value);

/* A sensor on I2C. */
typedef struct motion_sensor motion_sensor;
struct motion_sensor {
  const char *name;
  uint8_t addresses[2];
  uint8_t who_am_i; /* the register */
  uint8_t is;       /* what it says there */
  uint8_t first;    /* register of the counts */
  uint8_t bytes;
  uint8_t kept; /* register whose setting is not the one that it wakes up with */
  /* Sets it up for a plan and the project's rate. */
  bool (*configure)(const motion_sensor *self, const motion_plan *plan, float rate_hz, motion_set set);
  void (*counts)(const uint8_t *bytes, int16_t raw[MOTION_AXES]);
  const motion_ranges *ranges;
};

enum { MOTION_SENSORS = 3 };
extern const motion_sensor motion_sensors[MOTION_SENSORS];

/* Whether a unit is one of acceleration or angular rate. */
bool motion_unit(const char *unit);

/* Chooses the ranges whose counts are nearest to the project's. A channel's unit tells what it is, the x, y or z that
 * its name ends with its axis; without one its place among its like does. False where a channel is no motion. */
bool motion_choose(motion_plan *plan, const motion_ranges *ranges, const mote_channel *channels, uint32_t count);

/* One sample: the sensor's six counts, acceleration first, to the project's channels. */
void motion_convert(const motion_plan *plan, const int16_t raw[MOTION_AXES], int16_t *frame);

#endif
