"""What is known of ports: names by USB numbers, who holds one, and where a board is after it was unplugged."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tomllib
from types import SimpleNamespace

import pytest
from serial.tools import list_ports as system

from motestudio.devices.ports import PortIdentity, PortInfo, holder_of, list_ports, port_at
from motestudio.devices.usb_chips import chip_of
from motestudio.shipped import resources_dir

BRIDGE = PortInfo("/dev/ttyUSB0", "CP2102N", 0x10C4, 0xEA60, "0001", "Silicon Labs", "1-1:1.0")
PROBE = PortInfo("/dev/ttyACM0", "STM32 STLink", 0x0483, 0x374B, "066FFF", "STMicroelectronics", "1-2:1.2")
NAMELESS = PortInfo("/dev/ttyUSB1", "USB Serial", 0x1A86, 0x7523, "", "", "1-3:1.0")
TWO = [
    PortInfo("/dev/ttyACM1", "Composite", 0x2FE3, 0x0100, "Z9", "", "1-4:1.0"),
    PortInfo("/dev/ttyACM2", "Composite", 0x2FE3, 0x0100, "Z9", "", "1-4:1.2"),
]
PORTS = [BRIDGE, PROBE, NAMELESS, *TWO]


@pytest.mark.parametrize(
    ("vid", "pid", "name", "uart", "lines"),
    [
        (0x0483, 0x374B, "ST-Link", True, "on"),
        (0x10C4, 0xEA60, "CP210x", True, "off"),
        (0x1A86, 0x7523, "CH340/CH341", True, "off"),
        (0x1A86, 0x55D4, "CH34x/CH910x", True, "off"),
        (0x0403, 0x6001, "FTDI", True, "off"),
        (0x303A, 0x1001, "ESP32 USB/JTAG", False, "on"),
        (0x303A, 0x8123, "ESP32 USB", False, "on"),
        (0x1915, 0x520F, "nRF USB", False, "on"),
        (0x1366, 0x1051, "J-Link (nRF kits)", True, "on"),
        (0x2E8A, 0x000A, "RP2040/RP2350", False, "on"),
        (0x2341, 0x0043, "Arduino Uno/Mega", True, "off"),
        (0x2341, 0x805A, "Arduino Nano 33 BLE", False, "on"),
    ],
)
def test_chips_are_known_by_their_usb_numbers(vid: int, pid: int, name: str, uart: bool, lines: str) -> None:
    chip = chip_of(vid, pid)
    assert chip is not None
    assert (chip.name, chip.uart, chip.lines) == (name, uart, lines)


def test_what_is_not_known_has_no_chip() -> None:
    assert chip_of(None, None) is None
    assert chip_of(0x10C4, 0x0001) is None
    assert PortInfo("/dev/ttyACM9", "Some gadget", 0xFFFF, 1).title == "Some gadget"
    assert not PortInfo("/dev/ttyACM9", "Some gadget", 0xFFFF, 1).uart
    assert PortInfo("/dev/ttyS0", "").title == "Serial port"
    assert PortInfo("/dev/ttyS0", "").uart


def test_the_table_of_chips_is_in_order() -> None:
    rows = tomllib.loads((resources_dir() / "usb.toml").read_text())["chip"]
    keys = [(row["vid"], pid) for row in rows for pid in row.get("pids", (None,))]
    assert len(set(keys)) == len(keys), "no chip stands there twice"
    for row in rows:
        assert row["lines"] in ("on", "off"), row
        assert isinstance(row["uart"], bool), row
        assert set(row) <= {"vid", "pids", "name", "maker", "uart", "lines", "note"}, row


def test_titles_name_chip_and_maker_once() -> None:
    assert BRIDGE.title == "CP210x, Silicon Labs"
    assert BRIDGE.ids == "10c4:ea60"
    assert PortInfo("x", "", 0x0403, 0x6001).title == "FTDI"


def test_the_systems_list_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {
        "device": "/dev/ttyUSB7",
        "description": "n/a",
        "vid": 0x10C4,
        "pid": 0xEA60,
        "serial_number": "42",
        "manufacturer": None,
        "location": "3-1:1.0",
    }
    plain = dict.fromkeys(row) | {"device": "/dev/ttyS4", "description": "ttyS4"}
    monkeypatch.setattr(system, "comports", lambda: [SimpleNamespace(**plain), SimpleNamespace(**row)])
    assert list_ports() == [
        PortInfo("/dev/ttyUSB7", "", 0x10C4, 0xEA60, "42", "", "3-1:1.0"),
        PortInfo("/dev/ttyS4", "ttyS4"),
    ]


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="who holds a port is seen in /proc only")  # noqa: PTH112
def test_who_holds_a_port() -> None:
    board, slave = pty.openpty()
    path = os.ttyname(slave)
    assert holder_of(path) is None, "this program itself does not count"
    code = f"import os, sys; os.open({path!r}, os.O_RDWR | os.O_NOCTTY); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        holder = holder_of(path)
        assert holder is not None
        assert holder.pid == other.pid
        assert str(holder).endswith(f"({other.pid})")
        assert other.stdin is not None
        other.stdin.close()
    assert holder_of(path) is None
    os.close(board)
    os.close(slave)


def test_found_again_by_serial_number_wherever_it_is_plugged_in() -> None:
    identity = PortIdentity.of("/dev/ttyUSB0", PORTS)
    assert identity.serial_number == "0001"
    assert identity.find(PORTS[1:]) == ""
    moved = PortInfo("/dev/ttyUSB5", "", 0x10C4, 0xEA60, "0001", "", "2-3.1:1.0")
    twin = PortInfo("/dev/ttyUSB4", "", 0x10C4, 0xEA60, "0002", "", "1-1:1.0")
    assert identity.find([twin, moved]) == "/dev/ttyUSB5"


def test_found_again_by_its_place_where_it_has_no_serial_number() -> None:
    identity = PortIdentity.of("/dev/ttyUSB1", PORTS)
    twin = PortInfo("/dev/ttyUSB1", "", 0x1A86, 0x7523, "", "", "1-9:1.0")
    same = PortInfo("/dev/ttyUSB8", "", 0x1A86, 0x7523, "", "", "1-3:1.0")
    assert identity.find([twin]) == ""
    assert identity.find([twin, same]) == "/dev/ttyUSB8"


def test_the_ports_of_one_device_are_told_apart() -> None:
    identity = PortIdentity.of("/dev/ttyACM2", PORTS)
    moved = [
        PortInfo("/dev/ttyACM6", "", 0x2FE3, 0x0100, "Z9", "", "2-1:1.0"),
        PortInfo("/dev/ttyACM7", "", 0x2FE3, 0x0100, "Z9", "", "2-1:1.2"),
    ]
    assert identity.find(moved) == "/dev/ttyACM7"


def test_what_is_no_usb_device_is_found_by_its_address() -> None:
    for url in ("socket://10.0.0.7:3333", "/dev/pts/4", "replay:/tmp/x.bin"):
        assert PortIdentity.of(url, PORTS).find([]) == url


def test_links_to_ports_are_followed(tmp_path: object) -> None:
    link = os.path.join(str(tmp_path), "by-id")  # noqa: PTH118
    os.symlink("/dev/ttyUSB0", link)  # noqa: PTH211
    assert port_at(link, PORTS) == BRIDGE
    assert port_at("", PORTS) is None
