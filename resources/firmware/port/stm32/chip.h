/* What this port does with the chip, on every series; registers and clocks of a series are in series_*.h. */
#ifndef MOTE_STM32_CHIP_H
#define MOTE_STM32_CHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "board.h"

#define MOTE_REGISTER(address) (*(volatile uint32_t *)(address))

#define SYST_CSR MOTE_REGISTER(0xE000E010u)
#define SYST_RVR MOTE_REGISTER(0xE000E014u)
#define SYST_CVR MOTE_REGISTER(0xE000E018u)

/* Core at MOTE_CORE_HZ from an internal oscillator, the clock running; SysTick is free. */
void chip_init(void);

/* Microseconds since chip_init; from any context. */
uint64_t chip_now_us(void);

/* A counter for measuring: the core's cycles where its debug unit counts them, else microseconds. */
uint32_t chip_ticks(void);
uint32_t chip_ticks_hz(void);

/* Whether this is a chip and no emulator. */
bool chip_is_real(void);

/* The chip's own number in hexadecimal; constant. */
const char *chip_serial_number(void);

/* Waits until a register's bits are as wanted, but not for ever: an emulator may lack what gets ready. */
void chip_wait(uint32_t address, uint32_t mask, uint32_t wanted);

/* Whether something answers at an address. */
bool chip_answers(uint32_t address);

void chip_enable_irq(uint32_t number);

/* Gives a pin, such as MOTE_PIN('A', 9), to a peripheral. */
void chip_pin(uint32_t pin, uint32_t function, bool open_drain);

/* The program itself has a pin, with a pull-up: low, or let go. */
void chip_pin_pull(uint32_t pin, bool low);
bool chip_pin_high(uint32_t pin);

/* Nothing is to be done until the next interrupt. */
void chip_sleep(void);

/* Bytes of the stack that were never reached; in a debug build. */
uint32_t chip_stack_free(void *context);

static inline uint32_t chip_lock(void) {
  uint32_t was;
  __asm volatile("mrs %0, primask\n\tcpsid i" : "=r"(was)::"memory");
  return was;
}

static inline void chip_unlock(uint32_t was) { __asm volatile("msr primask, %0" ::"r"(was) : "memory"); }

#endif
