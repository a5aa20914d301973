/* The two model slots in the partitions model_a and model_b. */
#ifndef MOTE_ESP32_MODEL_PARTITION_H
#define MOTE_ESP32_MODEL_PARTITION_H

#include "mote_slot.h"

/* Maps both; NULL where the partition table on the chip has not got them. */
const mote_flash *model_partition_open(void);

#endif
