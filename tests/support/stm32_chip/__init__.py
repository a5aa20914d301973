"""STM32 chips that QEMU does not emulate, as far as the firmware's port uses them, on the Unicorn engine.

Written from ST's reference manuals: where a manual forbids something, the chip faults or stays silent, as it would.
"""

from .bench import Bench
from .device import ChipFault, PowerCut
from .sensors import Lsm6dsl, Mpu6050, Sensor

__all__ = ["Bench", "ChipFault", "Lsm6dsl", "Mpu6050", "PowerCut", "Sensor"]
