/* Test driver: a motion sensor's counts and a microphone's. "mpu|lsm NAME,UNIT,SCALE_BITS,OFFSET_BITS ..." chooses ranges
 * for the channels (floats as their bits in hex) and answers "ACCELERATION_CODE ROTATION_CODE EXACT" or "refused";
 * "bytes HEX" answers the sample that the chosen sensor's registers give; "pcm GAIN_BITS SLOT" answers 16 bits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "motion.h"
#include "pcm.h"

static float from_bits(const char *hex) {
  const uint32_t bits = (uint32_t)strtoul(hex, NULL, 16);
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint32_t read_channels(char *at, mote_channel *channels) {
  uint32_t count = 0;
  for (char *one = strtok(at, " \n"); one != NULL && count < 32; one = strtok(NULL, " \n"), ++count) {
    char *unit = strchr(one, ',');
    *unit++ = '\0';
    char *scale = strchr(unit, ',');
    *scale++ = '\0';
    char *offset = strchr(scale, ',');
    *offset++ = '\0';
    channels[count] = (mote_channel){one, unit, from_bits(scale), from_bits(offset)};
  }
  return count;
}

int main(void) {
  static char line[2048];
  static motion_plan plan;
  bool mpu = false;
  while (fgets(line, sizeof line, stdin)) {
    if (strncmp(line, "pcm ", 4) == 0) {
      char *at = line + 4;
      const unsigned gain = (unsigned)strtoul(at, &at, 10);
      printf("%d\n", pcm_16((int32_t)strtol(at, NULL, 10), gain));
    } else if (strncmp(line, "bytes ", 6) == 0) {
      uint8_t bytes[14] = {0};
      for (int i = 0; i < 14; ++i) {
        const char two[3] = {line[6 + 2 * i], line[7 + 2 * i], 0};
        bytes[i] = (uint8_t)strtoul(two, NULL, 16);
      }
      int16_t raw[MOTION_AXES];
      int16_t frame[MOTION_CHANNELS];
      (mpu ? motion_mpu6050 : motion_lsm6ds)(bytes, raw);
      motion_convert(&plan, raw, frame);
      for (uint32_t i = 0; i < plan.channels; ++i) {
        printf("%d ", frame[i]);
      }
      putchar('\n');
    } else {
      mpu = strncmp(line, "mpu", 3) == 0;
      mote_channel channels[32];
      const uint32_t count = read_channels(line + 3, channels);
      if (motion_choose(&plan, mpu ? &motion_mpu6050_ranges : &motion_lsm6ds_ranges, channels, count)) {
        printf("%d %d %d\n", plan.acceleration->code, plan.rotation->code, plan.exact);
      } else {
        puts("refused");
      }
    }
    fflush(stdout);
  }
  return 0;
}
