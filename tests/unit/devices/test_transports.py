"""Ports: what opens, what does not, and what the user is told."""

from __future__ import annotations

import os
import pty
import socket
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from motestudio.devices.ports import list_ports
from motestudio.devices.transports import BUSY_NOTICE, open_transport
from motestudio.errors import DeviceError
from support.fake_boards import Wire, fake_board


@pytest.fixture
def line() -> Iterator[tuple[int, str]]:
    """A pseudo-terminal: the board's descriptor and the path that a client opens."""
    board, slave = pty.openpty()
    tty.setraw(slave)
    yield board, os.ttyname(slave)
    for descriptor in (board, slave):
        os.close(descriptor)


def code_of(url: str) -> DeviceError:
    with pytest.raises(DeviceError) as caught:
        open_transport(url)
    assert caught.value.text
    assert caught.value.hint
    return caught.value


def test_serial_line_carries_bytes_both_ways(line: tuple[int, str]) -> None:
    board, path = line
    transport = open_transport(path)
    assert transport.read(100, 0.01) == b""
    os.write(board, b"hello\0\x11\x13\r\n")
    got = b""
    while len(got) < 10:
        got += transport.read(100, 1.0)
    assert got == b"hello\0\x11\x13\r\n"
    transport.write(bytes(range(256)))
    assert os.read(board, 1000) == bytes(range(256))
    transport.close()
    transport.close()
    with pytest.raises(DeviceError) as caught:
        transport.read(1, 0.1)
    assert caught.value.code == "device.gone"


def test_a_serial_port_has_one_user(line: tuple[int, str]) -> None:
    transport = open_transport(line[1])
    error = code_of(line[1])
    assert error.code == "device.busy"
    assert "Close the other program" in error.hint
    transport.close()
    open_transport(line[1]).close()


def test_ports_that_are_not_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    for url in (
        "",
        "/dev/ttyNOPE7",
        f"socket://127.0.0.1:{free}",
        "socket://",
        "socket://x:99999",
        f"replay:{tmp_path}/no",
    ):
        assert code_of(url).code == "device.no_port"
    plain = tmp_path / "file"
    plain.write_text("x")
    assert code_of(str(plain)).code == "device.no_port"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_port_without_permission_names_the_group(tmp_path: Path) -> None:
    port = tmp_path / "port"
    port.touch(mode=0)
    error = code_of(str(port))
    assert error.code == "device.permission"
    assert "group" in error.hint


def test_a_socket_that_closes_is_a_board_that_is_gone() -> None:
    with fake_board(lambda wire: wire.raw(b"last words")) as url:
        transport = open_transport(url)
        assert transport.read(100, 5.0) == b"last words"
        with pytest.raises(DeviceError) as caught:
            transport.read(100, 5.0)
        assert caught.value.code == "device.gone"
        transport.close()


def test_a_socket_that_is_taken_says_busy() -> None:
    def behave(wire: Wire) -> None:
        wire.raw(BUSY_NOTICE)

    with fake_board(behave) as url:
        transport = open_transport(url)
        with pytest.raises(DeviceError) as caught:
            transport.read(100, 5.0)
        assert caught.value.code == "device.busy"
        transport.close()


def test_captured_bytes_play_to_their_end(tmp_path: Path) -> None:
    (tmp_path / "capture.bin").write_bytes(b"abc" * 1000)
    transport = open_transport(f"replay:{tmp_path / 'capture.bin'}")
    assert len(transport.read(2000, 0.1)) == 2000
    assert len(transport.read(2000, 0.1)) == 1000
    transport.write(b"ignored")
    with pytest.raises(DeviceError) as caught:
        transport.read(10, 0.1)
    assert caught.value.code == "device.end"
    transport.close()


def test_the_list_of_ports_can_always_be_made() -> None:
    ports = list_ports()
    assert [p.path for p in ports] == [p.path for p in sorted(ports, key=lambda p: (p.vid is None, p.path))]
