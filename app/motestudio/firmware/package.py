"""The model package: what is sent to a board, as one CBOR map.

Written here and read by the studio and by the virtual board. What is read is untrusted: it is checked whole before
any of it is used. This module neither talks to a board nor runs what a package holds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import cbor2

from motestudio.domain.board import BoardFile
from motestudio.domain.units import format_bytes
from motestudio.errors import FlashError

FORMAT = 1
MAX_PACKAGE_BYTES = 32 * 1024 * 1024
"""Nothing larger is read: no board here has that much flash."""

MODEL_FILE = "model.tflite"
HOST_LIBRARY = "core.so"
_COUNTS = ("arena_bytes", "flash_bytes", "ram_bytes")


@dataclass(frozen=True, slots=True)
class Package:
    """A model with all that a board needs to run it.

    Attributes:
        name: of the model, for people.
        board: id of the board file it was made for.
        sha256: of ``model.tflite``, in hex.
        deploy: ``deploy.json``: classes, signal, feature stage and parameters, quantisation.
        files: content by name: ``model.tflite``, and ``core.so`` for the virtual board.
        arena_bytes: for the TFLM arena.
        flash_bytes: of the whole firmware with this model, estimated or built.
        ram_bytes: likewise.
    """

    name: str
    board: str
    sha256: str
    deploy: Mapping[str, Any]
    files: Mapping[str, bytes] = field(repr=False)
    arena_bytes: int
    flash_bytes: int
    ram_bytes: int

    @property
    def model(self) -> bytes:
        """The ``.tflite`` bytes."""
        return self.files[MODEL_FILE]


def sha256_of(data: bytes) -> str:
    """SHA-256 in hex: what a board computes from its flash and reads back."""
    return hashlib.sha256(data).hexdigest()


def build_package(
    *,
    name: str,
    board: BoardFile,
    deploy: Mapping[str, Any],
    model: bytes,
    host_library: bytes = b"",
    arena_bytes: int,
    flash_bytes: int,
    ram_bytes: int,
) -> bytes:
    """Make a package; the same inputs give the same bytes.

    Args:
        name: of the model, for people.
        board: what it is made for.
        deploy: JSON values, as ``deploy.json`` holds them.
        model: the ``.tflite`` bytes.
        host_library: the feature twin as a shared library, for the virtual board; may be empty.
        arena_bytes: for the TFLM arena.
        flash_bytes: of the whole firmware with this model.
        ram_bytes: likewise.

    Returns:
        CBOR, canonical order.

    Raises:
        FlashError: ``flash.too_big``: it does not fit the board.
    """
    check_fits(board, flash_bytes=flash_bytes, ram_bytes=ram_bytes)
    files = {MODEL_FILE: model} | ({HOST_LIBRARY: host_library} if host_library else {})
    body = {
        "format": FORMAT,
        "name": name,
        "board": board.id,
        "sha256": sha256_of(model),
        "deploy": json.loads(json.dumps(dict(deploy))),
        "files": files,
        "arena_bytes": int(arena_bytes),
        "flash_bytes": int(flash_bytes),
        "ram_bytes": int(ram_bytes),
    }
    data: bytes = cbor2.dumps(body, canonical=True)
    return data


def read_package(data: bytes) -> Package:
    """Read and check a package.

    Raises:
        FlashError: ``flash.package``: not a package, of a newer format, or its model is not what its hash says.
    """
    if len(data) > MAX_PACKAGE_BYTES:
        raise _bad(f"it has {format_bytes(len(data))}, more than any board takes")
    stream = BytesIO(data)
    try:
        body = cbor2.load(stream)
    except (cbor2.CBORError, ValueError, TypeError, ArithmeticError, RecursionError, MemoryError, LookupError) as error:
        raise _bad("it is not CBOR") from error
    if stream.tell() != len(data):
        raise _bad("something follows its end")
    if not isinstance(body, dict) or "format" not in body:
        raise _bad("it is not a package")
    if body["format"] != FORMAT:
        raise FlashError(
            "flash.package",
            f"The package has format {str(body['format'])[:20]}, known is {FORMAT}.",
            "Make the package again with this version of Mote Studio.",
        )
    return _checked(body)


def check_fits(board: BoardFile, *, flash_bytes: int, ram_bytes: int) -> None:
    """Check sizes against a board's linker regions.

    Raises:
        FlashError: ``flash.too_big``; its data has ``region``, ``over``, ``needed`` and ``available``.
    """
    for region, needed, available in (
        ("flash", flash_bytes, board.flash_bytes),
        ("RAM", ram_bytes, board.ram_bytes),
    ):
        if needed > available:
            over = needed - available
            raise FlashError(
                "flash.too_big",
                f"The firmware needs {format_bytes(needed)} of {region}; {board.name} has {format_bytes(available)}:"
                f" {over:,} bytes too many.",
                "Train a smaller model, shorten the window or choose a larger board.",
                {"region": region.lower(), "over": over, "needed": needed, "available": available, "board": board.id},
            )


def _checked(body: dict[Any, Any]) -> Package:
    for key in ("name", "board", "sha256"):
        if not isinstance(body.get(key), str) or not 0 < len(body[key]) <= 256:
            raise _bad(f"its {key} is not a text")
    deploy, files = body.get("deploy"), body.get("files")
    if not isinstance(deploy, dict) or not all(isinstance(k, str) for k in deploy):
        raise _bad("its deploy table is missing")
    if not isinstance(files, dict) or not all(isinstance(k, str) and isinstance(v, bytes) for k, v in files.items()):
        raise _bad("its files are missing")
    if not files.get(MODEL_FILE):
        raise _bad("it has no model")
    # Only known names: a package must never be a way to write elsewhere.
    if unknown := sorted(set(files) - {MODEL_FILE, HOST_LIBRARY}):
        raise _bad(f"it holds an unknown file {unknown[0][:40]!r}")
    counts = {key: body.get(key) for key in _COUNTS}
    for key, value in counts.items():
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**32:
            raise _bad(f"its {key} is not a size")
    if sha256_of(files[MODEL_FILE]) != body["sha256"]:
        raise _bad("its model is not what its hash says")
    sizes = {key: int(str(value)) for key, value in counts.items()}
    return Package(body["name"], body["board"], body["sha256"], deploy, files, **sizes)


def _bad(why: str) -> FlashError:
    return FlashError("flash.package", f"The package is not usable: {why}.", "Make the package again and send it.")
