"""Boards: what a board file says of a target, and what a connected board says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from motestudio.domain.signal import ChannelGroup


@dataclass(frozen=True, slots=True)
class BoardFile:
    """A target as ``resources/boards/<id>.toml`` describes it.

    Attributes:
        id: file stem, such as ``nucleo-l476rg``.
        name: as its maker writes it.
        chip: part number.
        core: ``cortex-m4f``, ``cortex-m0+``, ``xtensa-lx6``, ``xtensa-lx7`` or ``rv32imc``.
        clock_hz: of the core.
        ram_bytes: what a linker region gives one program, not the chip's total.
        flash_bytes: likewise.
        kernels: ``cmsis-nn``, ``esp-nn`` or ``reference``.
        cycles_per_mac: of int8 kernels there, for estimates; 0 where unknown.
        active_mw: power while computing, for estimates; 0 where unknown.
        family: ``stm32``, ``esp32`` or ``virtual``.
        sensors: names of sensors on the board.
    """

    id: str
    name: str
    chip: str
    core: str
    clock_hz: int
    ram_bytes: int
    flash_bytes: int
    kernels: str
    cycles_per_mac: float = 0.0
    active_mw: float = 0.0
    family: Literal["stm32", "esp32", "virtual"] = "virtual"
    sensors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """The model a board says it holds."""

    name: str
    sha256: str
    classes: tuple[str, ...]
    window_samples: int
    step_samples: int


@dataclass(frozen=True, slots=True)
class BoardDescription:
    """What a board answers to ``describe``.

    Attributes:
        board_id: the board file it matches, or empty.
        name: for people.
        serial_number: stays the same over reconnects.
        firmware: name and version.
        groups: its channel groups.
        capabilities: of ``stream``, ``load``, ``infer``, ``sim``.
        flash_bytes: for a model package.
        ram_bytes: for the arena.
        virtual: a program that poses as a board.
        model: what it has loaded, or None.
        gestures: what a simulated sensor can perform, or the clips it can play; empty on real boards.
    """

    board_id: str
    name: str
    serial_number: str
    firmware: str
    groups: tuple[ChannelGroup, ...]
    capabilities: tuple[str, ...] = ()
    flash_bytes: int = 0
    ram_bytes: int = 0
    virtual: bool = False
    model: LoadedModel | None = None
    gestures: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class InferenceFrame:
    """One inference on the board.

    Attributes:
        sample_index: sample, counted from the start of streaming, that ends the window.
        device_time_us: the board's clock at that sample.
        output: raw model output, one integer per class.
        scale: of the output's quantisation.
        zero_point: likewise.
        latency_us: features and inference, measured by the board.
    """

    sample_index: int
    device_time_us: int
    output: tuple[int, ...]
    scale: float
    zero_point: int
    latency_us: int

    @property
    def scores(self) -> tuple[float, ...]:
        """Dequantised outputs, 0..1 for a softmax."""
        return tuple((q - self.zero_point) * self.scale for q in self.output)
