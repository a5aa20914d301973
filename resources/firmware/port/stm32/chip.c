#include "chip.h"

#include MOTE_SERIES_HEADER

enum { MEASURED_US = 5000, CLOSE_TICKS = 2000, COUNTER_MASK = 0xFFFFFF, PATIENCE = 20000 };

typedef struct {
  volatile uint32_t cr1, cr2, smcr, dier, sr, egr, ccmr1, ccmr2, ccer, cnt, psc, arr;
} timer;

#define CLOCK ((timer *)CLOCK_TIMER)

static uint32_t wraps;
static uint32_t last_us;
static char serial[25];
static bool real; /* a chip, and no emulator: that has no debug unit */

void chip_wait(uint32_t address, uint32_t mask, uint32_t wanted) {
  for (uint32_t i = 0; i < PATIENCE && (MOTE_REGISTER(address) & mask) != wanted; ++i) {
  }
}

/* Both counters at one moment: an emulator may be kept from running between two reads. */
static void read_both(uint32_t *ticks, uint32_t *count) {
  uint32_t before;
  do {
    before = SYST_CVR;
    *count = CLOCK->cnt;
    *ticks = SYST_CVR;
  } while (((before - *ticks) & COUNTER_MASK) > CLOSE_TICKS);
}

static void run_clock(uint32_t prescaler) {
  CLOCK->cr1 = 0;
  CLOCK->psc = prescaler - 1u;
  CLOCK->arr = 0xFFFFFFFFu;
  CLOCK->egr = 1;
  CLOCK->cnt = 0;
  CLOCK->cr1 = 1;
}

/* The timer's clock against the core's. On a chip it is what the clock tree says; an emulator may have another one. */
static uint32_t measured_timer_mhz(void) {
  const uint32_t measured = MOTE_CORE_HZ / 1000000u * MEASURED_US;
  uint32_t ticks, count, ticks_now, count_now;
  SYST_RVR = COUNTER_MASK;
  SYST_CVR = 0;
  SYST_CSR = 5;
  run_clock(1);
  do {
    read_both(&ticks, &count);
  } while (ticks == 0);
  do {
    read_both(&ticks_now, &count_now);
  } while (((ticks - ticks_now) & COUNTER_MASK) < measured);
  SYST_CSR = 0;
  /* Ticks of the timer a microsecond: the core's a microsecond, as many times as it was faster. */
  const uint32_t passed = (ticks - ticks_now) & COUNTER_MASK;
  const uint32_t mhz = ((count_now - count) / (passed / (MOTE_CORE_HZ / 1000000u)));
  const uint32_t told = CLOCK_TIMER_HZ / 1000000u;
  return (mhz > told ? mhz - told : told - mhz) <= told / 50u ? told : mhz;
}

void chip_init(void) {
  series_clocks();
  MOTE_REGISTER(RCC_APB1) |= 1u << CLOCK_TIMER_ENABLE;
  run_clock(measured_timer_mhz());
  static const char digits[] = "0123456789ABCDEF";
  real = (MOTE_REGISTER(CHIP_ID) & 0xFFFu) != 0;
  for (uint32_t i = 0; i < 24; ++i) {
    serial[i] = real ? digits[MOTE_REGISTER(UNIQUE_ID + i / 8 * 4) >> (28 - i % 8 * 4) & 15u] : "EMULATED"[i % 8];
  }
  serial[real ? 24 : 8] = '\0';
}

uint64_t chip_now_us(void) {
  const uint32_t was = chip_lock();
  const uint32_t now = CLOCK->cnt;
  if (now < last_us) {
    ++wraps;
  }
  last_us = now;
  const uint64_t whole = (uint64_t)wraps << 32 | now;
  chip_unlock(was);
  return whole;
}

#if defined(__ARM_ARCH_6M__)
/* No cycle counter in these cores. */
uint32_t chip_ticks(void) { return CLOCK->cnt; }

uint32_t chip_ticks_hz(void) { return 1000000u; }
#else
#define DWT_CTRL MOTE_REGISTER(0xE0001000u)
#define DWT_CYCCNT MOTE_REGISTER(0xE0001004u)

uint32_t chip_ticks(void) { return real ? DWT_CYCCNT : CLOCK->cnt; }

uint32_t chip_ticks_hz(void) {
  if (!real) {
    return 1000000u;
  }
  MOTE_REGISTER(0xE000EDFCu) |= 1u << 24; /* DEMCR: trace on */
  DWT_CTRL |= 1u;
  return MOTE_CORE_HZ;
}
#endif

bool chip_is_real(void) { return real; }

const char *chip_serial_number(void) { return serial; }

bool chip_answers(uint32_t address) {
  extern volatile uint32_t chip_probe; /* startup.c */
  uint32_t value;
  chip_probe = 1;
  /* Two bytes long, which the handler of faults knows. */
  __asm volatile("ldrb %0, [%1]\n\tdsb" : "=l"(value) : "l"(address) : "memory");
  const bool answered = chip_probe == 1;
  chip_probe = 0;
  return answered;
}

void chip_enable_irq(uint32_t number) { MOTE_REGISTER(0xE000E100u + number / 32u * 4u) = 1u << number % 32u; }

static void put_bits(uint32_t address, uint32_t shift, uint32_t width, uint32_t value) {
  const uint32_t mask = ((1u << width) - 1u) << shift;
  MOTE_REGISTER(address) = (MOTE_REGISTER(address) & ~mask) | value << shift;
}

void chip_pin(uint32_t pin, uint32_t function, bool open_drain) {
  const uint32_t port = pin / 16u, number = pin % 16u, base = GPIO_BASE + port * 0x400u;
  MOTE_REGISTER(RCC_GPIO) |= 1u << (RCC_GPIO_FIRST + port);
  put_bits(base + 0x20u + number / 8u * 4u, number % 8u * 4u, 4, function);
  put_bits(base + 0x04u, number, 1, open_drain);
  put_bits(base + 0x08u, number * 2u, 2, 1);
  put_bits(base + 0x0Cu, number * 2u, 2, open_drain); /* pulled up where others may pull down */
  put_bits(base, number * 2u, 2, 2);                  /* last: the pin changes hands */
}

void chip_pin_pull(uint32_t pin, bool low) {
  const uint32_t port = pin / 16u, number = pin % 16u, base = GPIO_BASE + port * 0x400u;
  MOTE_REGISTER(RCC_GPIO) |= 1u << (RCC_GPIO_FIRST + port);
  MOTE_REGISTER(base + 0x18u) = 1u << (low ? number + 16u : number);
  put_bits(base + 0x04u, number, 1, 1);
  put_bits(base + 0x0Cu, number * 2u, 2, 1);
  put_bits(base, number * 2u, 2, 1);
}

bool chip_pin_high(uint32_t pin) {
  return (MOTE_REGISTER(GPIO_BASE + pin / 16u * 0x400u + 0x10u) >> pin % 16u & 1u) != 0;
}

void chip_sleep(void) {
  /* An emulator that counts instructions has time pass by them: asleep, it skips ticks. */
  if (real) {
    __asm volatile("wfi" ::: "memory");
  }
}

uint32_t chip_stack_free(void *context) {
  extern uint32_t end, mote_stack_top; /* the linker's: where the stack may begin and does */
  (void)context;
  const uint32_t *at = &end;
  while (at < &mote_stack_top && *at == MOTE_STACK_PAINT) {
    ++at;
  }
  return (uint32_t)((at - &end) * sizeof *at);
}
