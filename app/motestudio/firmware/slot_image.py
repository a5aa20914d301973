"""What a model slot holds: a header and the ``.tflite``. The board's side, ``core/mote_slot.h``, has the layout.

Computes bytes; talks to no board and signs nothing.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import google_crc32c

from motestudio.domain.board import SLOT_HEADER_BYTES, SLOT_MAGIC
from motestudio.errors import FlashError
from motestudio.firmware.c_text import c_constants
from motestudio.firmware.feature_code import FeatureCode
from motestudio.sdk.deployable import Deployable

ID_BYTES = 16
SIGNATURE_BYTES = 64
NAME_BYTES = 32
_HEAD = struct.Struct("<8sHHIIIII16s16s32s32s")
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class SlotImage:
    """A model as a slot holds it.

    Attributes:
        name: of the model; cut to 32 bytes of UTF-8.
        model: the ``.tflite`` bytes.
        arena_bytes: that it needs.
        contract: what it was trained for, see `contract_of`; 16 bytes.
        made_for: the firmware that it may run in, see `firmware_id`; 16 bytes.
        sequence: of two good slots the higher one runs.
        signature: ECDSA P-256 of `signed_digest`, r and s, 64 bytes; empty where unsigned.
    """

    name: str
    model: bytes
    arena_bytes: int
    contract: bytes
    made_for: bytes
    sequence: int = 1
    signature: bytes = b""

    @property
    def header(self) -> bytes:
        """The 256 bytes before the model."""
        head = self._head.ljust(128, b"\0") + self.signature.ljust(SIGNATURE_BYTES, b"\0")
        body = head.ljust(SLOT_HEADER_BYTES - 4, b"\0")
        return body + struct.pack("<I", google_crc32c.value(body))

    @property
    def signed_digest(self) -> bytes:
        """What a signature is of: SHA-256 of the header's first 128 bytes, which hold the model's own SHA-256."""
        return hashlib.sha256(self._head).digest()

    def to_bytes(self) -> bytes:
        """Header and model."""
        return self.header + self.model

    @property
    def _head(self) -> bytes:
        return _HEAD.pack(
            *(SLOT_MAGIC, _FORMAT, SLOT_HEADER_BYTES, self.sequence & 0xFFFFFFFF, len(self.model), self.arena_bytes),
            *(google_crc32c.value(self.model), len(self.signature), self.contract, self.made_for),
            *(hashlib.sha256(self.model).digest(), _name(self.name)),
        )


def contract_of(deployable: Deployable, features: Sequence[FeatureCode]) -> bytes:
    """What a firmware and a model must agree on, as 16 bytes: signal, window, features, classes, output.

    The input's scale is not part of it: the firmware takes it from the model.

    Args:
        deployable: the model.
        features: its feature stages' C side, constants and sources.
    """
    body = {
        "signal": deployable.signal.to_json(),
        "features": [[f.block.stage, list(f.block.shape), c_constants(f.constants), f.hop_samples] for f in features],
        "sources": [[hashlib.sha256(path.read_bytes()).hexdigest() for path in f.sources] for f in features],
        "input": [list(deployable.feature_shape), deployable.input_type],
        "classes": list(deployable.classes),
        "output": [deployable.output_scale, deployable.output_zero_point],
    }
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()[:ID_BYTES]


def firmware_id(contract: bytes, built_in_model: bytes) -> bytes:
    """Which firmware this is: one flashed with another model must not go on with an update of its predecessor."""
    return hashlib.sha256(contract + hashlib.sha256(built_in_model).digest()).digest()[:ID_BYTES]


def check_slot(model: bytes, slot_bytes: int) -> None:
    """Check that a model and its header fit a slot.

    Raises:
        FlashError: ``flash.too_big``, by how much.
    """
    if (over := SLOT_HEADER_BYTES + len(model) - slot_bytes) > 0:
        raise FlashError(
            "flash.too_big",
            f"The model has {len(model):,} bytes; a model slot of this board takes {slot_bytes - SLOT_HEADER_BYTES:,}:"
            f" {over:,} bytes too many.",
            "Train or compress it smaller, or give slots more room in the board file (model_slots, slot_bytes).",
            {"region": "model slot", "over": over, "needed": len(model), "available": slot_bytes - SLOT_HEADER_BYTES},
        )


def _name(text: str) -> bytes:
    """At most `NAME_BYTES`, no character cut in two."""
    return text.encode()[:NAME_BYTES].decode(errors="ignore").encode()
