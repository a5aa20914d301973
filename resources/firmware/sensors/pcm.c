#include "pcm.h"

int16_t pcm_16(int32_t slot, unsigned gain_bits) {
  const unsigned shift = 16u - gain_bits;
  const int64_t value = ((int64_t)slot + (1 << (shift - 1u))) >> shift;
  return value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : (int16_t)value;
}
