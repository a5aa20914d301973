"""The words for what a board refuses: a firmware sends a code alone, and keeps its flash for other things."""

from __future__ import annotations

_TEXTS = {
    "board.bad_request": "The board does not take a request of this kind.",
    "board.too_long": "The answer does not fit a frame of this board.",
    "board.no_health": "Only a debug build of the firmware watches its memory.",
    "op.unknown": "This firmware does not know that request.",
    "infer.window": "The board got something else than one window of samples.",
    "infer.no_model": "This firmware was built without a model, or its model failed.",
    "slot.empty": "There is no model.",
    "slot.damaged": "The model is not what its checksums say.",
    "slot.stale": "The model was made for another firmware.",
    "slot.too_large": "The model is larger than the slot or the arena.",
    "slot.forged": "The model's signature is absent or wrong.",
    "slot.flash": "The flash could not be erased or programmed.",
    "slot.order": "That is not the next piece of the model.",
    "slot.refused": "The interpreter refuses the model; the one before it runs again.",
}


def refusal_text(code: str) -> str:
    """What a code means."""
    return _TEXTS.get(code, "The board refused and gave no reason.")
