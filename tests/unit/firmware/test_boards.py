"""Board files: the shipped ones are sound, a broken one is named with its key."""

from pathlib import Path

import pytest

from motestudio.errors import AppError, BuildError
from motestudio.firmware.boards import load_boards, read_board

GOOD = """
name = "Mine"
chip = "X1"
core = "cortex-m4f"
clock_hz = 48_000_000
ram_bytes = 32768
flash_bytes = 262144
kernels = "reference"
"""


def test_shipped_boards_load_with_plausible_regions():
    boards = load_boards()
    assert {
        "nucleo-l476rg", "b-l475e-iot01a", "nucleo-f446re", "nucleo-g071rb", "nucleo-f072rb", "stm32f405", "virtual",
        "esp32-devkitc", "esp32-s3-devkitc", "esp32-c3-devkitm", "nano-33-ble-sense",
    } <= set(boards)  # fmt: skip
    for board in boards.values():
        assert 8 * 1024 <= board.ram_bytes < board.flash_bytes, board.id
        assert board.cycles_per_mac > 0, board.id
        assert board.active_mw > 0, board.id


def test_user_board_adds_and_replaces_none(tmp_path: Path):
    (tmp_path / "mine.toml").write_text(GOOD)
    (tmp_path / "virtual.toml").write_text(GOOD)
    problems: list[AppError] = []
    boards = load_boards([tmp_path, tmp_path / "absent"], problems)
    assert boards["mine"].ram_bytes == 32768
    assert boards["virtual"].name == "Virtual board"
    assert [(p.code, Path(p.data["path"]).name) for p in problems] == [("board.shadowed", "virtual.toml")]
    assert list(boards) == sorted(boards)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (("ram_bytes = 32768", "ram_bytes = 0"), "ram_bytes"),
        (("ram_bytes = 32768", 'ram_bytes = "32 KB"'), "ram_bytes"),
        (("ram_bytes = 32768", "ram_bytes = true"), "ram_bytes"),
        (("ram_bytes = 32768\n", ""), "ram_bytes"),
        (('core = "cortex-m4f"', 'core = "z80"'), "core"),
        (('name = "Mine"', 'name = ""'), "name"),
        (("clock_hz", "clock_Hz"), "clock_Hz"),
        (('kernels = "reference"', 'kernels = "reference"\nsensors = [1]'), "sensors"),
        (('kernels = "reference"', 'kernels = "reference"\nactive_mw = nan'), "active_mw"),
    ],
)
def test_broken_key_is_named(tmp_path: Path, change: tuple[str, str], key: str):
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace(*change))
    with pytest.raises(BuildError) as caught:
        read_board(path)
    assert caught.value.code == "board.broken"
    assert caught.value.data["key"] == key
    assert "mine.toml" in caught.value.text
    assert caught.value.hint


def test_broken_user_file_is_reported_and_hides_nothing(tmp_path: Path):
    (tmp_path / "bad.toml").write_text("name = ")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "mine.toml").write_text(GOOD)
    problems: list[AppError] = []
    boards = load_boards([tmp_path], problems)
    assert "mine" in boards
    assert sorted(Path(p.data["path"]).name for p in problems) == ["bad.toml", "bytes.toml"]
    with pytest.raises(BuildError, match=r"bad\.toml"):
        load_boards([tmp_path])
