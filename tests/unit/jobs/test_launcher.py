"""Starting programs: clean environment, lines, time limits, cancel, whole trees, one place only."""

from __future__ import annotations

import re
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

import motestudio
from motestudio.errors import Cancelled, JobError, MissingError
from motestudio.jobs.cancel import CancelToken
from motestudio.jobs.environment import describe_exit, for_own, for_stranger
from motestudio.jobs.launcher import run_program, spawn_program


def python(code, *args, **options):
    return run_program([sys.executable, "-c", code, *args], **options)


def test_output_status_input_and_folder(tmp_path):
    lines = []
    code = "import sys,os; print(sys.stdin.read()); print(os.getcwd()); print('err', file=sys.stderr); sys.exit(3)"
    done = python(code, cwd=tmp_path, stdin=b"given", on_line=lines.append)
    assert done.exit_code == 3
    assert set(lines) == {"given", str(tmp_path), "err"}
    assert set(done.output.splitlines()) == set(lines)


def test_a_program_without_input_finds_its_end_at_once():
    assert python("import sys; print(repr(sys.stdin.read()))").output == "''"


def test_input_that_nobody_reads_hangs_nothing():
    assert python("print('done')", stdin=bytes(10_000_000)).output == "done"


def test_large_binary_output_is_kept_as_text():
    done = python("import os\nfor _ in range(3000): os.write(1, bytes(range(256)) * 4)")
    assert done.exit_code == 0
    assert len(done.output) > 1_000_000


def test_a_missing_program_names_itself_and_is_exit_status_three():
    with pytest.raises(MissingError) as missing:
        run_program(["no-such-compiler", "-c"])
    assert missing.value.code == "program.missing"
    assert missing.value.exit_code == 3
    assert "no-such-compiler" in missing.value.text


def test_a_missing_folder_is_not_a_missing_program(tmp_path):
    with pytest.raises(JobError) as wrong:
        run_program([sys.executable, "-c", ""], cwd=tmp_path / "nowhere")
    assert wrong.value.code == "program.folder"


def test_what_takes_too_long_is_ended(tmp_path):
    began = time.monotonic()
    with pytest.raises(JobError) as late:
        python("import time; time.sleep(60)", timeout_s=0.3)
    assert late.value.code == "program.timed_out"
    assert time.monotonic() - began < 5


TREE = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
code = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
print(subprocess.Popen([sys.executable, "-c", code]).pid, flush=True)
time.sleep(60)
"""


def test_cancel_ends_a_stubborn_tree_within_a_second():
    cancel, pids, asked = CancelToken(), [], []

    def on_line(line):
        pids.append(int(line))
        asked.append(time.monotonic())
        cancel.cancel()

    with pytest.raises(Cancelled):
        python(TREE, cancel=cancel, on_line=on_line)
    assert time.monotonic() - asked[0] < 1.0
    time.sleep(0.1)
    assert not [p for p in pids if psutil.pid_exists(p) and psutil.Process(p).status() != psutil.STATUS_ZOMBIE]


def test_a_daemon_that_holds_the_pipe_does_not_hold_us():
    began = time.monotonic()
    done = run_program(["sh", "-c", "sleep 60 & echo done"])
    assert (done.exit_code, done.output) == (0, "done")
    assert time.monotonic() - began < 10


def test_a_long_lived_program_can_be_asked_and_ended():
    lines, heard = [], threading.Event()

    def on_line(line):
        lines.append(line)
        heard.set()

    with spawn_program([sys.executable, "-c", TREE], on_line=on_line) as child:
        assert heard.wait(10)
        assert child.poll() is None
        assert child.exit_text == ""
        pid = child.pid
    assert child.exit_text == "SIGKILL"
    assert not psutil.pid_exists(pid)
    assert child.last_lines == tuple(lines)


def test_strangers_get_the_users_environment_and_not_ours(monkeypatch):
    ours = {
        "PYTHONPATH": "/x",
        "PYTHONHOME": "/y",
        "MOTE_CHANNEL": "secret",
        "_PYI_ARCHIVE_FILE": "z",
        "HOME": "/home/me",
    }
    frozen = ours | {"LD_LIBRARY_PATH": "/app/_internal", "LD_LIBRARY_PATH_ORIG": "/users/own"}
    assert for_stranger(base=frozen) == {"HOME": "/home/me", "LD_LIBRARY_PATH": "/users/own"}
    assert for_stranger({"CC": "gcc"}, base=ours | {"LD_LIBRARY_PATH": "/users"}) == {
        "HOME": "/home/me",
        "LD_LIBRARY_PATH": "/users",
        "CC": "gcc",
    }
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert for_stranger(base=ours | {"LD_LIBRARY_PATH": "/app/_internal"}) == {"HOME": "/home/me"}


def test_no_python_setting_of_ours_reaches_a_compiler(monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    monkeypatch.setenv("MOTE_CHANNEL", "secret")
    seen = {line.partition("=")[0] for line in run_program(["env"]).output.splitlines()}
    assert not [name for name in seen if name.startswith(("PYTHON", "MOTE_CHANNEL"))]
    assert "PATH" in seen


def test_our_own_programs_use_the_legacy_keras_and_no_channel_of_ours(monkeypatch):
    monkeypatch.setenv("MOTE_CHANNEL", "secret")
    environment = for_own({"MORE": "1"})
    assert environment["TF_USE_LEGACY_KERAS"] == "1"
    assert environment["MORE"] == "1"
    assert "MOTE_CHANNEL" not in environment


@pytest.mark.parametrize(
    ("code", "text"), [(0, "exit status 0"), (3, "exit status 3"), (-11, "SIGSEGV"), (-99, "signal 99")]
)
def test_exit_in_words(code, text):
    assert describe_exit(code) == text


def test_only_the_launcher_starts_processes():
    root = Path(motestudio.__file__).parent
    starters = re.compile(
        r"^\s*(?:import|from)\s+(?:subprocess|multiprocessing(?!\.connection|\s+import\s+AuthenticationError)|pty)\b"
        r"|\bos\.(?:system|popen|fork|spawn\w+|exec\w+|posix_spawn)\b",
        re.MULTILINE,
    )
    found = {
        p.relative_to(root).as_posix()
        for p in root.rglob("*.py")
        if starters.search(p.read_text(encoding="utf-8")) and "/pty" not in p.as_posix()
    }
    # The entry point calls freeze_support; a pseudo terminal is a transport, not a process.
    assert found - {"__main__.py", "virtualboard/listeners.py"} == {"jobs/launcher.py"}
