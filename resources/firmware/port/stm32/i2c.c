#include "i2c.h"

#include <stddef.h>
#include <string.h>

#include "chip.h"

#include MOTE_SERIES_HEADER

#if MOTE_I2C == 1
#define BASE 0x40005400u
enum { I2C_IRQ = I2C1_IRQ, ENABLE = 21 };
#else
#define BASE 0x40005800u
enum { I2C_IRQ = I2C2_IRQ, ENABLE = 22 };
#endif
#define REGISTER(offset) MOTE_REGISTER(BASE + (offset))
#define CR1 REGISTER(0x00u)
#define CR2 REGISTER(0x04u)

enum { PATIENCE_US = 5000, HALF_CLOCK_US = 3 };

typedef enum { IDLE, BUSY, DONE, FAILED } progress;

static volatile progress state;
static i2c_ended told;
static uint8_t target, out[2], in[I2C_MOST];
static uint32_t to_write, to_read, at;

void mote_on_i2c(void);
static void begin_on_bus(void);
static void set_up(void);

static void end(bool well) {
  const i2c_ended whom = told;
  told = NULL;
  state = well ? DONE : FAILED;
  if (whom != NULL) {
    state = IDLE;
    whom(well ? in : NULL);
  }
}

static bool begin(uint8_t address, uint32_t bytes_out, uint32_t bytes_in, i2c_ended ended) {
  const uint32_t was = chip_lock();
  const bool free = state != BUSY;
  if (free) {
    target = (uint8_t)(address << 1);
    to_write = bytes_out;
    to_read = bytes_in;
    at = 0;
    told = ended;
    state = BUSY;
    begin_on_bus();
  }
  chip_unlock(was);
  return free;
}

#ifdef I2C_OLD
#define DATA REGISTER(0x10u)
#define SR1 REGISTER(0x14u)
#define SR2 REGISTER(0x18u)
enum { PE = 1 << 0, START = 1 << 8, STOP = 1 << 9, ACK = 1 << 10, RESET = 1 << 15 };
enum { ON_ERROR = 1 << 8, ON_EVENT = 1 << 9, ON_BUFFER = 1 << 10, CLOCK_MHZ = I2C_HZ / 1000000u };
enum { STARTED = 1 << 0, ADDRESSED = 1 << 1, BOTH_FULL = 1 << 2, TXE = 1 << 7, TROUBLE = 0xF00 };

static void set_up(void) {
  CR1 = RESET;
  CR1 = 0;
  CR2 = CLOCK_MHZ | ON_ERROR | ON_EVENT;
  REGISTER(0x1Cu) = 1u << 15 | (I2C_HZ + 1200000u - 1u) / 1200000u; /* fast mode: low for twice as long as high */
  REGISTER(0x20u) = CLOCK_MHZ * 300u / 1000u + 1u;                  /* lines rise in 300 ns */
  CR1 = PE;
}

static void begin_on_bus(void) {
  for (uint32_t i = 0; i < 1000 && (CR1 & STOP) != 0; ++i) { /* of the transfer before: some clocks */
  }
  if ((CR1 & STOP) == 0) { /* else the bus is held, and this never ends */
    CR2 |= ON_BUFFER;
    CR1 |= START | ACK;
  }
}

static void stop(bool well) {
  CR1 |= STOP;
  CR2 &= ~(uint32_t)ON_BUFFER;
  end(well);
}

static void on_address(bool reading) {
  if (reading && to_read == 1) {
    CR1 &= ~(uint32_t)ACK; /* before the byte begins, which is when SR2 is read */
  }
  (void)SR2;
  if (reading && to_read == 1) {
    CR1 |= STOP;
  }
  if (reading && to_read != 3) {
    CR2 |= ON_BUFFER;
  }
}

/* The last three bytes are read when two of them wait, which stops the bus: no interrupt can then be too late with the
 * answer that no more are wanted. */
static void on_received(uint32_t status) {
  const uint32_t left = to_read - at;
  if (to_read == 1) {
    in[at++] = (uint8_t)DATA;
    CR2 &= ~(uint32_t)ON_BUFFER;
    end(true);
  } else if (left > 3) {
    in[at++] = (uint8_t)DATA;
    if (left == 4) {
      CR2 &= ~(uint32_t)ON_BUFFER;
    }
  } else if ((status & BOTH_FULL) != 0 && left == 3) {
    CR1 &= ~(uint32_t)ACK;
    in[at++] = (uint8_t)DATA;
  } else if ((status & BOTH_FULL) != 0) {
    CR1 |= STOP;
    in[at++] = (uint8_t)DATA;
    in[at++] = (uint8_t)DATA;
    end(true);
  }
}

void mote_on_i2c(void) {
  const uint32_t status = SR1;
  static bool reading;
  if ((status & TROUBLE) != 0 || state != BUSY) {
    SR1 = ~(uint32_t)TROUBLE & 0xFFFFu;
    if (state == BUSY) {
      stop(false);
    }
  } else if ((status & STARTED) != 0) {
    reading = to_write == 0;
    DATA = target | reading;
  } else if ((status & ADDRESSED) != 0) {
    on_address(reading);
  } else if (reading) {
    on_received(status);
  } else if ((status & TXE) != 0 && at < to_write) {
    DATA = out[at++];
    if (at == to_write) {
      CR2 &= ~(uint32_t)ON_BUFFER; /* what follows waits for the last byte's end */
    }
  } else if ((status & BOTH_FULL) != 0 && to_read != 0) {
    /* Once: it stays as it is until the start is out, and a second one would be made in the middle of a byte. */
    if (to_write != 0) {
      at = to_write = 0;
      CR1 |= START;
    }
  } else if ((status & BOTH_FULL) != 0) {
    stop(true);
  }
}
#else
#define TIMING REGISTER(0x10u)
#define STATUS REGISTER(0x18u)
#define CLEAR REGISTER(0x1Cu)
#define RECEIVED REGISTER(0x24u)
#define TRANSMIT REGISTER(0x28u)
enum { PE = 1 << 0, EVERY_INTERRUPT = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 };
enum { READING = 1 << 10, START = 1 << 13, COUNT = 16, STOP_AFTER = 1 << 25 };
enum { TXIS = 1 << 1, RXNE = 1 << 2, NACK = 1 << 4, STOPPED = 1 << 5, COMPLETE = 1 << 6, TROUBLE = 0x700 };

static void set_up(void) {
  CR1 = 0;
  /* The manual's numbers for 400 kHz, in steps of 125 ns. */
  TIMING = (I2C_HZ / 8000000u - 1u) << 28 | 3u << 20 | 3u << 16 | 3u << 8 | 9u;
  CR1 = PE | EVERY_INTERRUPT;
}

static bool refused;

static void begin_on_bus(void) {
  refused = false;
  CR2 = target | START | to_write << COUNT | (to_read == 0 ? STOP_AFTER : 0);
}

void mote_on_i2c(void) {
  const uint32_t status = STATUS;
  if ((status & TROUBLE) != 0 || state != BUSY) {
    CLEAR = TROUBLE | NACK | STOPPED;
    CR1 &= ~(uint32_t)PE; /* also forgets what had been begun */
    if (state == BUSY) {
      end(false);
    }
    CR1 |= PE;
    return;
  }
  if ((status & NACK) != 0) {
    refused = true; /* it ends by itself */
    CLEAR = NACK;
  }
  if ((status & RXNE) != 0) {
    const uint8_t byte = (uint8_t)RECEIVED;
    if (at < to_read) {
      in[at++] = byte;
    }
  }
  if ((status & TXIS) != 0 && at < to_write) {
    TRANSMIT = out[at++];
  }
  if ((status & COMPLETE) != 0) {
    at = to_write = 0;
    CR2 = target | READING | START | to_read << COUNT | STOP_AFTER;
  }
  if ((status & STOPPED) != 0) {
    const bool well = !refused && at == (to_read != 0 ? to_read : to_write);
    CLEAR = STOPPED;
    end(well);
  }
}
#endif

static void wait_us(uint32_t time) {
  for (const uint64_t begun = chip_now_us(); chip_now_us() - begun <= time;) {
  }
}

static void clock_once(void) {
  chip_pin_pull(MOTE_I2C_SCL, true);
  wait_us(HALF_CLOCK_US);
  chip_pin_pull(MOTE_I2C_SCL, false);
  wait_us(HALF_CLOCK_US);
}

void i2c_open(void) {
  MOTE_REGISTER(RCC_APB1) |= 1u << ENABLE;
  CR1 = 0;
  chip_pin_pull(MOTE_I2C_SCL, false);
  chip_pin_pull(MOTE_I2C_SDA, false);
  for (int i = 0; i < 9 && !chip_pin_high(MOTE_I2C_SDA); ++i) {
    clock_once();
  }
  chip_pin_pull(MOTE_I2C_SDA, true); /* a start and a stop: whoever listened knows that it is over */
  wait_us(HALF_CLOCK_US);
  chip_pin_pull(MOTE_I2C_SDA, false);
  chip_pin(MOTE_I2C_SCL, MOTE_I2C_FUNCTION, true);
  chip_pin(MOTE_I2C_SDA, MOTE_I2C_FUNCTION, true);
  state = IDLE;
  set_up();
  chip_enable_irq(I2C_IRQ);
#ifndef I2C_ONE_IRQ
  chip_enable_irq(I2C_IRQ + 1);
#endif
}

bool i2c_begin_read(uint8_t address, uint8_t first, uint32_t length, i2c_ended ended) {
  if (state == BUSY) {
    return false;
  }
  out[0] = first;
  return begin(address, 1, length, ended);
}

void i2c_abandon(void) {
  told = NULL;
  state = FAILED;
  set_up();
}

static bool finished(void) {
  for (const uint64_t begun = chip_now_us(); state == BUSY;) {
    if (chip_now_us() - begun > PATIENCE_US) {
      const uint32_t was = chip_lock();
      i2c_abandon();
      chip_unlock(was);
    }
  }
  return state == DONE;
}

bool i2c_write(uint8_t address, uint8_t first, uint8_t value) {
  if (state == BUSY) {
    return false;
  }
  out[0] = first;
  out[1] = value;
  return begin(address, 2, 0, NULL) && finished();
}

bool i2c_read(uint8_t address, uint8_t first, uint8_t *bytes, uint32_t length) {
  const bool read = i2c_begin_read(address, first, length, NULL) && finished();
  if (read) {
    memcpy(bytes, in, length);
  }
  return read;
}
