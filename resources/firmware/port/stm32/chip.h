/* The registers of an STM32F405 that this port touches (RM0090), and what it does with the chip. */
#ifndef MOTE_STM32_CHIP_H
#define MOTE_STM32_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#define MOTE_REGISTER(address) (*(volatile uint32_t *)(address))

enum { CORE_HZ = 168000000, IRQ_USART1 = 37 };

typedef struct {
  volatile uint32_t cr1, cr2, smcr, dier, sr, egr, ccmr1, ccmr2, ccer, cnt, psc, arr;
} mote_timer;

#define SYST_CSR MOTE_REGISTER(0xE000E010u)
#define SYST_RVR MOTE_REGISTER(0xE000E014u)
#define SYST_CVR MOTE_REGISTER(0xE000E018u)
#define TIM5 ((mote_timer *)0x40000C00u)

/* Core at CORE_HZ from the internal oscillator, the clock running; SysTick is free. */
void chip_init(void);

/* Microseconds since chip_init; from any context. */
uint64_t chip_now_us(void);

/* The chip's own number in hexadecimal; constant. */
const char *chip_serial_number(void);

void chip_enable_irq(uint32_t number);

/* Nothing is to be done until the next interrupt. */
void chip_sleep(void);

static inline uint32_t chip_lock(void) {
  uint32_t was;
  __asm volatile("mrs %0, primask\n\tcpsid i" : "=r"(was)::"memory");
  return was;
}

static inline void chip_unlock(uint32_t was) { __asm volatile("msr primask, %0" ::"r"(was) : "memory"); }

#endif
