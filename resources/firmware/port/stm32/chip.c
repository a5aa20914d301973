#include "chip.h"

#define RCC 0x40023800u
#define FLASH_ACR MOTE_REGISTER(0x40023C00u)
#define NVIC_ISER ((volatile uint32_t *)0xE000E100u)
#define DBGMCU_IDCODE MOTE_REGISTER(0xE0042000u)
#define UNIQUE_ID ((const volatile uint32_t *)0x1FFF7A10u)

enum { TIMER_HZ = 84000000, MEASURED = 840000, CLOSE = 2000, COUNTER_MASK = 0xFFFFFF, PATIENCE = 20000 };

static uint32_t wraps;
static uint32_t last_us;
static char serial[25];
static bool real; /* a chip, and no emulator: that has no debug unit */

/* An emulator has no clock tree: what never gets ready is not waited for. */
static void wait_for(volatile uint32_t *where, uint32_t mask, uint32_t wanted) {
  for (uint32_t i = 0; i < PATIENCE && (*where & mask) != wanted; ++i) {
  }
}

static void clocks(void) {
  volatile uint32_t *cr = &MOTE_REGISTER(RCC);
  volatile uint32_t *cfgr = &MOTE_REGISTER(RCC + 0x08u);
  FLASH_ACR = 0x705u; /* five wait states, caches and prefetch */
  /* 16 MHz / 16 * 336 / 2 */
  MOTE_REGISTER(RCC + 0x04u) = 16u | 336u << 6 | 0u << 16 | 7u << 24;
  *cr |= 1u << 24;
  wait_for(cr, 1u << 25, 1u << 25);
  *cfgr = 5u << 10 | 4u << 13 | 2u; /* APB1 by 4, APB2 by 2, the PLL drives the core */
  wait_for(cfgr, 3u << 2, 2u << 2);
  MOTE_REGISTER(RCC + 0x30u) |= 1u;              /* GPIOA */
  MOTE_REGISTER(RCC + 0x40u) |= 1u << 3;         /* TIM5 */
  MOTE_REGISTER(RCC + 0x44u) |= 1u << 4;         /* USART1 */
}

/* Both counters at one moment: an emulator may be kept from running between two reads. */
static void read_both(uint32_t *ticks, uint32_t *count) {
  uint32_t before;
  do {
    before = SYST_CVR;
    *count = TIM5->cnt;
    *ticks = SYST_CVR;
  } while (((before - *ticks) & COUNTER_MASK) > CLOSE);
}

/* The timers' clock against the core's. On the chip it is half of it; an emulator may have another one. */
static uint32_t measured_timer_hz(void) {
  uint32_t ticks, count, ticks_now, count_now;
  SYST_RVR = COUNTER_MASK;
  SYST_CVR = 0;
  SYST_CSR = 5;
  TIM5->psc = 0;
  TIM5->arr = 0xFFFFFFFFu;
  TIM5->egr = 1;
  TIM5->cr1 = 1;
  do {
    read_both(&ticks, &count);
  } while (ticks == 0);
  do {
    read_both(&ticks_now, &count_now);
  } while (((ticks - ticks_now) & COUNTER_MASK) < MEASURED);
  SYST_CSR = 0;
  TIM5->cr1 = 0;
  const uint64_t passed = (ticks - ticks_now) & COUNTER_MASK;
  const uint64_t hz = (uint64_t)(count_now - count) * CORE_HZ / passed;
  const uint64_t apart = hz > TIMER_HZ ? hz - TIMER_HZ : TIMER_HZ - hz;
  return apart < TIMER_HZ / 50 ? (uint32_t)TIMER_HZ : (uint32_t)((hz + 500000u) / 1000000u * 1000000u);
}

void chip_init(void) {
  clocks();
  TIM5->psc = measured_timer_hz() / 1000000u - 1u;
  TIM5->arr = 0xFFFFFFFFu;
  TIM5->egr = 1;
  TIM5->cnt = 0;
  TIM5->cr1 = 1;
  static const char digits[] = "0123456789ABCDEF";
  real = (DBGMCU_IDCODE & 0xFFFu) != 0;
  for (uint32_t i = 0; i < 24; ++i) {
    serial[i] = real ? digits[UNIQUE_ID[i / 8] >> (28 - i % 8 * 4) & 15u] : "EMULATED"[i % 8];
  }
  serial[real ? 24 : 8] = '\0';
}

uint64_t chip_now_us(void) {
  const uint32_t was = chip_lock();
  const uint32_t now = TIM5->cnt;
  if (now < last_us) {
    ++wraps;
  }
  last_us = now;
  const uint64_t whole = (uint64_t)wraps << 32 | now;
  chip_unlock(was);
  return whole;
}

const char *chip_serial_number(void) { return serial; }

void chip_enable_irq(uint32_t number) { NVIC_ISER[number / 32] = 1u << number % 32; }

void chip_sleep(void) {
  /* An emulator that counts instructions has time pass by them: asleep, it skips ticks. */
  if (real) {
    __asm volatile("wfi" ::: "memory");
  }
}
