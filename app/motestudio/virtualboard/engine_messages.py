"""The messages between the virtual board and its inference engine, a process of its own. JSON, bytes as base64."""

from __future__ import annotations

import msgspec


class Load(msgspec.Struct, frozen=True, tag="load"):
    """Board to engine: take this model and feature code.

    Attributes:
        model: the ``.tflite``.
        library: the feature twin as a shared library.
        arena_bytes: what the interpreter gets, not a byte more.
        window_samples: of one inference.
        channels: of one sample.
    """

    model: bytes
    library: bytes
    arena_bytes: int
    window_samples: int
    channels: int


class Infer(msgspec.Struct, frozen=True, tag="infer"):
    """Board to engine: one window, int16 little-endian, channels interleaved."""

    samples: bytes


class Loaded(msgspec.Struct, frozen=True, tag="loaded"):
    """Engine to board: ready."""


class Inferred(msgspec.Struct, frozen=True, tag="inferred"):
    """Engine to board: raw outputs, one int8 per class, and how long features and inference took."""

    output: bytes
    latency_us: int


class EngineError(msgspec.Struct, frozen=True, tag="error"):
    """Engine to board: it could not."""

    code: str
    text: str


Answer = Loaded | Inferred | EngineError
encode = msgspec.json.Encoder().encode
decode_ask = msgspec.json.Decoder(Load | Infer).decode
decode_answer = msgspec.json.Decoder(Loaded | Inferred | EngineError).decode
