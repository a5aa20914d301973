/* The link's bytes, by interrupts both ways. */
#ifndef MOTE_STM32_UART_H
#define MOTE_STM32_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void uart_init(uint32_t baud);

/* What has arrived, at most `capacity`; returns how much. */
size_t uart_read(uint8_t *data, size_t capacity);

/* Whether something has arrived. */
bool uart_waiting(void);

/* Sends all of it; waits only while its buffer is full. From the main loop. */
void uart_write(const uint8_t *data, size_t length);

/* Has what is waiting sent, as far as the register takes it. */
void uart_pump(void);

#endif
