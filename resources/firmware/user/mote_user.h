/* Your part of the firmware. This folder is made once and never overwritten. */
#ifndef MOTE_USER_H
#define MOTE_USER_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Called from the main loop when a class fires; keep it short. */
void mote_user_detected(uint8_t class_index, int8_t score);

#ifdef __cplusplus
}
#endif

#endif
