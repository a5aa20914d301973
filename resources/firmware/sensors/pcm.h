/* The microphone's 24 bits, at the top of 32, to the project's 16. Touches no hardware. */
#ifndef MOTE_SENSORS_PCM_H
#define MOTE_SENSORS_PCM_H

#include <stdint.h>

/* Rounds to 16 bits, `gain_bits` times 6 dB louder; what is too loud stays at the end of the range. */
int16_t pcm_16(int32_t slot, unsigned gain_bits);

#endif
