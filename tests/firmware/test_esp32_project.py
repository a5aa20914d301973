"""The generated ESP-IDF project, as far as it can be checked without ESP-IDF: its manifest, partitions and options by
Espressif's own tools, its sources by a RISC-V compiler against declarations of what it calls.
"""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

import pytest
from idf_component_tools.manager import ManifestManager

from motestudio.domain.signal import Channel, ChannelGroup
from motestudio.errors import FlashError
from motestudio.firmware.boards import load_boards
from motestudio.firmware.esp32 import SLOT_BYTES, link_baud
from motestudio.firmware.generator import FirmwareProject, generate
from motestudio.sdk.data import SignalInfo
from support import idf

from .test_c_app import CHANNELS, GAIN, STREAMING_TWIN, TWIN, VIRTUAL, WINDOW, make_project

BOARDS = {board.id: board for board in load_boards().values() if board.family == "esp32"}
# As Espressif's data sheets have it for the modules on these boards.
FLASH_BYTES = {"esp32-devkitc": 4 << 20, "esp32-s3-devkitc": 8 << 20, "esp32-c3-devkitm": 4 << 20}
MHZ = {"esp32-devkitc": 240, "esp32-s3-devkitc": 240, "esp32-c3-devkitm": 160}
# Keys of ESP-IDF that the defaults may set: each is in the Kconfig files of v5.3.4 and of v6.0.1.
IDF_KEYS = {
    "COMPILER_OPTIMIZATION_PERF", "ESPTOOLPY_FLASHSIZE_4MB", "ESPTOOLPY_FLASHSIZE_8MB", "ESP_CONSOLE_UART_CUSTOM",
    "ESP_CONSOLE_UART_CUSTOM_NUM_1", "ESP_CONSOLE_UART_RX_GPIO", "ESP_CONSOLE_UART_TX_GPIO",
    "ESP_CONSOLE_USB_SERIAL_JTAG", "ESP_DEFAULT_CPU_FREQ_MHZ_160", "ESP_DEFAULT_CPU_FREQ_MHZ_240",
    "ESP_MAIN_TASK_STACK_SIZE", "ESP_TASK_WDT_CHECK_IDLE_TASK_CPU0", "ESP_TASK_WDT_INIT", "ESP_TASK_WDT_PANIC",
    "ESP_TASK_WDT_TIMEOUT_S", "FREERTOS_HZ", "IDF_TARGET", "PARTITION_TABLE_CUSTOM",
    "PARTITION_TABLE_CUSTOM_FILENAME",
}  # fmt: skip
# Pins that are taken on these modules: flash, the USB socket's UART, USB itself, and those that decide how it boots.
TAKEN = {
    "esp32": {0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 15},
    "esp32s3": {0, 3, 19, 20, 26, 27, 28, 29, 30, 31, 32, 43, 44, 45, 46},
    "esp32c3": {2, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21},
}
INPUT_ONLY = {"esp32": {34, 35, 36, 39}, "esp32s3": set(), "esp32c3": set()}


@pytest.fixture(scope="module", params=sorted(BOARDS))
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FirmwareProject:
    folder = tmp_path_factory.mktemp(request.param)
    return make_project(folder, TWIN, (WINDOW, CHANNELS), {"test_gain": GAIN}, board=BOARDS[request.param])


@pytest.fixture
def port(project: FirmwareProject) -> Path:
    return project.folder / "port" / "esp32"


def defaults(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"CONFIG_[A-Z0-9_]+=(y|n|\d+|\".+\")", line) for line in lines), lines
    pairs = [line.removeprefix("CONFIG_").split("=") for line in lines]
    assert len(dict(pairs)) == len(pairs)
    return {key: value.strip('"') for key, value in pairs}


def chip_of(project: FirmwareProject) -> str:
    return project.request.board.flashing.esptool_chip


def settings(project: FirmwareProject) -> dict[str, str]:
    """The defaults as ESP-IDF reads them: the common file, then the chip's."""
    port = project.folder / "port" / "esp32"
    return defaults(port / "sdkconfig.defaults") | defaults(port / f"sdkconfig.defaults.{chip_of(project)}")


def test_each_family_has_its_own_port_and_that_of_this_computer(tmp_path: Path, project: FirmwareProject) -> None:
    def ports(made: FirmwareProject) -> set[str]:
        return {file.path.split("/")[1] for file in made.files if file.path.startswith("port/")}

    assert ports(project) == {"host", "esp32"}
    assert ports(make_project(tmp_path, TWIN, (WINDOW, CHANNELS), {"test_gain": GAIN}, board=VIRTUAL)) == {"host"}


def test_the_manifest_is_good_and_pins_every_component(port: Path) -> None:
    manager = ManifestManager(port / "main", "main")
    assert manager.validate().validation_errors == []
    wanted = {requirement.name: requirement.version_spec for requirement in manager.load().requirements}
    assert wanted.pop("idf") == ">=5.3"
    assert set(wanted) == {"espressif/esp-tflite-micro", "espressif/esp-nn"}
    assert all(re.fullmatch(r"==\d+\.\d+\.\d+", version) for version in wanted.values()), wanted


def test_partitions_lie_apart_on_their_borders_and_fit_the_flash(project: FirmwareProject, port: Path) -> None:
    lines = [line for line in (port / "partitions.csv").read_text().splitlines() if not line.startswith("#")]
    rows = [[cell.strip() for cell in row[:5]] for row in csv.reader(lines)]
    table = {name: (kind, sub, int(at, 0), int(size, 0)) for name, kind, sub, at, size in rows}
    assert [(name, *table[name][:2]) for name in table] == [
        ("factory", "app", "factory"), ("model_a", "data", "0x40"), ("model_b", "data", "0x41"),
    ]  # fmt: skip
    end = 0x9000  # the bootloader, then the table itself at 0x8000
    for kind, _, at, size in table.values():
        assert at >= end
        assert at % (0x10000 if kind == "app" else 0x1000) == 0
        assert size % 0x1000 == 0
        end = at + size
    assert end <= FLASH_BYTES[project.request.board.id]
    assert table["factory"][3] == project.request.board.flash_bytes
    assert table["model_a"][3] == table["model_b"][3] == SLOT_BYTES


def test_the_options_exist_and_are_those_of_the_board(project: FirmwareProject, port: Path) -> None:
    chosen = settings(project)
    own = {key: value for key, value in chosen.items() if key.startswith("MOTE_")}
    assert set(chosen) - set(own) <= IDF_KEYS
    idf.sdkconfig(port, chip_of(project), **own)
    board = project.request.board
    assert chosen["IDF_TARGET"] == chip_of(project)
    assert chosen[f"ESPTOOLPY_FLASHSIZE_{FLASH_BYTES[board.id] >> 20}MB"] == "y"
    assert chosen[f"ESP_DEFAULT_CPU_FREQ_MHZ_{MHZ[board.id]}"] == "y"
    assert board.clock_hz == MHZ[board.id] * 1_000_000
    # Nothing but the link may write to its UART.
    assert "y" in (chosen.get("ESP_CONSOLE_UART_CUSTOM_NUM_1"), chosen.get("ESP_CONSOLE_USB_SERIAL_JTAG"))


def test_no_sensor_pin_is_taken_by_the_board(project: FirmwareProject, port: Path) -> None:
    chip = chip_of(project)
    syms = idf.sdkconfig(port, chip).syms
    names = ("I2C_SDA", "I2C_SCL", "I2S_SCK", "I2S_WS", "I2S_SD")
    pins = [int(syms[f"MOTE_{name}"].str_value) for name in names]
    pins += [int(settings(project).get(f"ESP_CONSOLE_UART_{name}_GPIO", -1)) for name in ("TX", "RX")]
    used = [pin for pin in pins if pin >= 0]
    assert len(set(used)) == len(used) >= len(names)
    assert not set(used) & (TAKEN[chip] | INPUT_ONLY[chip])
    table = next(line for line in (port / "README.md").read_text().splitlines() if f"`{chip}`" in line and "|" in line)
    assert [int(pin) for pin in re.findall(r"GPIO(\d+)", table)] == pins[: len(names)]


def test_the_component_takes_every_source_of_the_project_and_no_other(project: FirmwareProject, port: Path) -> None:
    told = idf.component(port)
    assert "UNPARSED_ARGUMENTS" in told
    assert told["UNPARSED_ARGUMENTS"] == []
    sources = {Path(source).resolve().relative_to(project.folder.resolve()).as_posix() for source in told["SRCS"]}
    folders = ("core/", "features/", "model/", "sensors/", "user/", "port/esp32/main/")
    expected = {f.path for f in project.files if f.path.startswith(folders) and f.path.endswith((".c", ".cc"))}
    assert sources == expected - {"core/mote_host.c", "core/mote_tflm_absent.c", "model/model_slot.c"}
    assert "-ffp-contract=off" in told["OPTIONS"]
    assert told["DEFINITIONS"] == [f"MOTE_LINK_MAX_PAYLOAD={project.request.link_payload}u"]
    slot = project.folder / "model" / "slot.bin"
    assert told["FLASH"] == ["flash", "model_a", str(slot)]
    assert slot.read_bytes() == project.request.slot_image.to_bytes()


def test_every_source_compiles_in_every_configuration(project: FirmwareProject, port: Path, tmp_path: Path) -> None:
    chip = chip_of(project)
    idf.check_sources(port, idf.sdkconfig(port, chip), tmp_path)
    idf.check_sources(port, idf.sdkconfig(port, chip, MOTE_SENSOR_MADE_UP="y"), tmp_path)
    if chip in idf.WITH_USB:
        usb = idf.sdkconfig(port, chip, MOTE_LINK_USB="y")
        assert usb.syms["MOTE_LINK_USB"].str_value == "y"
        idf.check_sources(port, usb, tmp_path)
        taken = idf.sdkconfig(port, chip, console_on_usb=True, MOTE_LINK_USB="y")
        assert taken.syms["MOTE_LINK_USB"].str_value == "n"


def test_a_project_with_a_key_and_streaming_features_compiles_too(tmp_path: Path) -> None:
    board = BOARDS["esp32-c3-devkitm"]
    project = make_project(tmp_path, STREAMING_TWIN, (WINDOW // 4, CHANNELS), {"test_hop": 4}, 5, board)
    port = project.folder / "port" / "esp32"
    (project.folder / "model" / "public_key.h").write_text("static const unsigned char mote_public_key[65] = {4};\n")
    assert "MOTE_SIGNED" in idf.component(port)["DEFINITIONS"]
    idf.check_sources(port, idf.sdkconfig(port, "esp32c3"), tmp_path)


def test_a_link_on_the_console_s_uart_is_refused(project: FirmwareProject, port: Path, tmp_path: Path) -> None:
    config = idf.sdkconfig(port, chip_of(project))
    with pytest.raises(AssertionError, match="also the console"):
        idf.check_sources(port, config, tmp_path, "-DCONFIG_ESP_CONSOLE_UART=1", "-DCONFIG_ESP_CONSOLE_UART_NUM=0")


def test_a_call_that_esp_idf_has_not_got_is_found(project: FirmwareProject, port: Path, tmp_path: Path) -> None:
    link = port / "main" / "link.c"
    text = link.read_text()
    link.write_text(text.replace("xStreamBufferSend(arrived, bytes, got", "xStreamBufferSend(arrived, got"))
    with pytest.raises(AssertionError, match="xStreamBufferSend"):
        idf.check_sources(port, idf.sdkconfig(port, chip_of(project)), tmp_path)
    link.write_text(text)


def test_a_model_that_its_partition_cannot_hold_is_told(project: FirmwareProject, tmp_path: Path) -> None:
    request = project.request
    large = replace(request, deployable=replace(request.deployable, model=bytes(SLOT_BYTES)))
    with pytest.raises(FlashError) as caught:
        generate(tmp_path, large)
    assert caught.value.data["over"] == 256


@pytest.mark.parametrize(
    ("rate_hz", "channels", "baud"),
    [(104.0, 6, 115_200), (1000.0, 3, 115_200), (16_000.0, 1, 921_600), (1000.0, 6, 921_600)],
)
def test_the_link_is_as_fast_as_the_samples_ask_for(
    project: FirmwareProject, rate_hz: float, channels: int, baud: int
) -> None:
    group = ChannelGroup("g", rate_hz, tuple(Channel(f"c{i}", "g") for i in range(channels)))
    deployable = replace(project.request.deployable, signal=SignalInfo(group, WINDOW, WINDOW))
    assert link_baud(replace(project.request, deployable=deployable)) == baud
    assert settings(project)["MOTE_UART_BAUD"] == "115200"
