/* Requests that have to do with model slots:
 *   slots                        what lies in them, checked anew
 *   slot_begin {header}          a model of so many bytes, for the slot that is not in use
 *   slot_data {offset, data}     its next piece
 *   slot_end                     verify it and go over to it
 */
#include <string.h>

#include "mote_requests.h"

/* What `slots` says of a slot, and with "slot." before it the code of a refusal. */
static const char *const states[] = {
    [MOTE_SLOT_GOOD] = "slot.good",           [MOTE_SLOT_EMPTY] = "slot.empty",   [MOTE_SLOT_DAMAGED] = "slot.damaged",
    [MOTE_SLOT_STALE] = "slot.stale",         [MOTE_SLOT_FORGED] = "slot.forged", [MOTE_SLOT_FLASH] = "slot.flash",
    [MOTE_SLOT_TOO_LARGE] = "slot.too_large", [MOTE_SLOT_ORDER] = "slot.order",
};
enum { STATE_WORD = 5 }; /* where the word begins */

static void answer(mote_app *app, uint32_t id, mote_slot_state state) {
  if (state == MOTE_SLOT_GOOD) {
    mote_reply_empty(app, id);
  } else {
    mote_reply_error(app, id, states[state]);
  }
}

static void put_bytes(mote_cbor_writer *writer, const char *key, const uint8_t *data, size_t length) {
  mote_cbor_text(writer, key);
  mote_cbor_bytes(writer, data, length);
}

static void put_slot(mote_cbor_writer *writer, mote_slots *slots, unsigned slot) {
  const mote_slot_state state = mote_slots_check(slots, slot);
  mote_slot_info info;
  const bool good = mote_slots_info(slots, slot, &info);
  mote_cbor_map(writer, good ? 5 : 1);
  mote_put_text(writer, "state", states[state] + STATE_WORD);
  if (good) {
    mote_put_count(writer, "sequence", info.sequence);
    mote_put_count(writer, "bytes", info.model_bytes);
    mote_put_sha256(writer, info.sha256);
    const char *word = slots->rules->verify != NULL ? "signed" : "signed, not checked";
    mote_put_text(writer, "signature", info.is_signed ? word : "unsigned");
  }
}

static void tell(mote_app *app, uint32_t id) {
  mote_slots *slots = app->port->slots;
  mote_cbor_writer writer = mote_reply_begin(app, id, true);
  mote_cbor_map(&writer, 7);
  mote_put_count(&writer, "slot_bytes", slots->flash->slot_bytes);
  mote_put_count(&writer, "piece_bytes", (MOTE_LINK_MAX_PAYLOAD - 96u) / MOTE_SLOT_ALIGN * MOTE_SLOT_ALIGN);
  mote_put_count(&writer, "arena_bytes", slots->rules->arena_bytes);
  put_bytes(&writer, "contract", slots->rules->contract, MOTE_SLOT_ID);
  put_bytes(&writer, "made_for", slots->rules->made_for, MOTE_SLOT_ID);
  mote_cbor_text(&writer, "active");
  mote_cbor_int(&writer, slots->active);
  mote_cbor_text(&writer, "slots");
  mote_cbor_array(&writer, MOTE_SLOT_COUNT);
  for (unsigned i = 0; i < MOTE_SLOT_COUNT; ++i) {
    put_slot(&writer, slots, i);
  }
  mote_reply_end(app, id, &writer);
}

static void begin(mote_app *app, uint32_t id, const mote_cbor_reader *args) {
  const mote_cbor_item header = mote_argument(args, "header");
  if (header.type != MOTE_CBOR_BYTES || header.length != MOTE_SLOT_HEADER) {
    mote_reply_error(app, id, "board.bad_request");
    return;
  }
  mote_app_stop(app); /* flash that is being written may keep everything else waiting */
  answer(app, id, mote_slots_begin(app->port->slots, header.data));
}

static void piece(mote_app *app, uint32_t id, const mote_cbor_reader *args) {
  const mote_cbor_item offset = mote_argument(args, "offset"), data = mote_argument(args, "data");
  if (offset.type != MOTE_CBOR_INT || offset.integer < 0 || offset.integer > UINT32_MAX || data.type != MOTE_CBOR_BYTES) {
    mote_reply_error(app, id, "board.bad_request");
    return;
  }
  answer(app, id,
         mote_slots_write(app->port->slots, (uint32_t)offset.integer, data.data, (uint32_t)data.length));
}

static void end(mote_app *app, uint32_t id) {
  mote_slots *slots = app->port->slots;
  const mote_slot_state state = mote_slots_commit(slots);
  mote_slot_info info;
  if (state == MOTE_SLOT_GOOD && mote_slots_info(slots, (unsigned)slots->active, &info) &&
      !app->port->use_model(app->port->context, info.model)) {
    if (mote_slots_reject(slots) && mote_slots_info(slots, (unsigned)slots->active, &info)) {
      app->port->use_model(app->port->context, info.model);
    }
    mote_reply_error(app, id, "slot.refused");
    return;
  }
  mote_app_window_done(app);
  answer(app, id, state);
}

bool mote_handle_slot_request(mote_app *app, uint32_t id, const mote_cbor_item *op, const mote_cbor_reader *args) {
  if (mote_cbor_is(op, "slots")) {
    tell(app, id);
  } else if (mote_cbor_is(op, "slot_begin")) {
    begin(app, id, args);
  } else if (mote_cbor_is(op, "slot_data")) {
    piece(app, id, args);
  } else if (mote_cbor_is(op, "slot_end")) {
    end(app, id);
  } else {
    return false;
  }
  return true;
}
