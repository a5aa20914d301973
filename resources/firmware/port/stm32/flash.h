/* The chip's own flash as model slots. An emulator's cannot be programmed: memory stands in for it there. */
#ifndef MOTE_STM32_FLASH_H
#define MOTE_STM32_FLASH_H

#include "mote_slot.h"

/* After chip_init. */
const mote_flash *flash_slots(void);

#endif
