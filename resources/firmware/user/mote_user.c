#include "mote_user.h"

void mote_user_detected(uint8_t class_index, int8_t score) {
  (void)class_index;
  (void)score;
}
