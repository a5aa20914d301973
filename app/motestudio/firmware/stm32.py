"""What the STM32 project takes from a board file beyond what every port does."""

from __future__ import annotations

from motestudio.domain.board import FLASH_ORIGIN, BoardFile, Stm32Chip
from motestudio.errors import BuildError
from motestudio.firmware.request import FirmwareRequest
from motestudio.firmware.slot_image import check_slot
from motestudio.firmware.tflm import ARCHITECTURES

_CPUS = {
    "cortex-m0": "-mcpu=cortex-m0 -mthumb",
    "cortex-m0+": "-mcpu=cortex-m0plus -mthumb",
    "cortex-m3": "-mcpu=cortex-m3 -mthumb",
    "cortex-m4": "-mcpu=cortex-m4 -mthumb",
    "cortex-m4f": "-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard",
    "cortex-m7": "-mcpu=cortex-m7 -mthumb -mfpu=fpv5-sp-d16 -mfloat-abi=hard",
    "cortex-m33": "-mcpu=cortex-m33 -mthumb -mfpu=fpv5-sp-d16 -mfloat-abi=hard",
}
_MOST_STACK = 8192


def chip_of(board: BoardFile) -> Stm32Chip:
    """What the port must know of a board.

    Raises:
        BuildError: ``firmware.no_port``: its file does not say.
    """
    if board.stm32 is None or board.core not in _CPUS:
        raise BuildError(
            "firmware.no_port",
            f"The board file of {board.name} does not tell what the STM32 port must know.",
            "Add a table [stm32] with series, pins and model slots, as resources/boards/nucleo-l476rg.toml has it.",
            {"board": board.id},
        )
    return board.stm32


def stm32_values(request: FirmwareRequest) -> dict[str, str]:
    """Text for the places that only the templates of this port have.

    Raises:
        BuildError: ``firmware.no_port``.
        FlashError: ``flash.too_big``: the model does not fit its slot.
    """
    board, chip = request.board, chip_of(request.board)
    check_slot(request.deployable.model, chip.slot_bytes)
    pins = {"UART_TX": chip.uart_tx, "UART_RX": chip.uart_rx, "I2C_SCL": chip.i2c_scl, "I2C_SDA": chip.i2c_sda}
    return (
        {f"{key}_PORT": pin[1] for key, pin in pins.items()}
        | {f"{key}_NUMBER": pin[2:] for key, pin in pins.items()}
        | {
            "SERIES": chip.series,
            "CORE_HZ": str(board.clock_hz),
            "CPU_FLAGS": _CPUS[board.core],
            "TFLM_ARCH": ARCHITECTURES[board.core],
            "STACK_BYTES": str(min(_MOST_STACK, board.ram_bytes // 4)),
            "UART": chip.uart.removeprefix("USART"),
            "UART_FUNCTION": str(chip.uart_function),
            "I2C": chip.i2c.removeprefix("I2C"),
            "I2C_FUNCTION": str(chip.i2c_function),
            "FLASH_ORIGIN": f"0x{FLASH_ORIGIN:08X}",
            "APP_FLASH_BYTES": str(chip.model_slots[0] - FLASH_ORIGIN),
            "SLOT_A": f"0x{chip.model_slots[0]:08X}",
            "SLOT_B": f"0x{chip.model_slots[1]:08X}",
            "SLOT_BYTES": str(chip.slot_bytes),
        }
    )
