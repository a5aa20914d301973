/* Before main: the vector table, memory, the floating-point unit, constructors. And what happens at a fault. */
#include <stdint.h>

#include "chip.h"

#include MOTE_SERIES_HEADER

extern uint32_t end, mote_stack_top, mote_data_begin, mote_data_end, mote_data_source, mote_bss_begin, mote_bss_end;

int main(void);
void __libc_init_array(void);
void _init(void);
extern void *__dso_handle;
void mote_reset(void);
void mote_fault(void);
void mote_restart(void);
void mote_ignored(void);
void mote_on_nmi(void);
void mote_on_tick(void);
void mote_on_uart(void);
void mote_on_i2c(void);

/* Destructors of static objects are registered with it; the program never ends. */
void *__dso_handle;

/* newlib calls it; with -nostartfiles nobody else provides it. */
void _init(void) {}

void mote_ignored(void) {}

/* 1: an address is being tried, 2: nothing answered. */
volatile uint32_t chip_probe;

/* Goes on behind the instruction that tried an address; any other fault begins anew. */
__attribute__((naked)) void mote_fault(void) {
  __asm volatile(
      ".syntax unified\n\tldr r0, =chip_probe\n\tldr r1, [r0]\n\tcmp r1, #1\n\tbne 1f\n\t"
      "movs r1, #2\n\tstr r1, [r0]\n\tldr r1, [sp, #24]\n\tadds r1, #2\n\tstr r1, [sp, #24]\n\tbx lr\n"
      "1:\tldr r0, =mote_restart\n\tbx r0");
}

/* A board that hangs is worse than one that begins anew: the studio finds it again. */
void mote_restart(void) {
  MOTE_REGISTER(0xE000ED0Cu) = 0x05FA0004u;
  for (;;) {
  }
}

#ifdef MOTE_DEBUG
/* The compiler's stack protector: what it compares with, and what it calls. */
uintptr_t __stack_chk_guard = 0x5AFE57ACu;
void __stack_chk_fail(void);
void __stack_chk_fail(void) { mote_restart(); }
#endif

void mote_reset(void) {
#ifdef __ARM_FP
  MOTE_REGISTER(0xE000ED88u) |= 0xFu << 20; /* coprocessors 10 and 11: the FPU */
  __asm volatile("dsb\n\tisb");
#endif
  for (uint32_t *to = &mote_data_begin, *from = &mote_data_source; to < &mote_data_end;) {
    *to++ = *from++;
  }
  for (uint32_t *at = &mote_bss_begin; at < &mote_bss_end;) {
    *at++ = 0;
  }
#ifdef MOTE_DEBUG
  /* What the stack never reaches stays painted. Only this function's own frame is on it yet. */
  for (volatile uint32_t *at = &end; at < (uint32_t *)__builtin_frame_address(0) - 16; ++at) {
    *at = MOTE_STACK_PAINT;
  }
#endif
  __libc_init_array();
  main();
  mote_restart();
}

#define TO(handler) (uintptr_t)(handler)

#if MOTE_UART == 1
enum { UART_IRQ = USART1_IRQ };
#else
enum { UART_IRQ = USART2_IRQ };
#endif

#if MOTE_I2C == 1
enum { I2C_IRQ = I2C1_IRQ };
#else
enum { I2C_IRQ = I2C2_IRQ };
#endif
#ifdef I2C_ONE_IRQ
enum { I2C_LAST_IRQ = I2C_IRQ };
#else
enum { I2C_LAST_IRQ = I2C_IRQ + 1 }; /* its errors */
#endif

__attribute__((section(".vectors"), used)) static const uintptr_t vectors[16 + 98] = {
    [0] = (uintptr_t)&mote_stack_top,
    [1] = TO(mote_reset),
    [2] = TO(mote_on_nmi),
    [3 ... 6] = TO(mote_fault), /* hard, memory, bus, usage */
    [11] = TO(mote_ignored),    /* SVC */
    [12] = TO(mote_ignored),
    [14] = TO(mote_ignored), /* PendSV */
    [15] = TO(mote_on_tick),
    [16 ... 16 + I2C_IRQ - 1] = TO(mote_ignored),
    [16 + I2C_IRQ... 16 + I2C_LAST_IRQ] = TO(mote_on_i2c),
    [16 + I2C_LAST_IRQ + 1 ... 16 + UART_IRQ - 1] = TO(mote_ignored),
    [16 + UART_IRQ] = TO(mote_on_uart),
    [16 + UART_IRQ + 1 ... 16 + 97] = TO(mote_ignored),
};
