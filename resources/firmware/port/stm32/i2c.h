/* Registers of a device on I2C, at 400 kHz. A transfer goes on by interrupts; only one at a time. */
#ifndef MOTE_STM32_I2C_H
#define MOTE_STM32_I2C_H

#include <stdbool.h>
#include <stdint.h>

enum { I2C_MOST = 16 };

/* Called from the interrupt that ends a transfer which i2c_begin_read began; NULL: it failed. */
typedef void (*i2c_ended)(const uint8_t *bytes);

/* Sets pins and peripheral up, and frees a bus that a device holds: nine clocks, by which it ends what it was saying.
 * Not while a transfer goes on. */
void i2c_open(void);

/* Begins to read `length` registers from `first` on: 1, or 3 to I2C_MOST. From any context; false: one is going on. */
bool i2c_begin_read(uint8_t address, uint8_t first, uint32_t length, i2c_ended ended);

/* Gives a transfer up that does not end; `ended` is not called. With interrupts off, or in one. */
void i2c_abandon(void);

/* Wait for their end, a few milliseconds at most. From the main loop. */
bool i2c_write(uint8_t address, uint8_t first, uint8_t value);
bool i2c_read(uint8_t address, uint8_t first, uint8_t *bytes, uint32_t length);

#endif
