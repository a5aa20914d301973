"""Getting TensorFlow Lite Micro: downloads that break off, wrong servers, archives that are not what they say."""

from __future__ import annotations

import errno
import gzip
import random
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from motestudio.errors import AppError, Cancelled
from motestudio.firmware import tflm
from motestudio.firmware.tflm import TflmPin
from motestudio.studio import sdk, sdk_get
from motestudio.studio.download import _pour as pour
from motestudio.studio.operation import Happening, Operation
from motestudio.studio.sdk_get import get
from support.file_server import FileServer, serve
from support.tflm_trees import add_library, pack, pack_tree, plant

OTHER = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOTE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("MOTE_TFLM_DIR", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "data" / "sdk"


@pytest.fixture
def packed(tmp_path: Path) -> tuple[bytes, TflmPin]:
    tree = plant(tmp_path / "upstream", fetched=False)
    (tree / "weights").write_bytes(random.Random(1).randbytes(300_000))
    return pack_tree(tree)


@pytest.fixture
def pin(packed: tuple[bytes, TflmPin]) -> TflmPin:
    return packed[1]


@pytest.fixture
def server(packed: tuple[bytes, TflmPin]) -> Iterator[FileServer]:
    with serve(packed[0]) as running:
        yield running


def refused(code: str, **how: object) -> AppError:
    with pytest.raises(AppError) as caught:
        get(Operation(), **how)
    assert caught.value.code == code, caught.value
    assert caught.value.hint
    assert not (sdk.own_folder() / "tensorflow").exists()
    return caught.value


def left(home: Path) -> set[str]:
    return {path.name for path in home.iterdir()} if home.exists() else set()


def test_a_download_becomes_the_tree_that_is_found(server: FileServer, pin: TflmPin, home: Path) -> None:
    told: list[Happening] = []
    tree = get(Operation(told.append), url=server.url, pin=pin)
    assert tree.is_tree
    assert tree.pinned
    assert tree.folder == sdk.find().tree.folder
    assert sdk.find().source == "own"
    assert left(home) == {tree.folder.name}, "nothing else stays"
    assert "pigweed" not in tree.lacks, "what only TFLM's style checks need is not fetched"
    fractions = [h.fraction for h in told if h.kind == "progress"]
    assert fractions == sorted(fractions)
    assert any(0.1 < fraction < 0.8 for fraction in fractions)
    assert fractions[-1] == 1.0


def test_what_is_here_is_not_downloaded_again(server: FileServer, pin: TflmPin) -> None:
    get(Operation(), url=server.url, pin=pin)
    assert get(Operation(), url=server.url, pin=pin).pinned
    assert len(server.asked) == 1


def test_a_download_that_broke_off_goes_on_where_it_stopped(server: FileServer, pin: TflmPin, home: Path) -> None:
    server.cut_at = len(server.content) // 2
    error = refused("sdk.interrupted", url=server.url, pin=pin)
    assert "goes on from there" in error.hint
    assert error.data == {"bytes": server.cut_at, "total": len(server.content)}
    assert any(name.endswith(".part") for name in left(home))
    server.cut_at = 0
    assert get(Operation(), url=server.url, pin=pin).pinned
    assert server.asked == ["", f"bytes={len(server.content) // 2}-"]


def test_a_server_that_cannot_begin_in_the_middle_begins_anew(server: FileServer, pin: TflmPin) -> None:
    server.cut_at = len(server.content) // 2
    refused("sdk.interrupted", url=server.url, pin=pin)
    server.cut_at, server.ranges = 0, False
    assert get(Operation(), url=server.url, pin=pin).pinned


@pytest.mark.parametrize("tag", ['"two"', 'W/"weak"'])
def test_an_archive_that_the_server_packed_anew_is_not_joined_to_the_old_half(
    server: FileServer, pin: TflmPin, tag: str
) -> None:
    if tag.startswith("W"):
        server.tag = tag
    server.cut_at = len(server.content) // 2
    refused("sdk.interrupted", url=server.url, pin=pin)
    server.content = gzip.compress(gzip.decompress(server.content), 9, mtime=5)
    server.tag, server.cut_at = tag, 0
    assert get(Operation(), url=server.url, pin=pin).pinned


def test_a_whole_file_that_was_not_unpacked_any_more_is_not_downloaded_again(
    server: FileServer, pin: TflmPin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_time(*_: object) -> None:
        raise Cancelled

    with monkeypatch.context() as patch:
        patch.setattr("motestudio.studio.download._pour", lambda *a: no_time() if pour(*a) else 0)
        with pytest.raises(Cancelled):
            get(Operation(), url=server.url, pin=pin)
    assert get(Operation(), url=server.url, pin=pin).pinned
    assert server.asked == ["", f"bytes={len(server.content)}-"]


def test_another_address_does_not_go_on_with_this_ones_half(server: FileServer, pin: TflmPin) -> None:
    server.cut_at = len(server.content) // 2
    refused("sdk.interrupted", url=server.url, pin=pin)
    server.cut_at = 0
    assert get(Operation(), url=server.url + "?mirror", pin=pin).pinned
    assert server.asked == ["", ""]


def test_wrong_bytes_are_refused_and_nothing_of_them_stays(server: FileServer, pin: TflmPin, home: Path) -> None:
    right = server.content
    server.content = gzip.compress(gzip.decompress(right)[:-1] + b"x")
    error = refused("sdk.sha256", url=server.url, pin=pin)
    assert error.data["wanted"] == pin.tar_sha256
    assert left(home) == set()
    server.content = right
    assert get(Operation(), url=server.url, pin=pin).pinned


@pytest.mark.parametrize(
    "content", [b"<html>Sign in to this network</html>", b"", b"\x1f\x8b", b"\x1f\x8b" + b"\0" * 900]
)
def test_something_else_than_an_archive_is_refused(server: FileServer, pin: TflmPin, content: bytes) -> None:
    server.content = content
    refused("sdk.sha256", url=server.url, pin=pin)


def test_more_than_the_archive_can_have_is_not_taken_and_not_kept(server: FileServer, pin: TflmPin) -> None:
    right = server.content
    server.content = bytes(pin.tar_bytes + 1)
    refused("sdk.too_big", url=server.url, pin=pin)
    server.content = right
    assert get(Operation(), url=server.url, pin=pin).pinned
    assert server.asked == ["", ""]


def test_a_small_archive_that_unpacks_to_very_much_is_not_unpacked(server: FileServer, pin: TflmPin) -> None:
    server.content = gzip.compress(bytes(40_000_000))
    refused("sdk.sha256", url=server.url, pin=pin)


def test_a_server_without_sizes_serves_too(server: FileServer, pin: TflmPin) -> None:
    server.sized = False
    assert get(Operation(), url=server.url, pin=pin).pinned


@pytest.mark.parametrize("status", [206, 404, 416, 503])
def test_an_answer_that_is_none_is_said(server: FileServer, pin: TflmPin, status: int) -> None:
    server.status = status
    assert f" {status} " in refused("sdk.http", url=server.url, pin=pin).text


def test_no_network_is_said_plainly_with_the_way_without(pin: TflmPin) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = refused("sdk.no_network", url=f"http://127.0.0.1:{port}/x", pin=pin)
    assert "--from" in error.hint
    assert error.exit_code == 3


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://a/b", "tflm.tar.gz", "http://", "http://[", "http://a:99999/b", "http://a:x/"]
)
def test_only_web_servers_are_asked(url: str, pin: TflmPin) -> None:
    refused("sdk.url", url=url, pin=pin)


def test_a_silent_server_does_not_hold_up_a_cancel_and_what_came_is_kept(
    server: FileServer, pin: TflmPin, home: Path
) -> None:
    server.stall = True
    operation = Operation()

    def tell(happening: Happening) -> None:
        if happening.kind == "progress" and "KB of" in happening.text:
            threading.Timer(0.1, operation.cancel.cancel).start()

    operation.on_happening = tell
    with pytest.raises(Cancelled):
        get(operation, url=server.url, pin=pin)
    assert any(name.endswith(".part") for name in left(home))
    server.stall = False
    assert get(Operation(), url=server.url, pin=pin).pinned
    assert server.asked[1].startswith("bytes=")


def test_a_full_disk_is_said_and_the_download_can_go_on(
    server: FileServer, pin: TflmPin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("motestudio.studio.download._pour", full)
        refused("disk.full", url=server.url, pin=pin)
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 10))
        refused("disk.full", url=server.url, pin=pin)
    assert get(Operation(), url=server.url, pin=pin).pinned


@pytest.mark.parametrize("packing", ["gz", "tar"])
def test_a_local_archive_serves_offline(
    packed: tuple[bytes, TflmPin], tmp_path: Path, packing: str, home: Path
) -> None:
    archive = tmp_path / "any-name"
    archive.write_bytes(packed[0] if packing == "gz" else gzip.decompress(packed[0]))
    tree = get(Operation(), source=archive, pin=packed[1])
    assert tree.pinned
    assert archive.exists()
    assert left(home) == {tree.folder.name}


def test_a_local_archive_of_another_version_is_refused(tmp_path: Path, pin: TflmPin) -> None:
    archive = tmp_path / "old.tar.gz"
    archive.write_bytes(pack({"README": b"older"})[0])
    assert pin.short in refused("sdk.sha256", source=archive, pin=pin).text
    assert archive.exists()


def test_a_source_that_is_not_there_is_said(tmp_path: Path, pin: TflmPin) -> None:
    refused("sdk.no_source", source=tmp_path / "none", pin=pin)


@pytest.mark.parametrize("filtered", [True, False])  # older Pythons have no filter of their own
@pytest.mark.parametrize(
    "evil", [{"files": {"../../escaped": b"x"}}, {"links": {"link": "/etc"}}, {"links": {"link": "../../.."}}]
)
def test_an_archive_that_reaches_out_of_its_folder_is_not_unpacked(
    tmp_path: Path, evil: dict[str, dict[str, str]], filtered: bool, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not filtered:
        monkeypatch.setattr(sdk_get, "_FILTER", {})
    content, pin = pack(evil.get("files"), links=evil.get("links"))
    (tmp_path / "evil.tar.gz").write_bytes(content)
    refused("sdk.archive", source=tmp_path / "evil.tar.gz", pin=pin)
    assert not list(tmp_path.rglob("escaped"))
    assert left(home) == set()


def test_an_archive_without_a_tree_is_refused(tmp_path: Path) -> None:
    content, pin = pack({"README": b"nothing"})
    (tmp_path / "a.tar.gz").write_bytes(content)
    refused("sdk.archive", source=tmp_path / "a.tar.gz", pin=pin)


def test_a_local_tree_is_taken_with_its_libraries_and_without_its_objects(tmp_path: Path) -> None:
    source = plant(tmp_path / "theirs")
    library = add_library(source)
    (library.parents[1] / "obj").mkdir()
    (library.parents[1] / "obj" / "one.o").write_bytes(b"")
    (source / ".git").mkdir()
    (source / ".git" / "HEAD").write_text(tflm.TFLM_PIN.commit + "\n")
    tree = get(Operation(), source=source)
    assert tree.pinned
    assert len(tree.built("cortex-m4f")) == 1
    assert tree.lacks == ()
    assert not (tree.folder / ".git").exists()
    assert not list(tree.folder.rglob("*.o"))


def test_a_local_tree_of_another_version_is_refused(tmp_path: Path) -> None:
    source = plant(tmp_path / "theirs")
    tflm.write_stamp(source, OTHER, "")
    refused("tflm.version", source=source)
    refused("tflm.not_a_tree", source=tmp_path)


def test_a_second_local_tree_takes_the_place_of_the_first(tmp_path: Path, home: Path) -> None:
    get(Operation(), source=plant(tmp_path / "one"))
    second = plant(tmp_path / "two")
    (second / "new").write_text("")
    tree = get(Operation(), source=second)
    assert (tree.folder / "new").is_file()
    assert left(home) == {tree.folder.name}
    assert get(Operation(), source=tree.folder).folder == tree.folder, "its own folder is left as it is"


def test_two_do_not_get_it_at_once(server: FileServer, pin: TflmPin) -> None:
    server.stall = True
    operation = Operation()
    began = threading.Event()
    operation.on_happening = lambda h: began.set() if h.kind == "progress" else None
    first = threading.Thread(target=lambda: get(operation, url=server.url, pin=pin))
    first.start()
    assert began.wait(10)
    refused("sdk.busy", url=server.url, pin=pin)
    server.release.set()
    server.stall = False
    first.join(30)
    assert not first.is_alive()


def test_the_pin_of_the_studio_is_checked_where_none_is_given(server: FileServer) -> None:
    assert refused("sdk.sha256", url=server.url).data["wanted"] == tflm.TFLM_PIN.tar_sha256
    assert replace(tflm.TFLM_PIN, commit=OTHER).url.endswith(OTHER)
