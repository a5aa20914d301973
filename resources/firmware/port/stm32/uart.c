#include "uart.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "chip.h"

#define GPIOA 0x40020000u
#define USART 0x40011000u
#define SR MOTE_REGISTER(USART)
#define DR MOTE_REGISTER(USART + 0x04u)
#define BRR MOTE_REGISTER(USART + 0x08u)
#define CR1 MOTE_REGISTER(USART + 0x0Cu)

enum { APB2_HZ = 84000000, IN_BYTES = 1024, OUT_BYTES = 2048 };
enum { RXNE = 1 << 5, TXE = 1 << 7, RXNEIE = 1 << 5, TXEIE = 1 << 7, UE = 1 << 13, TE = 1 << 3, RE = 1 << 2 };

/* One writer and one reader each; positions run freely, sizes are powers of two. */
static uint8_t in[IN_BYTES], out[OUT_BYTES];
static _Atomic uint32_t in_written, in_read, out_written, out_read;

void mote_on_uart(void);

void uart_init(uint32_t baud) {
  MOTE_REGISTER(GPIOA) = (MOTE_REGISTER(GPIOA) & ~(0xFu << 18)) | 0xAu << 18;            /* PA9, PA10: alternate */
  MOTE_REGISTER(GPIOA + 0x24u) = (MOTE_REGISTER(GPIOA + 0x24u) & ~(0xFFu << 4)) | 0x77u << 4; /* function 7 */
  BRR = (APB2_HZ + baud / 2) / baud;
  CR1 = UE | TE | RE | RXNEIE;
  chip_enable_irq(IRQ_USART1);
}

/* Whether there is more to send. With interrupts off, or in one. */
static bool send_one(void) {
  const uint32_t at = atomic_load_explicit(&out_read, memory_order_relaxed);
  if (at == atomic_load_explicit(&out_written, memory_order_acquire)) {
    return false;
  }
  if ((SR & TXE) != 0) {
    DR = out[at % OUT_BYTES];
    atomic_store_explicit(&out_read, at + 1, memory_order_release);
  }
  return true;
}

void mote_on_uart(void) {
  const uint32_t state = SR;
  if ((state & RXNE) != 0) {
    const uint8_t byte = (uint8_t)DR;
    const uint32_t at = atomic_load_explicit(&in_written, memory_order_relaxed);
    if (at - atomic_load_explicit(&in_read, memory_order_acquire) < IN_BYTES) {
      in[at % IN_BYTES] = byte;
      atomic_store_explicit(&in_written, at + 1, memory_order_release);
    } /* else it is lost, and the frame's checksum says so */
  }
  if ((CR1 & TXEIE) != 0 && !send_one()) {
    CR1 &= ~(uint32_t)TXEIE;
  }
}

size_t uart_read(uint8_t *data, size_t capacity) {
  const uint32_t at = atomic_load_explicit(&in_read, memory_order_relaxed);
  const uint32_t there = atomic_load_explicit(&in_written, memory_order_acquire) - at;
  const size_t count = there < capacity ? there : capacity;
  for (size_t i = 0; i < count; ++i) {
    data[i] = in[(at + i) % IN_BYTES];
  }
  atomic_store_explicit(&in_read, at + (uint32_t)count, memory_order_release);
  return count;
}

void uart_write(const uint8_t *data, size_t length) {
  for (size_t i = 0; i < length; ++i) {
    const uint32_t at = atomic_load_explicit(&out_written, memory_order_relaxed);
    while (at - atomic_load_explicit(&out_read, memory_order_acquire) >= OUT_BYTES) {
      uart_pump();
    }
    out[at % OUT_BYTES] = data[i];
    atomic_store_explicit(&out_written, at + 1, memory_order_release);
  }
  uart_pump();
}

/* The register takes a byte at a time; an emulator's is always free, and some have no interrupt that says so. */
void uart_pump(void) {
  bool more = true;
  while (more && (SR & TXE) != 0) {
    const uint32_t was = chip_lock(); /* the interrupt does the same */
    more = send_one();
    if (more) {
      CR1 |= TXEIE;
    }
    chip_unlock(was);
  }
}
