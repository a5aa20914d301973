#include "uart.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "chip.h"

#include MOTE_SERIES_HEADER

#if MOTE_UART == 1
enum { UART_IRQ = USART1_IRQ };
#define USART USART1_BASE
#define UART_HZ USART1_HZ
#else
enum { UART_IRQ = USART2_IRQ };
#define USART USART2_BASE
#define UART_HZ USART2_HZ
#endif

enum { RXNE = 1 << 5, TXE = 1 << 7, RXNEIE = 1 << 5, TXEIE = 1 << 7, TE = 1 << 3, RE = 1 << 2, OVERRUN = 1 << 3 };

#ifdef USART_OLD
enum { UE = 1 << 13 };
#define STATUS MOTE_REGISTER(USART)
#define RECEIVED MOTE_REGISTER(USART + 0x04u)
#define TRANSMIT MOTE_REGISTER(USART + 0x04u)
#define BRR MOTE_REGISTER(USART + 0x08u)
#define CR1 MOTE_REGISTER(USART + 0x0Cu)
#else
enum { UE = 1 << 0 };
#define STATUS MOTE_REGISTER(USART + 0x1Cu)
#define CLEAR MOTE_REGISTER(USART + 0x20u)
#define RECEIVED MOTE_REGISTER(USART + 0x24u)
#define TRANSMIT MOTE_REGISTER(USART + 0x28u)
#define BRR MOTE_REGISTER(USART + 0x0Cu)
#define CR1 MOTE_REGISTER(USART)
#endif

/* In: a whole request, of which there is one at a time; an emulator's line is as fast as its computer. */
enum { IN_BYTES = 1024, OUT_BYTES = 512 };

/* One writer and one reader each; positions run freely, sizes are powers of two. */
static uint8_t in[IN_BYTES], out[OUT_BYTES];
static _Atomic uint32_t in_written, in_read, out_written, out_read;

void mote_on_uart(void);

void uart_init(uint32_t baud) {
#if MOTE_UART == 1
  MOTE_REGISTER(RCC_APB2) |= 1u << USART1_ENABLE;
#else
  MOTE_REGISTER(RCC_APB1) |= 1u << 17;
#endif
  chip_pin(MOTE_UART_TX, MOTE_UART_FUNCTION, false);
  chip_pin(MOTE_UART_RX, MOTE_UART_FUNCTION, false);
  BRR = (UART_HZ + baud / 2) / baud;
  CR1 = UE | TE | RE | RXNEIE;
  chip_enable_irq(UART_IRQ);
}

/* Whether there is more to send. With interrupts off, or in one. */
static bool send_one(void) {
  const uint32_t at = atomic_load_explicit(&out_read, memory_order_relaxed);
  if (at == atomic_load_explicit(&out_written, memory_order_acquire)) {
    return false;
  }
  if ((STATUS & TXE) != 0) {
    TRANSMIT = out[at % OUT_BYTES];
    atomic_store_explicit(&out_read, at + 1, memory_order_release);
  }
  return true;
}

void mote_on_uart(void) {
  const uint32_t state = STATUS;
#ifdef CLEAR
  if ((state & OVERRUN) != 0) {
    CLEAR = OVERRUN; /* or it would interrupt for ever; the frame's checksum tells of the loss */
  }
#endif
  if ((state & (RXNE | OVERRUN)) != 0) {
    const uint8_t byte = (uint8_t)RECEIVED;
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

bool uart_waiting(void) {
  return atomic_load_explicit(&in_written, memory_order_acquire) != atomic_load_explicit(&in_read, memory_order_relaxed);
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
  while (more && (STATUS & TXE) != 0) {
    const uint32_t was = chip_lock(); /* the interrupt does the same */
    more = send_one();
    if (more) {
      CR1 |= TXEIE;
    }
    chip_unlock(was);
  }
}
