/* The link's bytes: a UART, or the chip's own USB, see Kconfig.projbuild. */
#ifndef MOTE_ESP32_LINK_H
#define MOTE_ESP32_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

/* Begins the task that receives; it notifies `reader`. */
bool link_init(TaskHandle_t reader);

/* What has arrived, at most `capacity`; returns how much. */
size_t link_read(uint8_t *data, size_t capacity);

/* Sends all of it; waits while the buffer is full. Where nobody reads on the other side it is dropped. */
void link_write(const uint8_t *data, size_t length);

#endif
