#include "mote_slot.h"

#include <string.h>

#include "mote_link.h"
#include "mote_sha256.h"

enum { FORMAT = 1, AT_SEQUENCE = 12, AT_BYTES = 16, AT_ARENA = 20, AT_CRC = 24, AT_SIGNATURE_BYTES = 28, AT_CONTRACT = 32,
       AT_MADE_FOR = 48, AT_SHA = 64, AT_NAME = 96, AT_SIGNATURE = 128, AT_HEADER_CRC = 252 };

static const uint8_t magic[8] = {'M', 'O', 'T', 'E', 'S', 'L', 'O', 'T'};

static uint32_t word(const uint8_t *at) {
  return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static bool erased(const uint8_t *at, size_t length) {
  for (size_t i = 0; i < length; ++i) {
    if (at[i] != 0xFF) {
      return false;
    }
  }
  return true;
}

static bool signature_good(const mote_slot_rules *rules, const uint8_t *header) {
  if (rules->verify == NULL || word(header + AT_SIGNATURE_BYTES) == 0) {
    return !rules->need_signature;
  }
  uint8_t digest[MOTE_SHA256_BYTES];
  mote_sha256_of(header, MOTE_SLOT_SIGNED, digest);
  return rules->verify(digest, header + AT_SIGNATURE);
}

/* All that a header tells without its model. */
static mote_slot_state check_header(const mote_slots *slots, const uint8_t *header) {
  const mote_slot_rules *rules = slots->rules;
  const uint32_t signature_bytes = word(header + AT_SIGNATURE_BYTES);
  if (memcmp(header, magic, sizeof magic) != 0 || word(header + 8) != (FORMAT | (uint32_t)MOTE_SLOT_HEADER << 16) ||
      word(header + AT_HEADER_CRC) != mote_crc32c(0, header, AT_HEADER_CRC) ||
      (signature_bytes != 0 && signature_bytes != MOTE_SLOT_SIGNATURE)) {
    return MOTE_SLOT_DAMAGED;
  }
  const uint32_t bytes = word(header + AT_BYTES);
  if (bytes == 0 || bytes > slots->flash->slot_bytes - MOTE_SLOT_HEADER || word(header + AT_ARENA) > rules->arena_bytes) {
    return MOTE_SLOT_TOO_LARGE;
  }
  if (memcmp(header + AT_CONTRACT, rules->contract, MOTE_SLOT_ID) != 0 ||
      memcmp(header + AT_MADE_FOR, rules->made_for, MOTE_SLOT_ID) != 0) {
    return MOTE_SLOT_STALE;
  }
  return signature_good(rules, header) ? MOTE_SLOT_GOOD : MOTE_SLOT_FORGED;
}

static mote_slot_state check_model(const uint8_t *header, const uint8_t *model) {
  const uint32_t bytes = word(header + AT_BYTES);
  uint8_t digest[MOTE_SHA256_BYTES];
  if (mote_crc32c(0, model, bytes) != word(header + AT_CRC)) {
    return MOTE_SLOT_DAMAGED;
  }
  mote_sha256_of(model, bytes, digest);
  return memcmp(digest, header + AT_SHA, sizeof digest) == 0 ? MOTE_SLOT_GOOD : MOTE_SLOT_DAMAGED;
}

static const uint8_t *base(const mote_slots *slots, unsigned slot) {
  return slots->flash->base(slots->flash->context, slot);
}

static unsigned spare(const mote_slots *slots) { return slots->active == 0 ? 1u : 0u; }

mote_slot_state mote_slots_check(mote_slots *slots, unsigned slot) {
  const uint8_t *header = base(slots, slot);
  mote_slot_state state = MOTE_SLOT_EMPTY;
  if (!erased(header, MOTE_SLOT_HEADER)) {
    state = check_header(slots, header);
    if (state == MOTE_SLOT_GOOD) {
      state = check_model(header, header + MOTE_SLOT_HEADER);
    }
  }
  slots->states[slot] = state;
  return state;
}

static void choose(mote_slots *slots) {
  slots->active = -1;
  for (unsigned i = 0; i < MOTE_SLOT_COUNT; ++i) {
    /* Sequences may wrap around: their difference tells. */
    if (slots->states[i] == MOTE_SLOT_GOOD &&
        (slots->active < 0 || (int32_t)(word(base(slots, i) + AT_SEQUENCE) -
                                        word(base(slots, (unsigned)slots->active) + AT_SEQUENCE)) > 0)) {
      slots->active = (int)i;
    }
  }
}

bool mote_slots_open(mote_slots *slots, const mote_flash *flash, const mote_slot_rules *rules) {
  memset(slots, 0, sizeof *slots);
  slots->flash = flash;
  slots->rules = rules;
  for (unsigned i = 0; i < MOTE_SLOT_COUNT; ++i) {
    mote_slots_check(slots, i);
  }
  choose(slots);
  return slots->active >= 0;
}

bool mote_slots_info(const mote_slots *slots, unsigned slot, mote_slot_info *info) {
  if (slots->states[slot] != MOTE_SLOT_GOOD) {
    return false;
  }
  const uint8_t *header = base(slots, slot);
  info->sequence = word(header + AT_SEQUENCE);
  info->model_bytes = word(header + AT_BYTES);
  info->model = header + MOTE_SLOT_HEADER;
  info->sha256 = header + AT_SHA;
  info->name = (const char *)header + AT_NAME;
  info->is_signed = word(header + AT_SIGNATURE_BYTES) != 0;
  return true;
}

mote_slot_state mote_slots_begin(mote_slots *slots, const uint8_t header[MOTE_SLOT_HEADER]) {
  slots->writing = false;
  const mote_slot_state state = check_header(slots, header);
  if (state != MOTE_SLOT_GOOD) {
    return state;
  }
  if (slots->active >= 0 &&
      (int32_t)(word(header + AT_SEQUENCE) - word(base(slots, (unsigned)slots->active) + AT_SEQUENCE)) <= 0) {
    return MOTE_SLOT_STALE; /* it would never be chosen */
  }
  slots->states[spare(slots)] = MOTE_SLOT_EMPTY;
  if (!slots->flash->erase(slots->flash->context, spare(slots))) {
    return MOTE_SLOT_FLASH;
  }
  memcpy(slots->header, header, MOTE_SLOT_HEADER);
  slots->written = 0;
  slots->writing = true;
  return MOTE_SLOT_GOOD;
}

static bool program(mote_slots *slots, uint32_t offset, const uint8_t *data, uint32_t length) {
  const mote_flash *flash = slots->flash;
  const uint32_t whole = length / MOTE_SLOT_ALIGN * MOTE_SLOT_ALIGN;
  if (whole > 0 && !flash->program(flash->context, spare(slots), offset, data, whole)) {
    return false;
  }
  if (whole < length) {
    uint8_t last[MOTE_SLOT_ALIGN];
    memset(last, 0xFF, sizeof last);
    memcpy(last, data + whole, length - whole);
    return flash->program(flash->context, spare(slots), offset + whole, last, sizeof last);
  }
  return true;
}

mote_slot_state mote_slots_write(mote_slots *slots, uint32_t offset, const uint8_t *data, uint32_t length) {
  const uint32_t bytes = word(slots->header + AT_BYTES);
  if (!slots->writing || offset != slots->written || length == 0 || length > bytes - offset ||
      (length % MOTE_SLOT_ALIGN != 0 && offset + length != bytes)) {
    return MOTE_SLOT_ORDER;
  }
  if (!program(slots, MOTE_SLOT_HEADER + offset, data, length)) {
    slots->writing = false;
    return MOTE_SLOT_FLASH;
  }
  slots->written += length;
  return MOTE_SLOT_GOOD;
}

mote_slot_state mote_slots_commit(mote_slots *slots) {
  if (!slots->writing || slots->written != word(slots->header + AT_BYTES)) {
    return MOTE_SLOT_ORDER;
  }
  slots->writing = false;
  const unsigned slot = spare(slots);
  const mote_slot_state state = check_model(slots->header, base(slots, slot) + MOTE_SLOT_HEADER);
  if (state != MOTE_SLOT_GOOD) {
    return state;
  }
  if (!program(slots, 0, slots->header, MOTE_SLOT_HEADER)) {
    return MOTE_SLOT_FLASH;
  }
  if (mote_slots_check(slots, slot) != MOTE_SLOT_GOOD) {
    return slots->states[slot];
  }
  slots->active = (int)slot;
  return MOTE_SLOT_GOOD;
}

bool mote_slots_reject(mote_slots *slots) {
  if (slots->active >= 0) {
    slots->states[slots->active] = MOTE_SLOT_EMPTY;
    slots->flash->erase(slots->flash->context, (unsigned)slots->active);
    choose(slots);
  }
  return slots->active >= 0;
}
