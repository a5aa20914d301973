#include "motion.h"

#include <string.h>

/* Counts as near as this are the same: no sensor's sensitivity is known better. */
#define SAME 0.01f

const motion_ranges motion_mpu6050_ranges = {
    {{2.0f, 1.0f / 16384.0f, 0x00},
     {4.0f, 1.0f / 8192.0f, 0x08},
     {8.0f, 1.0f / 4096.0f, 0x10},
     {16.0f, 1.0f / 2048.0f, 0x18}},
    {{250.0f, 1.0f / 131.0f, 0x00},
     {500.0f, 1.0f / 65.5f, 0x08},
     {1000.0f, 1.0f / 32.8f, 0x10},
     {2000.0f, 1.0f / 16.4f, 0x18}}};

const motion_ranges motion_lsm6ds_ranges = {
    {{2.0f, 0.061e-3f, 0x00}, {4.0f, 0.122e-3f, 0x08}, {8.0f, 0.244e-3f, 0x0C}, {16.0f, 0.488e-3f, 0x04}},
    {{125.0f, 4.375e-3f, 0x02},
     {250.0f, 8.75e-3f, 0x00},
     {500.0f, 17.5e-3f, 0x04},
     {1000.0f, 35e-3f, 0x08},
     {2000.0f, 70e-3f, 0x0C}}};

static int16_t pair(uint8_t high, uint8_t low) { return (int16_t)(uint16_t)((unsigned)high << 8 | low); }

void motion_mpu6050(const uint8_t *bytes, int16_t raw[MOTION_AXES]) {
  for (int i = 0; i < 3; ++i) {
    raw[i] = pair(bytes[2 * i], bytes[2 * i + 1]);
    raw[3 + i] = pair(bytes[8 + 2 * i], bytes[9 + 2 * i]); /* the temperature lies between */
  }
}

void motion_lsm6ds(const uint8_t *bytes, int16_t raw[MOTION_AXES]) {
  for (int i = 0; i < 3; ++i) {
    raw[3 + i] = pair(bytes[2 * i + 1], bytes[2 * i]);
    raw[i] = pair(bytes[7 + 2 * i], bytes[6 + 2 * i]);
  }
}

typedef struct {
  const char *name;
  bool rotation;
  float in_own; /* g or degrees a second */
} unit;

static const unit units[] = {
    {"g", false, 1.0f},
    {"m/s\xC2\xB2", false, 1.0f / 9.80665f},
    {"m/s^2", false, 1.0f / 9.80665f},
    {"m/s2", false, 1.0f / 9.80665f},
    {"\xC2\xB0/s", true, 1.0f},
    {"dps", true, 1.0f},
    {"deg/s", true, 1.0f},
    {"rad/s", true, 57.2957795f},
};

static const unit *find_unit(const char *name) {
  for (size_t i = 0; i < sizeof units / sizeof units[0]; ++i) {
    if (strcmp(units[i].name, name) == 0) {
      return &units[i];
    }
  }
  return NULL;
}

bool motion_unit(const char *name) { return find_unit(name) != NULL; }

/* How far a ratio is from 1, the same for its inverse. */
static float distance(float ratio) { return ratio >= 1.0f ? ratio - 1.0f : 1.0f / ratio - 1.0f; }

static const motion_range *nearest(const motion_range *ranges, float per_count) {
  const motion_range *best = &ranges[0];
  for (int i = 1; i < MOTION_RANGES && ranges[i].per_count > 0.0f; ++i) {
    if (distance(ranges[i].per_count / per_count) < distance(best->per_count / per_count)) {
      best = &ranges[i];
    }
  }
  return best;
}

static unsigned axis_of(const char *name, unsigned place) {
  const size_t length = strlen(name);
  const char last = length > 0 ? (char)(name[length - 1] | 0x20) : '\0';
  return last >= 'x' && last <= 'z' ? (unsigned)(last - 'x') : place % 3u;
}

bool motion_choose(motion_plan *plan, const motion_ranges *ranges, const mote_channel *channels, uint32_t count) {
  memset(plan, 0, sizeof *plan);
  if (count == 0 || count > MOTION_CHANNELS) {
    return false;
  }
  /* One range serves all channels of a kind: the one that the coarsest of them asks for loses nothing. */
  float wanted[2] = {0.0f, 0.0f};
  for (uint32_t i = 0; i < count; ++i) {
    const unit *own = find_unit(channels[i].unit);
    if (own == NULL || !(channels[i].scale > 0.0f)) {
      return false;
    }
    const float per_count = channels[i].scale * own->in_own;
    wanted[own->rotation] = per_count > wanted[own->rotation] ? per_count : wanted[own->rotation];
  }
  plan->acceleration = wanted[0] > 0.0f ? nearest(ranges->acceleration, wanted[0]) : &ranges->acceleration[0];
  plan->rotation = wanted[1] > 0.0f ? nearest(ranges->rotation, wanted[1]) : &ranges->rotation[0];
  plan->channels = count;
  plan->exact = true;
  unsigned places[2] = {0, 0};
  for (uint32_t i = 0; i < count; ++i) {
    const unit *own = find_unit(channels[i].unit);
    const motion_range *range = own->rotation ? plan->rotation : plan->acceleration;
    const float gain = range->per_count / (channels[i].scale * own->in_own);
    const bool same = distance(gain) < SAME && channels[i].offset == 0.0f;
    plan->map[i].axis = (uint8_t)((own->rotation ? 3u : 0u) + axis_of(channels[i].name, places[own->rotation]++));
    plan->map[i].gain = same ? 1.0f : gain;
    plan->map[i].zero = -channels[i].offset / channels[i].scale;
    plan->exact = plan->exact && same;
  }
  return true;
}

static int16_t rounded(float value) {
  if (value >= 32767.0f) {
    return 32767;
  }
  if (value <= -32768.0f) {
    return -32768;
  }
  return (int16_t)(value < 0.0f ? value - 0.5f : value + 0.5f);
}

void motion_convert(const motion_plan *plan, const int16_t raw[MOTION_AXES], int16_t *frame) {
  for (uint32_t i = 0; i < plan->channels; ++i) {
    const int16_t count = raw[plan->map[i].axis];
    frame[i] = plan->exact ? count : rounded((float)count * plan->map[i].gain + plan->map[i].zero);
  }
}

/* MPU-6050: register map RM-MPU-6000A. It wakes up asleep. */
static bool mpu_configure(const motion_sensor *self, const motion_plan *plan, float rate_hz,
                          motion_set set) {
  (void)self;
  /* The widest filter that leaves nothing beyond half the rate; it has these corners. */
  static const uint16_t corners_hz[] = {260, 184, 94, 44, 21, 10, 5};
  uint8_t filter = 0;
  while (filter < 6 && (float)corners_hz[filter] > rate_hz / 2.0f) {
    ++filter;
  }
  /* Awake on the gyroscope's clock; each sample new as often as the filter gives one. */
  return set(0x6B, 0x01) && set(0x1A, filter) && set(0x19, 0) && set(0x1B, plan->rotation->code) &&
         set(0x1C, plan->acceleration->code);
}

/* LSM6DS3 and LSM6DSL: data sheets DocID026899 and DocID028475. */
static bool lsm_configure(const motion_sensor *self, const motion_plan *plan, float rate_hz,
                          motion_set set) {
  /* Twice the project's rate or more: a sample is never taken twice, however the two clocks drift. */
  static const uint16_t rates_hz[] = {26, 52, 104, 208, 416, 833, 1660};
  uint8_t code = 0;
  while (code < 6 && (float)rates_hz[code] < 2.0f * rate_hz) {
    ++code;
  }
  const uint8_t rate = (uint8_t)((code + 2) << 4);
  /* The LSM6DSL's filter at a quarter of its rate, half of ours; the LSM6DS3 chooses its own. */
  const uint8_t filter = self->is == 0x6A ? 0x02 : 0x00;
  return set(0x12, 0x44) && set(0x10, rate | plan->acceleration->code | filter) && set(0x11, rate | plan->rotation->code);
}

const motion_sensor motion_sensors[MOTION_SENSORS] = {
    {"LSM6DSL", {0x6A, 0x6B}, 0x0F, 0x6A, 0x22, 12, 0x10, lsm_configure, motion_lsm6ds, &motion_lsm6ds_ranges},
    {"LSM6DS3", {0x6A, 0x6B}, 0x0F, 0x69, 0x22, 12, 0x10, lsm_configure, motion_lsm6ds, &motion_lsm6ds_ranges},
    {"MPU-6050", {0x68, 0x69}, 0x75, 0x68, 0x3B, 14, 0x6B, mpu_configure, motion_mpu6050, &motion_mpu6050_ranges},
};
