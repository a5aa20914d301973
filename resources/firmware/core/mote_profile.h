/* Where the time goes, by part of the work on a window. Counts a port's ticks: processor cycles where the chip counts
 * them, else microseconds. */
#ifndef MOTE_PROFILE_H
#define MOTE_PROFILE_H

#include <stdint.h>

typedef enum {
  MOTE_PART_SAMPLING, /* the sensor's interrupt or task; nothing else may count this part */
  MOTE_PART_STREAM,   /* samples into the ring and onto the link */
  MOTE_PART_FEATURES,
  MOTE_PART_INFERENCE,
  MOTE_PART_POST,
  MOTE_PARTS
} mote_part;

/* `ticks` counts up, `hz` a second, and wraps around. Without it nothing is counted. */
void mote_profile_begin(uint32_t (*ticks)(void), uint32_t hz);

/* The counter now. */
uint32_t mote_profile_now(void);

/* What a part took since `begun`, interrupts in between with it. */
void mote_profile_add(mote_part part, uint32_t begun);

/* Ticks of a part since the last reset; of MOTE_PART_SAMPLING it may be one sample's behind. */
uint64_t mote_profile_ticks(mote_part part);

uint32_t mote_profile_hz(void);

void mote_profile_reset(void);

#endif
