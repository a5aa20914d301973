/* Test driver: model slots on flash that is made up. "slots SLOT_BYTES ARENA NEED_SIGNATURE" begins with erased flash,
 * "fuse N" lets power go in the middle of the Nth next erasing or programming (0: never), "boot" opens the slots,
 * "begin HEX", "write OFFSET HEX", "commit", "reject", "check SLOT" answer with a state, "flip SLOT OFFSET" damages a
 * byte, "model" answers the model in use in hex. After power is lost everything answers "dead" until "boot".
 * The contract is sixteen 0x11, the firmware sixteen 0x22; a good signature is the digest twice. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mote_sha256.h"
#include "mote_slot.h"

enum { MOST = 8192 };

static _Alignas(16) uint8_t memory[2][MOST];
static uint32_t slot_bytes;
static unsigned fuse;
static jmp_buf power;

static const uint8_t *base(void *context, unsigned slot) {
  (void)context;
  return memory[slot];
}

static bool erase(void *context, unsigned slot) {
  (void)context;
  const bool last = fuse == 1;
  fuse -= fuse > 0;
  /* Cut off in the middle: some of it is erased. */
  memset(memory[slot], 0xFF, last ? slot_bytes / 3 : slot_bytes);
  if (last) {
    longjmp(power, 1);
  }
  return true;
}

static bool program(void *context, unsigned slot, uint32_t offset, const uint8_t *data, uint32_t length) {
  (void)context;
  if (offset % MOTE_SLOT_ALIGN != 0 || length % MOTE_SLOT_ALIGN != 0 || offset + length > slot_bytes) {
    puts("misuse");
    exit(1);
  }
  for (uint32_t i = 0; i < length; ++i) {
    if (memory[slot][offset + i] != 0xFF) {
      return false; /* as a flash controller does */
    }
    if (i % MOTE_SLOT_ALIGN == 0 && fuse > 0 && --fuse == 0) {
      longjmp(power, 1);
    }
    memory[slot][offset + i] = data[i];
  }
  return true;
}

static bool verify(const uint8_t digest[32], const uint8_t signature[64]) {
  return memcmp(digest, signature, 32) == 0 && memcmp(digest, signature + 32, 32) == 0;
}

static uint32_t unhex(const char *text, uint8_t *out) {
  uint32_t length = 0;
  unsigned byte;
  while (sscanf(text + 2 * length, "%2x", &byte) == 1) {
    out[length++] = (uint8_t)byte;
  }
  return length;
}

int main(void) {
  static char line[4 * MOST];
  static uint8_t bytes[MOST];
  static mote_slots slots;
  static mote_slot_rules rules;
  static const mote_flash *flash;
  static mote_flash made = {NULL, 0, base, erase, program};
  static volatile bool dead = false;
  memset(rules.contract, 0x11, sizeof rules.contract);
  memset(rules.made_for, 0x22, sizeof rules.made_for);
  while (fgets(line, sizeof line, stdin)) {
    unsigned arena, signature, slot, offset;
    int at = 0;
    if (setjmp(power) != 0) {
      dead = true;
      puts("dead");
      fflush(stdout);
      continue;
    }
    if (sscanf(line, "slots %u %u %u", &slot_bytes, &arena, &signature) == 3) {
      memset(memory, 0xFF, sizeof memory);
      made.slot_bytes = slot_bytes;
      flash = &made;
      rules.arena_bytes = arena;
      rules.need_signature = signature == 1;
      rules.verify = signature != 0 ? verify : NULL;
      puts("ok");
    } else if (sscanf(line, "fuse %u", &fuse) == 1) {
      puts("ok");
    } else if (sscanf(line, "flip %u %u", &slot, &offset) == 2) {
      memory[slot][offset] ^= 0x10;
      puts("ok");
    } else if (strncmp(line, "boot", 4) == 0) {
      dead = false;
      fuse = 0;
      mote_slots_open(&slots, flash, &rules);
      printf("%d %d %d\n", slots.active, (int)slots.states[0], (int)slots.states[1]);
    } else if (dead) {
      puts("dead");
    } else if (strncmp(line, "begin ", 6) == 0) {
      memset(bytes, 0, MOTE_SLOT_HEADER);
      unhex(line + 6, bytes);
      printf("%d\n", (int)mote_slots_begin(&slots, bytes));
    } else if (sscanf(line, "write %u %n", &offset, &at) == 1) {
      const uint32_t length = unhex(line + at, bytes);
      printf("%d\n", (int)mote_slots_write(&slots, offset, bytes, length));
    } else if (strncmp(line, "commit", 6) == 0) {
      printf("%d\n", (int)mote_slots_commit(&slots));
    } else if (strncmp(line, "reject", 6) == 0) {
      printf("%d\n", (int)mote_slots_reject(&slots));
    } else if (sscanf(line, "check %u", &slot) == 1) {
      printf("%d\n", (int)mote_slots_check(&slots, slot));
    } else {
      mote_slot_info info;
      if (slots.active < 0 || !mote_slots_info(&slots, (unsigned)slots.active, &info)) {
        puts("-");
      } else {
        printf("%.32s %u %d ", info.name, (unsigned)info.sequence, info.is_signed);
        for (uint32_t i = 0; i < info.model_bytes; ++i) {
          printf("%02x", info.model[i]);
        }
        puts("");
      }
    }
    fflush(stdout);
  }
  return 0;
}
