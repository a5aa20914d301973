"""Boards: what a board file says of a target, and what a connected board says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from motestudio.domain.signal import ChannelGroup

FLASH_ORIGIN = 0x0800_0000
"""Where an STM32's flash begins."""
SLOT_MAGIC, SLOT_HEADER_BYTES = b"MOTESLOT", 256
"""How the image of a model slot begins, and the bytes before its model (core/mote_slot.h)."""


@dataclass(frozen=True, slots=True)
class Flashing:
    """How the chip is told apart when it is flashed.

    Attributes:
        esptool_chip: esptool's name of it, such as ``esp32c3``; empty for others.
        pyocd_target: pyOCD's name of it, such as ``stm32f446re``; empty for others.
        product_id: what ST's bootloader and debug unit call it (AN2606); 0 for others.
    """

    esptool_chip: str = ""
    pyocd_target: str = ""
    product_id: int = 0


@dataclass(frozen=True, slots=True)
class Stm32Chip:
    """What the STM32 port must know of a board.

    Attributes:
        series: ``f0``, ``f4``, ``g0`` or ``l4``: register maps, clock tree, flash.
        uart: of the link, such as ``USART2``.
        uart_tx: its pin, such as ``PA2``.
        uart_rx: likewise.
        uart_function: alternate function of both.
        i2c: of the sensor, such as ``I2C1``.
        i2c_scl: its pin.
        i2c_sda: likewise.
        i2c_function: alternate function of both.
        model_slots: addresses of the two model slots, whole erase units; the application ends where the first begins.
        slot_bytes: of each.
    """

    series: Literal["f0", "f4", "g0", "l4"]
    uart: str
    uart_tx: str
    uart_rx: str
    uart_function: int
    i2c: str
    i2c_scl: str
    i2c_sda: str
    i2c_function: int
    model_slots: tuple[int, int]
    slot_bytes: int


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
        flashing: how its chip is flashed.
        stm32: what the STM32 port must know; None for others.
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
    flashing: Flashing = Flashing()
    stm32: Stm32Chip | None = None


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
        capabilities: of ``stream``, ``load``, ``infer``, ``slots``, ``sim``.
        flash_bytes: for a model package.
        ram_bytes: for the arena.
        virtual: a program that poses as a board.
        model: what it has loaded, or None.
        gestures: what a simulated sensor can perform, or the clips it can play; empty on real boards.
        max_payload: bytes of the longest link payload that it takes.
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
    max_payload: int = 8192


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
