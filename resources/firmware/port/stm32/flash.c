/* Erasing and programming. On chips with one bank the core stands still meanwhile, for some milliseconds a page or a
 * second a sector: nothing is sampled while a model is loaded. */
#include "flash.h"

#include <string.h>

#include "chip.h"
#include "model_slot.h"

#include MOTE_SERIES_HEADER

enum { LOCK_PATIENCE = 200000000 };

static uint32_t origins[MOTE_SLOT_COUNT] = {MOTE_SLOT_A, MOTE_SLOT_B};

#if defined(FLASH_SECTORS)
#define KEYR MOTE_REGISTER(FLASH_BASE + 0x04u)
#define SR MOTE_REGISTER(FLASH_BASE + 0x0Cu)
#define CR MOTE_REGISTER(FLASH_BASE + 0x10u)
#define BUSY (1u << 16)
#define ERRORS 0xF2u
#define LOCK (1u << 31)
#elif defined(FLASH_DOUBLE_WORDS)
#define KEYR MOTE_REGISTER(FLASH_BASE + 0x08u)
#define SR MOTE_REGISTER(FLASH_BASE + 0x10u)
#define CR MOTE_REGISTER(FLASH_BASE + 0x14u)
#define ECCR MOTE_REGISTER(FLASH_BASE + 0x18u)
#define ECC_DETECTED (1u << 31)
#define BUSY (1u << 16 | 1u << 18) /* the second: of the G0, its settings may not change either */
#define ERRORS 0x3FAu
#define LOCK (1u << 31)
#else
#define KEYR MOTE_REGISTER(FLASH_BASE + 0x04u)
#define SR MOTE_REGISTER(FLASH_BASE + 0x0Cu)
#define CR MOTE_REGISTER(FLASH_BASE + 0x10u)
#define AR MOTE_REGISTER(FLASH_BASE + 0x14u)
#define BUSY (1u << 0)
#define ERRORS 0x14u
#define LOCK (1u << 7)
#endif

void mote_on_nmi(void);
void mote_restart(void);

/* Power that failed while a double word was programmed or erased leaves one that its check bits do not fit. Whoever reads
 * it gets this, and something or other, which the slot's checksums find out. */
void mote_on_nmi(void) {
#ifdef ECCR
  if ((ECCR & ECC_DETECTED) != 0) {
    ECCR = ECC_DETECTED;
    return;
  }
#endif
  mote_restart();
}

static bool finish(void) {
  for (uint32_t i = 0; (SR & BUSY) != 0; ++i) {
    if (i == LOCK_PATIENCE) {
      return false;
    }
  }
  return (SR & ERRORS) == 0;
}

static void unlock(void) {
  if ((CR & LOCK) != 0) {
    KEYR = 0x45670123u;
    KEYR = 0xCDEF89ABu;
  }
  SR = ERRORS; /* of an earlier attempt */
}

#if defined(FLASH_SECTORS)
static bool erase_slot(uint32_t origin) {
  for (uint32_t at = origin; at < origin + MOTE_SLOT_BYTES; at += 0x20000u) {
    CR = 2u << 8 | 1u << 1 | (5u + (at - 0x08020000u) / 0x20000u) << 3;
    CR |= 1u << 16;
    if (!finish()) {
      return false;
    }
  }
  return true;
}

static bool program_words(uint32_t at, const uint32_t *words, uint32_t count) {
  CR = 2u << 8 | 1u; /* 32 bits at a time */
  for (uint32_t i = 0; i < count; ++i) {
    MOTE_REGISTER(at + 4u * i) = words[i];
    if (!finish()) {
      return false;
    }
  }
  return true;
}
#elif defined(FLASH_DOUBLE_WORDS)
static bool erase_slot(uint32_t origin) {
  for (uint32_t at = origin; at < origin + MOTE_SLOT_BYTES; at += FLASH_PAGE_BYTES) {
    uint32_t page = (at - 0x08000000u) / FLASH_PAGE_BYTES, bank = 0;
#ifdef FLASH_BANK_2
    if (at >= FLASH_BANK_2) {
      page = (at - FLASH_BANK_2) / FLASH_PAGE_BYTES;
      bank = 1u << 11;
    }
#endif
    CR = 1u << 1 | page << 3 | bank;
    CR |= 1u << 16;
    if (!finish()) {
      return false;
    }
  }
  return true;
}

static bool program_words(uint32_t at, const uint32_t *words, uint32_t count) {
  CR = 1u;
  for (uint32_t i = 0; i < count; i += 2) {
    MOTE_REGISTER(at + 4u * i) = words[i];
    MOTE_REGISTER(at + 4u * i + 4u) = words[i + 1];
    if (!finish()) {
      return false;
    }
  }
  return true;
}
#else
static bool erase_slot(uint32_t origin) {
  for (uint32_t at = origin; at < origin + MOTE_SLOT_BYTES; at += FLASH_PAGE_BYTES) {
    CR = 1u << 1;
    AR = at;
    CR |= 1u << 6;
    if (!finish()) {
      return false;
    }
  }
  return true;
}

static bool program_words(uint32_t at, const uint32_t *words, uint32_t count) {
  CR = 1u;
  for (uint32_t i = 0; i < 2 * count; ++i) {
    *(volatile uint16_t *)(at + 2u * i) = (uint16_t)(words[i / 2] >> (i % 2 * 16u));
    if (!finish()) {
      return false;
    }
  }
  return true;
}
#endif

static const uint8_t *base(void *context, unsigned slot) {
  (void)context;
  return (const uint8_t *)(uintptr_t)origins[slot];
}

static bool same(uint32_t at, const uint8_t *data, uint32_t length) {
  const volatile uint8_t *flash = (const volatile uint8_t *)(uintptr_t)at;
  for (uint32_t i = 0; i < length; ++i) {
    if (flash[i] != (data == NULL ? 0xFF : data[i])) {
      return false;
    }
  }
  return true;
}

/* The cache would go on giving what was there before it was erased. It is emptied only while it is off. */
static void forget_cached(void) {
#ifdef FLASH_DATA_CACHE
  const uint32_t on = 1u << 10, reset = 1u << 12;
  MOTE_REGISTER(FLASH_BASE) &= ~on;
  MOTE_REGISTER(FLASH_BASE) |= reset;
  MOTE_REGISTER(FLASH_BASE) &= ~reset;
  MOTE_REGISTER(FLASH_BASE) |= on;
#endif
}

static bool erase(void *context, unsigned slot) {
  (void)context;
  unlock();
  const bool done = finish() && erase_slot(origins[slot]);
  CR = LOCK;
  forget_cached();
  return done && same(origins[slot], NULL, MOTE_SLOT_BYTES);
}

static bool program(void *context, unsigned slot, uint32_t offset, const uint8_t *data, uint32_t length) {
  (void)context;
  const uint32_t at = origins[slot] + offset;
  bool done = true;
  unlock();
  for (uint32_t i = 0; done && i < length; i += MOTE_SLOT_ALIGN) {
    uint32_t words[MOTE_SLOT_ALIGN / 4];
    for (uint32_t w = 0; w < MOTE_SLOT_ALIGN / 4; ++w) { /* bytes from a frame are not aligned */
      const uint8_t *from = data + i + 4 * w;
      words[w] = from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
    }
    done = program_words(at + i, words, MOTE_SLOT_ALIGN / 4);
  }
  CR = LOCK;
  return done && same(at, data, length);
}

static const mote_flash slots = {NULL, MOTE_SLOT_BYTES, base, erase, program};

#ifdef FLASH_STAND_INS
static bool erase_stand_in(void *context, unsigned slot) {
  (void)context;
  memset((void *)(uintptr_t)origins[slot], 0xFF, FLASH_STAND_IN_BYTES);
  return true;
}

static bool program_stand_in(void *context, unsigned slot, uint32_t offset, const uint8_t *data, uint32_t length) {
  (void)context;
  memcpy((void *)(uintptr_t)(origins[slot] + offset), data, length);
  return true;
}

static const mote_flash stand_in = {NULL, FLASH_STAND_IN_BYTES, base, erase_stand_in, program_stand_in};
#endif

const mote_flash *flash_slots(void) {
#ifdef FLASH_STAND_INS
  static const uint32_t places[] = FLASH_STAND_INS;
  if (!chip_is_real() && MOTE_MODEL_SLOT_BYTES <= FLASH_STAND_IN_BYTES) {
    for (uint32_t i = 0; i < sizeof places / sizeof *places; ++i) {
      if (chip_answers(places[i]) && chip_answers(places[i] + 2u * FLASH_STAND_IN_BYTES - 1u)) {
        origins[0] = places[i];
        origins[1] = places[i] + FLASH_STAND_IN_BYTES;
        memcpy((void *)(uintptr_t)origins[0], (const void *)(uintptr_t)MOTE_SLOT_A, MOTE_MODEL_SLOT_BYTES);
        erase_stand_in(NULL, 1);
        return &stand_in;
      }
    }
  }
#endif
  return &slots;
}
