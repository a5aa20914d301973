/* Before main: the vector table, memory, the floating-point unit, constructors. And what happens at a fault. */
#include <stdint.h>

#include "chip.h"

extern uint32_t mote_stack_top, mote_data_begin, mote_data_end, mote_data_source, mote_bss_begin, mote_bss_end;

int main(void);
void __libc_init_array(void);
void _init(void);
extern void *__dso_handle;
void mote_reset(void);
void mote_fault(void);
void mote_ignored(void);
void mote_on_tick(void);
void mote_on_uart(void);

/* Destructors of static objects are registered with it; the program never ends. */
void *__dso_handle;

/* newlib calls it; with -nostartfiles nobody else provides it. */
void _init(void) {}

void mote_ignored(void) {}

/* A board that hangs is worse than one that begins anew: the studio finds it again. */
void mote_fault(void) {
  MOTE_REGISTER(0xE000ED0Cu) = 0x05FA0004u;
  for (;;) {
  }
}

void mote_reset(void) {
  MOTE_REGISTER(0xE000ED88u) |= 0xFu << 20; /* coprocessors 10 and 11: the FPU */
  __asm volatile("dsb\n\tisb");
  for (uint32_t *to = &mote_data_begin, *from = &mote_data_source; to < &mote_data_end;) {
    *to++ = *from++;
  }
  for (uint32_t *at = &mote_bss_begin; at < &mote_bss_end;) {
    *at++ = 0;
  }
  __libc_init_array();
  main();
  mote_fault();
}

#define TO(handler) (uintptr_t)(handler)

__attribute__((section(".vectors"), used)) static const uintptr_t vectors[16 + 82] = {
    [0] = (uintptr_t)&mote_stack_top,
    [1] = TO(mote_reset),
    [2 ... 6] = TO(mote_fault), /* NMI, hard, memory, bus, usage */
    [11] = TO(mote_ignored),    /* SVC */
    [12] = TO(mote_ignored),
    [14] = TO(mote_ignored), /* PendSV */
    [15] = TO(mote_on_tick),
    [16 ... 16 + IRQ_USART1 - 1] = TO(mote_ignored),
    [16 + IRQ_USART1] = TO(mote_on_uart),
    [16 + IRQ_USART1 + 1 ... 16 + 81] = TO(mote_ignored),
};
