"""DTR and RTS: in which order they change, because an ESP32 resets in one of the orders."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
import serial

from motestudio.devices import ports, transports
from motestudio.devices.ports import PortInfo
from motestudio.devices.transports import LinePolicy, lines_for, open_transport


class FakeSerial:
    """Notes what is done to it; its lines behave as those of Linux do: opening asserts both at once."""

    calls: ClassVar[list[Any]] = []
    states: ClassVar[list[tuple[bool, bool]]] = []
    posix = True

    def __init__(self, **settings: Any) -> None:
        self.__dict__.update(settings, is_open=False, lines=(False, False), wanted={"dtr": True, "rts": True})
        self.calls.append(("made", settings.get("dsrdtr", False), settings.get("rtscts", False)))

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in ("dtr", "rts"):
            self.__dict__[name] = value
            return
        self.calls.append((name, value, "open" if self.is_open else "closed"))
        self.wanted[name] = value
        if self.is_open:
            self._line(name, value)

    def _line(self, name: str, value: bool) -> None:
        dtr, rts = self.lines
        self._lines((value, rts) if name == "dtr" else (dtr, value))

    def _lines(self, now: tuple[bool, bool]) -> None:
        self.__dict__["lines"] = now
        self.states.append(now)

    def open(self) -> None:
        self.calls.append("open")
        if self.posix:
            self._lines((True, True))
            self._line("dtr", self.wanted["dtr"])
            self._line("rts", self.wanted["rts"])
        else:
            self._lines((self.wanted["dtr"], self.wanted["rts"]))
        self.is_open = True

    def close(self) -> None:
        self.calls.append("close")
        self.is_open = False


RESETS = (False, True)
"""DTR and RTS in the state that pulls an ESP32's EN pin low."""


@pytest.fixture(params=["posix", "nt"])
def fake(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[FakeSerial]:
    FakeSerial.calls, FakeSerial.states, FakeSerial.posix = [], [], request.param == "posix"
    monkeypatch.setattr(serial, "Serial", FakeSerial)
    monkeypatch.setattr(transports, "_WINDOWS", request.param == "nt")
    rows = [
        PortInfo("/dev/esp32", "", 0x10C4, 0xEA60),
        PortInfo("/dev/clone", "", 0x1A86, 0x7523),
        PortInfo("/dev/nano", "", 0x2341, 0x805A),
        PortInfo("/dev/s3", "", 0x303A, 0x1001),
        PortInfo("/dev/odd", "", 0xFFFF, 0x0001),
    ]
    monkeypatch.setattr(transports, "known_ports", lambda: rows)
    return FakeSerial


@pytest.mark.parametrize("path", ["/dev/esp32", "/dev/clone"])
def test_opening_a_bridge_leaves_the_lines_alone_and_never_passes_through_reset(
    fake: type[FakeSerial], path: str
) -> None:
    transport = open_transport(path)
    assert fake.states[-1] == (False, False)
    assert RESETS not in fake.states
    if not fake.posix:
        assert fake.states == [(False, False)], "where the system lets us, they never move at all"
    at = fake.calls.index("open")
    assert fake.calls[0] == ("made", False, False), "no flow control that would move the lines by itself"
    assert {c[0] for c in fake.calls[1:at]} == {"dtr", "rts"}, "both are set before opening"
    assert not any(c[1] for c in fake.calls[at + 1 :]), "none is asserted after it"
    before = list(fake.states)
    transport.close()
    assert fake.calls[-1] == "close"
    assert fake.states == before, "closing is left to the system, which lets both go at once"


@pytest.mark.parametrize("path", ["/dev/nano", "/dev/s3", "/dev/odd", "/dev/pts/7"])
def test_boards_with_usb_of_their_own_see_a_terminal(fake: type[FakeSerial], path: str) -> None:
    open_transport(path).close()
    assert set(fake.states) == {(True, True)}
    assert fake.calls.index("open") > max(i for i, c in enumerate(fake.calls) if c[0] in ("dtr", "rts"))


@pytest.mark.parametrize(("policy", "path", "end"), [("on", "/dev/esp32", True), ("off", "/dev/nano", False)])
def test_the_user_may_know_better(fake: type[FakeSerial], policy: LinePolicy, path: str, end: bool) -> None:
    open_transport(path, lines=policy)
    assert fake.states[-1] == (end, end)
    assert RESETS not in fake.states


def test_the_policy_is_looked_up_by_the_ports_usb_numbers(fake: type[FakeSerial]) -> None:
    assert lines_for("/dev/esp32", "auto") == "off"
    assert lines_for("/dev/esp32", "on") == "on"
    assert lines_for("/dev/nano", "auto") == "on"
    assert lines_for("/nowhere", "auto") == "on"
    assert ports.port_at("/dev/esp32", transports.known_ports()) is not None
