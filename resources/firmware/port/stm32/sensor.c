/* MPU-6050, LSM6DS3 or LSM6DSL on the board's I2C. An emulator has none: there the signal is made up, a triangle on every
 * channel, each at its own pace. For another sensor, put its driver here. */
#include "sensor.h"

#include <stdatomic.h>
#include <stddef.h>

#include "chip.h"
#include "i2c.h"
#include "motion.h"
#include "mote_config.h"
#include "mote_project.h"
#include "sampler.h"

/* Samples of 100 ms, which is what they need at most until their values are true. */
enum { SETTLE = (int)(MOTE_RATE_HZ / 10.0f) + 1 };

static const motion_sensor *found;
static uint8_t address, kept;
static motion_plan plan;
static _Atomic bool failed;     /* to give a sample */
static _Atomic bool resting;    /* the main loop has the bus */
static _Atomic uint32_t settling; /* samples that are not taken yet */
static bool running;

static bool set(uint8_t reg, uint8_t value) { return i2c_write(address, reg, value); }

const char *sensor_find(void) {
  if (!chip_is_real()) {
    return "made-up signal";
  }
  i2c_open();
  for (size_t i = 0; i < MOTION_SENSORS; ++i) {
    for (uint32_t a = 0; a < 2; ++a) {
      uint8_t is;
      if (i2c_read(motion_sensors[i].addresses[a], motion_sensors[i].who_am_i, &is, 1) && is == motion_sensors[i].is &&
          motion_choose(&plan, motion_sensors[i].ranges, mote_config.channels, mote_config.channel_count)) {
        found = &motion_sensors[i];
        address = motion_sensors[i].addresses[a];
        return found->name;
      }
    }
  }
  return NULL;
}

/* One that does not answer is asked again later: its samples are lost until then. */
static void configure(void) {
  i2c_open();
  kept = 0; /* which it never is once it is set */
  const bool answers = found->configure(found, &plan, MOTE_RATE_HZ, set) && i2c_read(address, found->kept, &kept, 1);
  atomic_store(&settling, answers ? SETTLE : 0);
  atomic_store(&failed, !answers);
}

bool mote_sensor_power(bool on) {
  running = false;
  if (!chip_is_real()) {
    return true;
  }
  if (found == NULL) {
    return false;
  }
  const uint32_t was = chip_lock();
  i2c_abandon(); /* what the sampler had begun */
  chip_unlock(was);
  atomic_store(&resting, false);
  running = on;
  if (on) {
    configure();
  }
  return true;
}

void sensor_attend(void) {
  if (!running || !atomic_load(&failed)) {
    return;
  }
  atomic_store(&resting, true);
  const uint32_t was = chip_lock();
  i2c_abandon();
  chip_unlock(was);
  /* It may hold the bus; it may have lost power, and then knows nothing of its settings. */
  uint8_t is;
  if (!i2c_read(address, found->kept, &is, 1)) {
    i2c_open();
  } else if (is == 0 || is != kept) {
    configure();
  } else {
    atomic_store(&failed, false);
  }
  atomic_store(&resting, false);
}

static void ended(const uint8_t *bytes) {
  if (bytes == NULL) {
    atomic_store(&failed, true);
    sampler_give(NULL);
    return;
  }
  int16_t raw[MOTION_AXES], sample[MOTION_CHANNELS];
  found->counts(bytes, raw);
  motion_convert(&plan, raw, sample);
  sampler_give(sample);
}

static void make_up(uint32_t index) {
  int16_t sample[MOTE_CHANNELS];
  for (uint32_t channel = 0; channel < MOTE_CHANNELS; ++channel) {
    const int32_t phase = (int32_t)(index * (channel + 1u) % 200u);
    sample[channel] = (int16_t)((phase < 100 ? phase : 200 - phase) * 80 - 4000);
  }
  sampler_give(sample);
}

void mote_sensor_take(uint32_t index) {
  if (found == NULL) {
    make_up(index);
  } else if (atomic_load(&settling) > 0) {
    atomic_store(&settling, atomic_load(&settling) - 1);
  } else if (!atomic_load(&resting) && !atomic_load(&failed) &&
             !i2c_begin_read(address, found->first, found->bytes, ended)) {
    /* The one before hangs: the bus is held, or a device holds the clock. */
    atomic_store(&failed, true);
    i2c_abandon();
  }
}
