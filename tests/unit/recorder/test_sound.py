"""The computer's microphone as a board, without one: PortAudio's part is played by a stand-in."""

from __future__ import annotations

import builtins
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from motestudio.devices import microphones
from motestudio.errors import DeviceError, MissingError
from motestudio.recorder import sound
from motestudio.recorder.sound import MicrophoneSource


class Card:
    """A sound card: hands out what the test says, on the test's thread."""

    def __init__(self, url: str, callback: Any) -> None:
        self.url, self._callback, self.closed = url, callback, False

    def hear(self, samples: np.ndarray, *, overflow: bool = False) -> None:
        buffer = bytearray(samples.astype("<i2").tobytes())
        self._callback(memoryview(buffer), len(samples), None, SimpleNamespace(input_overflow=overflow))
        buffer[:] = b"\x55" * len(buffer)  # PortAudio's buffer is its own again

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> list[Card]:
    made: list[Card] = []

    def open_card(url: str, callback: Any) -> Card:
        made.append(Card(url, callback))
        return made[-1]

    monkeypatch.setattr(sound, "open_microphone", open_card)
    return made


def test_what_is_heard_arrives_in_order_on_the_sound_cards_clock(cards: list[Card]) -> None:
    source = MicrophoneSource("mic:USB@8000")
    tone = np.arange(800)
    for i in range(0, 800, 80):
        cards[0].hear(tone[i : i + 80])
    made = [m for _ in range(10) for m in source.read(0.1)]
    assert np.array_equal(np.concatenate([m.block.samples[:, 0] for m in made]), tone)
    assert [m.block.device_time_us for m in made] == [i * 10_000 for i in range(10)]
    assert source.description.groups[0].rate_hz == 8000.0
    assert source.description.name == "USB"
    source.close()
    assert cards[0].closed


def test_an_overflow_is_a_gap_as_long_as_the_time_that_passed(cards: list[Card]) -> None:
    source = MicrophoneSource("mic:@8000")
    cards[0].hear(np.zeros(80))
    time.sleep(0.2)
    cards[0].hear(np.ones(80), overflow=True)
    first, second = source.read(0.1)[0], source.read(0.1)[0]
    assert not first.missed
    assert second.missed
    late_us = second.block.device_time_us - first.block.device_time_us - 10_000
    assert 150_000 < late_us < 400_000


def test_a_microphone_that_falls_silent_is_gone(cards: list[Card], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "_SILENT_SECONDS", 0.05)
    source = MicrophoneSource("mic:")
    cards[0].hear(np.zeros(10))
    assert source.read(0.01)
    time.sleep(0.06)
    with pytest.raises(DeviceError) as caught:
        source.read(0.01)
    assert caught.value.code == "device.gone"


@pytest.mark.parametrize(
    ("url", "found"), [("mic:", ("", 16_000)), ("mic:USB Audio", ("USB Audio", 16_000)), ("mic:x@48000", ("x", 48_000))]
)
def test_an_address_holds_name_and_rate(url: str, found: tuple[str, int]) -> None:
    assert microphones.split_address(url) == found


@pytest.mark.parametrize("url", ["mic:@fast", "mic:@0", "mic:x@-1", "mic:x@1e9"])
def test_a_rate_that_is_none_says_how_to_write_it(url: str) -> None:
    with pytest.raises(DeviceError) as caught:
        microphones.split_address(url)
    assert "mic:@16000" in caught.value.hint


def test_without_portaudio_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingError) as caught:
        microphones.microphones()
    assert "libportaudio2" in caught.value.hint
    assert caught.value.exit_code == 3


def test_all_widths_of_wav_files_become_int16() -> None:
    as_int16 = sound._as_int16
    assert as_int16(np.array([[0], [128], [255]], np.uint8))[:, 0].tolist() == [-32768, 0, 32512]
    assert as_int16(np.array([[-1.0], [0.5], [2.0], [np.nan]]))[:, 0].tolist() == [-32768, 16384, 32767, 0]
    assert as_int16(np.array([[1 << 30]], np.int32))[:, 0].tolist() == [16384]
    assert as_int16(np.array([[-5]], np.int16))[:, 0].tolist() == [-5]
