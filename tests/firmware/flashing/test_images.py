"""What is to be written where, read from untrusted files."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from motestudio.domain.board import BoardFile
from motestudio.errors import FlashError
from motestudio.firmware.elf import read_segments
from motestudio.firmware.flashers.esp_image import check_esp_image
from motestudio.firmware.flashers.images import Region, flat, read_image
from support.elf_files import elf_file
from support.esp_images import esp_build, esp_image

Boards = dict[str, BoardFile]
PROGRAM = """
__attribute__((section(".vectors"), used)) static const unsigned vectors[2] = {0x20001000, 0x08000401};
int counted[300] = {1, 2, 3};
int zeroed[100];
__attribute__((used)) int main(void) { return counted[0]++ + zeroed[1]; }
"""
LAYOUT = """
MEMORY { FLASH (rx) : ORIGIN = 0x08000000, LENGTH = 512K  RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 128K }
ENTRY(main)
SECTIONS {
  .vectors : { KEEP(*(.vectors)) } > FLASH
  .text 0x08000400 : { *(.text*) *(.rodata*) } > FLASH
  .data : { *(.data*) } > RAM AT > FLASH
  .bss : { *(.bss*) } > RAM
}
"""


def refused(board: BoardFile, path: Path) -> FlashError:
    with pytest.raises(FlashError) as caught:
        read_image(board, path)
    return caught.value


def test_an_elf_gives_what_is_loaded_by_physical_address(boards: Boards, tmp_path: Path) -> None:
    path = tmp_path / "a.elf"
    path.write_bytes(elf_file((0x0800_0400, b"code" * 10), (0x0800_0000, b"v" * 0x400), (0x0800_1000, b"end"), ram=64))
    regions = read_image(boards["nucleo-f446re"], path)
    assert [(r.address, r.data) for r in regions] == [
        (0x0800_0000, b"v" * 0x400 + b"code" * 10),
        (0x0800_1000, b"end"),
    ]
    whole = flat(regions)
    assert whole.address == 0x0800_0000
    assert whole.data == (b"v" * 0x400 + b"code" * 10).ljust(0x1000, b"\xff") + b"end"


def test_an_elf_of_the_arm_linker_gives_what_objcopy_gives(boards: Boards, tmp_path: Path) -> None:
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("there is no arm-none-eabi-gcc")
    (tmp_path / "a.c").write_text(PROGRAM)
    (tmp_path / "a.ld").write_text(LAYOUT)
    compile_ = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-nostdlib", "-Wl,-Ta.ld", "a.c", "-o", "a.elf"]
    for argv in (compile_, ["arm-none-eabi-objcopy", "-O", "binary", "a.elf", "a.bin"]):
        subprocess.run(argv, cwd=tmp_path, check=True, capture_output=True)
    whole = flat(read_image(boards["nucleo-f446re"], tmp_path / "a.elf"))
    assert whole.address == 0x0800_0000
    assert whole.data == (tmp_path / "a.bin").read_bytes()
    assert len(whole.data) > 0x400


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b"not an ELF file" * 10, "flash.image", "no ELF file"),
        (elf_file((0x0800_0000, b"x" * 100))[:-1], "flash.image", "no ELF file"),
        (elf_file(), "flash.image", "no ELF file"),
        (elf_file((0x0800_0000, b"x" * 8), (0x0800_0004, b"y" * 8)), "flash.image", "0x08000004"),
        (elf_file((0x2000_0000, b"x" * 8)), "flash.too_big", "0x20000000"),
        (elf_file((0x0807_FFFF, b"xy")), "flash.too_big", "0x0807ffff"),
    ],
)
def test_an_elf_that_cannot_be_flashed_is_refused(
    boards: Boards, tmp_path: Path, content: bytes, code: str, says: str
) -> None:
    path = tmp_path / "a.elf"
    path.write_bytes(content)
    error = refused(boards["nucleo-f446re"], path)
    assert error.code == code
    assert says in error.text


def test_no_cut_or_changed_elf_raises_anything_else(boards: Boards, tmp_path: Path) -> None:
    good = elf_file((0x0800_0000, b"x" * 40), ram=8)
    path = tmp_path / "a.elf"
    for at in range(52 + 64):
        path.write_bytes(good[:at] + b"\xff" + good[at + 1 :])
        with suppress(FlashError):
            read_image(boards["nucleo-f446re"], path)
        path.write_bytes(good[:at])
        assert refused(boards["nucleo-f446re"], path).code == "flash.image"


@pytest.mark.parametrize("wide", [False, True])
def test_no_header_of_any_bytes_raises_anything_else(wide: bool) -> None:
    random = Random(7)
    head = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9)
    for _ in range(2000):
        body = bytearray(random.randbytes(200))
        if random.random() < 0.5:
            body[16:24] = struct.pack("<Q" if wide else "<II", *((64,) if wide else (52, 52)))
        assert sum(len(data) for _, data in read_segments(head + body)) <= 216
    shared = bytearray(elf_file((0x0800_0000, b"x" * 40), (0x0800_1000, b"y" * 300)))
    shared[52 + 16 : 52 + 20] = struct.pack("<I", len(shared) - 116)
    assert read_segments(bytes(shared)) == ()


def test_a_build_folder_gives_its_files_by_offset(boards: Boards, tmp_path: Path) -> None:
    folder = esp_build(tmp_path / "build", "esp32c3")
    regions = read_image(boards["esp32-c3-devkitm"], folder)
    assert [(r.address, r.name) for r in regions] == [
        (0, "bootloader.bin"),
        (0x8000, "partitions.bin"),
        (0x10000, "app.bin"),
    ]
    assert regions[2].data == (folder / "app.bin").read_bytes()


def test_a_folder_built_for_another_chip_is_refused_with_both_names(boards: Boards, tmp_path: Path) -> None:
    error = refused(boards["esp32-s3-devkitc"], esp_build(tmp_path / "build", "esp32c3"))
    assert error.code == "flash.wrong_chip"
    assert "esp32c3" in error.text
    assert "esp32s3" in error.text


def test_a_file_of_another_chip_in_the_folder_is_refused(boards: Boards, tmp_path: Path) -> None:
    folder = esp_build(tmp_path / "build", "esp32c3")
    (folder / "app.bin").write_bytes(esp_image("esp32", 1000))
    error = refused(boards["esp32-c3-devkitm"], folder)
    assert error.code == "flash.wrong_chip"
    assert "app.bin is built for esp32," in error.text


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"flash_files": {"0x0": "../secret", "0x10000": "app.bin"}}, "outside the build folder"),
        ({"flash_files": {"0x0": "/etc/hostname", "0x10000": "app.bin"}}, "outside the build folder"),
        ({"flash_files": {"0x0": "bootloader.bin", "sixteen": "app.bin"}}, "'sixteen' is no offset"),
        ({"flash_files": {"0x0": "bootloader.bin", "-0x10": "app.bin"}}, "is no offset"),
        ({"flash_files": {"0x0": "bootloader.bin", "0x10000": "gone.bin"}}, "gone.bin"),
        ({"flash_files": {"0x0": "bootloader.bin", "0x10000": 7}}, "has no name"),
        ({"flash_files": {"0x0": "bootloader.bin", "0x100": "app.bin"}}, "want the same place"),
        ({"flash_files": {"0x0": "bootloader.bin", "0xffff00": "app.bin"}}, "beyond any flash"),
        ({"flash_files": {"0x0": "bootloader.bin"}}, "no file for the app"),
        ({"flash_files": {"0x0": "partitions.bin", "0x10000": "app.bin"}}, "partitions.bin cannot be flashed"),
        ({"flash_files": ["0x0"]}, "no table 'flash_files'"),
        ({"app": None}, "no table 'app'"),
        ({"app": {"offset": 65536}}, "is no offset"),
        ({"extra_esptool_args": 3}, "no table 'extra_esptool_args'"),
    ],
)
def test_a_build_folder_whose_table_is_wrong_is_refused(
    boards: Boards, tmp_path: Path, changes: dict[str, object], says: str
) -> None:
    (tmp_path / "secret").write_bytes(esp_image("esp32c3", 500))
    error = refused(boards["esp32-c3-devkitm"], esp_build(tmp_path / "build", "esp32c3", **changes))
    assert error.code == "flash.image"
    assert says in error.text


@pytest.mark.parametrize("content", ["", "{", "[1]", '"x"', json.dumps({"a": 1}), "[" * 100_000])
def test_a_table_that_is_none_is_refused(boards: Boards, tmp_path: Path, content: str) -> None:
    (tmp_path / "flasher_args.json").write_text(content)
    assert refused(boards["esp32-c3-devkitm"], tmp_path).code == "flash.image"


def test_a_folder_that_was_not_built_is_refused(boards: Boards, tmp_path: Path) -> None:
    assert "flasher_args.json" in refused(boards["esp32-c3-devkitm"], tmp_path).text


def test_a_board_that_no_tool_here_flashes_is_refused(boards: Boards, tmp_path: Path) -> None:
    assert refused(boards["nano-33-ble-sense"], tmp_path).code == "flash.no_tool"


@pytest.mark.parametrize("hashed", [True, False])
def test_no_single_changed_byte_of_an_image_passes(hashed: bool) -> None:
    good = esp_image("esp32c3", 100, hashed=hashed)
    check_esp_image(good, "esp32c3", "app.bin")
    check_esp_image(good + b"a signature", "esp32c3", "app.bin")
    # Without a hash only what the checksum covers is found: the segments' bytes.
    places = range(len(good)) if hashed else [*range(32, 80), len(good) - 1]
    for at in places:
        with pytest.raises(FlashError) as caught:
            check_esp_image(good[:at] + bytes([good[at] ^ 0x40]) + good[at + 1 :], "esp32c3", "app.bin")
        assert caught.value.code in ("flash.image", "flash.wrong_chip")


def test_an_image_that_is_cut_short_is_refused_wherever() -> None:
    good = esp_image("esp32s3", 60)
    for length in range(len(good)):
        with pytest.raises(FlashError):
            check_esp_image(good[:length], "esp32s3", "app.bin")


def test_regions_know_where_they_end() -> None:
    assert Region(0x100, b"abc").end == 0x103
