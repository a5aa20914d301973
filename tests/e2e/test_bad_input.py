"""What users get wrong: a clear message, the right exit status, nothing lost."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from support.command import Mote


@pytest.fixture
def project(mote: Mote, tmp_path: Path) -> Path:
    folder = tmp_path / "wand"
    done = mote("new", folder, "--template", "gesture")
    assert done.status == 0, done.err
    return folder


def test_new_refuses_a_folder_in_use(mote: Mote, project: Path) -> None:
    before = (project / "project.toml").read_bytes()
    done = mote("new", project)
    assert done.status == 2
    assert "not empty" in done.err
    assert (project / "project.toml").read_bytes() == before


def test_broken_project_file_names_the_line_and_is_kept(mote: Mote, project: Path) -> None:
    path = project / "project.toml"
    broken = path.read_text() + "\n[budget\nram_bytes = 1\n"
    path.write_text(broken)
    line = len(broken.splitlines()) - 1
    done = mote("-p", project, "show")
    assert done.status == 2
    assert f"line {line}" in done.err
    assert path.read_text() == broken


def test_no_project_here(mote: Mote, tmp_path: Path) -> None:
    done = mote("-p", tmp_path, "show")
    assert done.status == 2
    assert "mote new" in done.err


def test_port_that_is_not_there(mote: Mote, project: Path) -> None:
    done = mote("-p", project, "record", "--port", "/dev/ttyNOTHING7", "--takes", 1)
    assert done.status == 2
    assert "ttyNOTHING7" in done.err
    assert list((project / "recordings").glob("*.sigmf-*")) == []


def test_board_that_sends_garbage_gets_a_hint(mote: Mote, project: Path) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def babble() -> None:
        connection, _ = server.accept()
        with connection:
            while not stop.is_set():
                try:
                    connection.sendall(bytes(range(1, 256)) * 8)
                except OSError:
                    return
                stop.wait(0.01)

    thread = threading.Thread(target=babble)
    thread.start()
    try:
        done = mote("-p", project, "board", "describe", "--port", f"socket://127.0.0.1:{server.getsockname()[1]}")
    finally:
        stop.set()
        thread.join()
        server.close()
    assert done.status == 2
    assert "baud" in done.err


def test_training_without_data_says_what_to_do(mote: Mote, project: Path) -> None:
    done = mote("-p", project, "train")
    assert done.status == 2
    assert "Record" in done.err


def test_unknown_parameter_and_value_out_of_range(mote: Mote, project: Path) -> None:
    before = (project / "project.toml").read_bytes()
    unknown = mote("-p", project, "set", "window.colour=red")
    assert unknown.status == 2
    assert "colour" in unknown.err
    assert "window_s" in unknown.err
    absurd = mote("-p", project, "set", "window.window_s=-3")
    assert absurd.status == 2
    assert (project / "project.toml").read_bytes() == before


def test_truncated_recording_opens_and_is_reported(mote: Mote, project: Path) -> None:
    recorded = mote("-p", project, "--json", "record", "wave", "--takes", 1, "--port", "virtual")
    assert recorded.status == 0, recorded.err + recorded.out
    data = next((project / "recordings").glob("*.sigmf-data"))
    whole = data.stat().st_size
    data.write_bytes(data.read_bytes()[: whole // 2 + 5])
    shown = mote("-p", project, "--json", "show")
    assert shown.status == 0, shown.err
    assert shown.json["classes"]["wave"]["takes"] == 1


def test_import_of_nothing(mote: Mote, project: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "notes.txt").write_text("hello")
    done = mote("-p", project, "import", empty)
    assert done.status == 2
    assert ".wav" in done.err


def test_the_reason_that_an_error_sums_up_is_shown(mote: Mote, project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "notes.csv").write_text("who,what\nanna,tea\n")
    done = mote("-p", project, "import", folder)
    assert done.status == 2
    assert "notes.csv" in done.err
    assert list((project / "recordings").glob("*.sigmf-*")) == []
