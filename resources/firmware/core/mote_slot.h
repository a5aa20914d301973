/* Model slots: the model lives in flash regions of its own and is replaced without touching the firmware.
 *
 * There are two, A and B. A model is written to the one that is not in use: the region is erased, the model programmed
 * and verified, and its header programmed last. Whatever moment power is lost at, the other slot is as it was, and a
 * slot without a whole header is none. At boot, of those that are good the one with the higher sequence runs.
 *
 * A slot holds MOTE_SLOT_HEADER bytes of header, then the .tflite. Little endian:
 *     0 "MOTESLOT"   8 u16 format   10 u16 header bytes   12 u32 sequence   16 u32 model bytes   20 u32 arena bytes
 *    24 u32 CRC-32C of the model   28 u32 bytes of signature, 0 where unsigned
 *    32 contract[16]: what features, signal and classes the model was trained for
 *    48 made_for[16]: the firmware that it may run in; one flashed with another built-in model forgets older updates
 *    64 SHA-256 of the model   96 name[32], UTF-8, zeros behind it
 *   128 signature[64]: ECDSA P-256, r and s, of the SHA-256 of bytes 0 to 127
 *   192 zeros   252 u32 CRC-32C of bytes 0 to 251
 *
 * A signature is checked by the port, with the platform's own cryptography; without one the slot says what it is.
 */
#ifndef MOTE_SLOT_H
#define MOTE_SLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  MOTE_SLOT_HEADER = 256,
  MOTE_SLOT_COUNT = 2,
  MOTE_SLOT_ID = 16,
  MOTE_SLOT_SIGNED = 128, /* bytes of the header that the signature covers */
  MOTE_SLOT_SIGNATURE = 64,
  MOTE_SLOT_ALIGN = 16 /* pieces of a model, but the last, are multiples of it */
};

typedef enum {
  MOTE_SLOT_GOOD,
  MOTE_SLOT_EMPTY,
  MOTE_SLOT_DAMAGED,  /* header, CRC or SHA-256 */
  MOTE_SLOT_STALE,    /* made for other features, classes or another firmware */
  MOTE_SLOT_TOO_LARGE, /* for the slot or the arena */
  MOTE_SLOT_FORGED,   /* a signature is asked for and is absent or wrong */
  MOTE_SLOT_FLASH,    /* erasing or programming failed */
  MOTE_SLOT_ORDER     /* a piece that is not the next one */
} mote_slot_state;

/* Flash as a port provides it. Slots are mapped into memory and begin on MOTE_SLOT_ALIGN bytes. */
typedef struct {
  void *context;
  uint32_t slot_bytes;    /* of each slot */
  const uint8_t *(*base)(void *context, unsigned slot);
  bool (*erase)(void *context, unsigned slot);
  /* `offset` and `length` are multiples of MOTE_SLOT_ALIGN, and what lies there is erased. */
  bool (*program)(void *context, unsigned slot, uint32_t offset, const uint8_t *data, uint32_t length);
} mote_flash;

/* What this firmware takes. */
typedef struct {
  uint8_t contract[MOTE_SLOT_ID];
  uint8_t made_for[MOTE_SLOT_ID];
  uint32_t arena_bytes;
  bool need_signature; /* refuse what is not signed */
  /* Whether `signature` is of the SHA-256 `digest`; NULL where this firmware has no key. */
  bool (*verify)(const uint8_t digest[32], const uint8_t signature[MOTE_SLOT_SIGNATURE]);
} mote_slot_rules;

typedef struct {
  const mote_flash *flash;
  const mote_slot_rules *rules;
  mote_slot_state states[MOTE_SLOT_COUNT];
  int active; /* -1 where no slot is good */
  bool writing;
  uint32_t written; /* model bytes of the slot that is being written */
  uint8_t header[MOTE_SLOT_HEADER]; /* of that slot; in flash only when the model is */
} mote_slots;

/* What a slot's header says; only of slots that are good. */
typedef struct {
  uint32_t sequence;
  uint32_t model_bytes;
  const uint8_t *model;
  const uint8_t *sha256;
  const char *name; /* at most 32 bytes, a zero only where it is shorter */
  bool is_signed;
} mote_slot_info;

/* Checks both slots and chooses. Returns whether there is a model. */
bool mote_slots_open(mote_slots *slots, const mote_flash *flash, const mote_slot_rules *rules);

/* Reads a slot's flash again: header, CRC-32C, SHA-256, signature. */
mote_slot_state mote_slots_check(mote_slots *slots, unsigned slot);

/* Fills `info`; false where the slot was not good when it was last checked. */
bool mote_slots_info(const mote_slots *slots, unsigned slot, mote_slot_info *info);

/* Begins to replace the slot that is not in use. What the header alone shows to be wrong is refused before anything is
 * erased. */
mote_slot_state mote_slots_begin(mote_slots *slots, const uint8_t header[MOTE_SLOT_HEADER]);

/* The next piece of the model. */
mote_slot_state mote_slots_write(mote_slots *slots, uint32_t offset, const uint8_t *data, uint32_t length);

/* Verifies the model, programs the header, and has the new slot run. Where that fails the old one stays. */
mote_slot_state mote_slots_commit(mote_slots *slots);

/* The model in use is one that the interpreter refuses: erase it and go back to the other slot. Returns whether there
 * is another. */
bool mote_slots_reject(mote_slots *slots);

#ifdef __cplusplus
}
#endif

#endif
