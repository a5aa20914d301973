"""What the ESP-IDF project takes from a request beyond what every port does."""

from __future__ import annotations

from motestudio.firmware.request import FirmwareRequest
from motestudio.firmware.slot_image import check_slot

SLOW_BAUD, FAST_BAUD = 115_200, 921_600
_BITS_PER_BYTE = 10
"""On a UART: start, eight, stop."""
SLOT_BYTES = 0x10_0000
"""Of each model partition, as ``port/esp32/partitions.csv`` has them."""
_SPARE = 0.75
"""Of the link's bits that samples may take; the rest is for framing, answers and scores."""


def esp32_values(request: FirmwareRequest) -> dict[str, str]:
    """Text for the places that only the templates of this port have.

    Raises:
        FlashError: ``flash.too_big``: the model does not fit its partition.
    """
    check_slot(request.deployable.model, SLOT_BYTES)
    return {"IDF_TARGET": request.board.flashing.esptool_chip, "LINK_BAUD": str(link_baud(request))}


def link_baud(request: FirmwareRequest) -> int:
    """Baud rate of the link's UART: the slower one where the samples leave enough of it."""
    group = request.deployable.signal.group
    bits = _BITS_PER_BYTE * group.frame_bytes * group.rate_hz
    return SLOW_BAUD if bits <= _SPARE * SLOW_BAUD else FAST_BAUD
