#include "model_partition.h"

#include "esp_log.h"
#include "esp_partition.h"
#include "esp_task_wdt.h"

enum { SUBTYPE_A = 0x40, ERASE_AT_ONCE = 65536 };

static const char *const TAG = "model";

static const esp_partition_t *partitions[MOTE_SLOT_COUNT];
static const void *mapped[MOTE_SLOT_COUNT];

static const uint8_t *base(void *context, unsigned slot) {
  (void)context;
  return mapped[slot];
}

/* In pieces: a megabyte takes seconds, and the watchdog must hear that they pass. */
static bool erase(void *context, unsigned slot) {
  (void)context;
  const size_t size = partitions[slot]->size;
  for (size_t at = 0; at < size; at += ERASE_AT_ONCE) {
    const size_t piece = size - at < ERASE_AT_ONCE ? size - at : ERASE_AT_ONCE;
    if (esp_partition_erase_range(partitions[slot], at, piece) != ESP_OK) {
      return false;
    }
    esp_task_wdt_reset();
  }
  return true;
}

static bool program(void *context, unsigned slot, uint32_t offset, const uint8_t *data, uint32_t length) {
  (void)context;
  return esp_partition_write(partitions[slot], offset, data, length) == ESP_OK;
}

const mote_flash *model_partition_open(void) {
  static mote_flash flash = {NULL, 0, base, erase, program};
  static const char *const names[MOTE_SLOT_COUNT] = {"model_a", "model_b"};
  for (unsigned slot = 0; slot < MOTE_SLOT_COUNT; ++slot) {
    const esp_partition_t *partition = esp_partition_find_first(
        ESP_PARTITION_TYPE_DATA, (esp_partition_subtype_t)(SUBTYPE_A + slot), names[slot]);
    esp_partition_mmap_handle_t handle; /* mapped for good */
    if (partition == NULL || esp_partition_mmap(partition, 0, partition->size, ESP_PARTITION_MMAP_DATA, &mapped[slot],
                                                &handle) != ESP_OK) {
      ESP_LOGE(TAG, "partition %s is absent or cannot be mapped: flash the partition table too", names[slot]);
      return NULL;
    }
    partitions[slot] = partition;
    if (slot == 0 || partition->size < flash.slot_bytes) {
      flash.slot_bytes = partition->size;
    }
  }
  return &flash;
}
