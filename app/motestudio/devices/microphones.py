"""The computer's own microphones, by PortAudio.

An address is ``mic:``, for the one that the system prefers, or ``mic:NAME``; ``@RATE`` at its end asks for another rate
than 16 kHz, as ``mic:USB Audio@48000``.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

from motestudio.errors import DeviceError, MissingError

PREFIX = "mic:"
RATE_HZ = 16_000


@dataclass(frozen=True, slots=True)
class Microphone:
    """One that the system has.

    Attributes:
        url: its address.
        name: as the system calls it.
        default: the system prefers it.
    """

    url: str
    name: str
    default: bool


def portaudio() -> ModuleType:
    """The library.

    Raises:
        MissingError: it, or PortAudio itself, is not installed.
    """
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise MissingError(
            "mic.missing",
            "The computer's microphones cannot be reached: PortAudio is not installed.",
            "On Debian or Ubuntu: sudo apt-get install libportaudio2. Elsewhere: pip install sounddevice.",
            {"detail": str(error)},
        ) from error
    module: ModuleType = sounddevice
    return module


def microphones() -> list[Microphone]:
    """Those that there are, the preferred one first.

    Raises:
        MissingError: see `portaudio`.
    """
    sound = portaudio()
    try:
        devices, default = sound.query_devices(), sound.default.device[0]
    except sound.PortAudioError:
        return []
    found = [
        Microphone(PREFIX + str(d["name"]), str(d["name"]), index == default)
        for index, d in enumerate(devices)
        if d["max_input_channels"] > 0
    ]
    return sorted(found, key=lambda m: not m.default)


def split_address(url: str) -> tuple[str, int]:
    """Name, empty for the preferred one, and rate in Hz of an address.

    Raises:
        DeviceError: the rate is none.
    """
    name, _, rate = url.removeprefix(PREFIX).partition("@")
    try:
        hertz = int(rate or RATE_HZ)
    except ValueError:
        hertz = 0
    if not 1000 <= hertz <= 192_000:
        raise DeviceError("mic.rate", f"{rate!r} is no rate of a microphone.", "Write it as mic:@16000.", {"port": url})
    return name.strip(), hertz


def open_microphone(url: str, callback: Any) -> Any:
    """Open one, mono and int16.

    Args:
        url: its address.
        callback: of ``sounddevice.RawInputStream``.

    Returns:
        The stream, running; it has ``close``.

    Raises:
        MissingError: see `portaudio`.
        DeviceError: there is none such, or it cannot do the rate.
    """
    name, rate_hz = split_address(url)
    sound = portaudio()
    try:
        stream = sound.RawInputStream(
            samplerate=rate_hz, channels=1, dtype="int16", device=name or None, callback=callback, latency="low"
        )
        stream.start()
    except (sound.PortAudioError, ValueError) as error:
        raise DeviceError(
            "mic.unusable",
            f"The microphone {name or 'of this computer'} cannot be opened at {rate_hz:,} Hz: {error}",
            "Choose another one or another rate, such as mic:@48000; mote board microphones lists them.",
            {"port": url},
        ) from error
    return stream
