"""Stages that take more than they may, or write where they should not."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from multiprocessing import shared_memory
from pathlib import Path

import numpy as np

MB = 1 << 20


class Hogs:
    """Takes memory, piece by piece."""

    def run(self, ctx, inputs, params):
        kept = []
        for _ in range(params.get("pieces", 400)):
            kept.append(np.ones(8 * MB, dtype=np.uint8))
            time.sleep(0.002)
        return {"kept": len(kept)}


class HogsInChildren:
    """Lets processes of its own take it."""

    def run(self, ctx, inputs, params):
        code = "import time; kept = bytearray(120 << 20); time.sleep(60)"
        for _ in range(4):
            subprocess.Popen([sys.executable, "-c", code], start_new_session=params.get("away", False))
        time.sleep(60)


class SharesByFork:
    """Many processes, one memory."""

    def run(self, ctx, inputs, params):
        kept = np.ones(100 * MB, dtype=np.uint8)
        children = []
        for _ in range(5):
            pid = os.fork()
            if not pid:
                time.sleep(1.2)
                os._exit(0)
            children.append(pid)
        for pid in children:
            os.waitpid(pid, 0)
        return {"kept": int(kept[-1])}


class MapsAFile:
    """Reads a large file through a map: that is no memory of its own."""

    def run(self, ctx, inputs, params):
        data = np.memmap(inputs["data"], dtype=np.uint8, mode="r")
        total = 0
        for _ in range(6):
            total = int(data[::4096].sum())
            time.sleep(0.1)
        return {"total": total}


class Leaks:
    """Keeps what it took after its end."""

    kept: list = []  # noqa: RUF012 - what this one is about

    def run(self, ctx, inputs, params):
        self.kept.append(np.ones(params["bytes"], dtype=np.uint8))
        return {"pid": os.getpid()}


class Floods:
    """Writes files until somebody stops it."""

    def run(self, ctx, inputs, params):
        where = Path(tempfile.mkdtemp()) if params.get("temp") else ctx.workdir
        piece = bytes(MB)
        with (where / "big").open("wb") as file:
            for _ in range(params["megabytes"]):
                file.write(piece)
                file.flush()
                time.sleep(params.get("pause", 0.0))
        return {}


class Forks:
    """Starts processes without end."""

    def run(self, ctx, inputs, params):
        while True:
            subprocess.Popen(["sleep", "60"])


class SaysTooMuch:
    """Returns data where facts belong."""

    def run(self, ctx, inputs, params):
        if params["how"] == "array":
            return {"all": np.zeros(4 * MB, dtype=np.float32)}
        if params["how"] == "text":
            return {"all": "x" * (64 * MB)}
        if params["how"] == "surrogate":
            return {"all": "\ud800"}
        return {"all": {str(i): i for i in range(2_000_000)}}


class Chatters:
    """More lines and figures than anybody reads."""

    def run(self, ctx, inputs, params):
        for i in range(20_000):
            ctx.log("x" * 3000)
            ctx.metric("loss", 1.0, i)
        return {}


class BabblesOnTheChannel:
    """Finds the channel and writes into it what is no message."""

    def run(self, ctx, inputs, params):
        for fd in range(3, 64):
            try:
                end = socket.socket(fileno=os.dup(fd))
            except OSError:
                continue
            end.sendall(bytes.fromhex(params["bytes"]))
        while True:
            time.sleep(0.1)


class ClosesEverything:
    """Closes all that is open, the channel too."""

    def run(self, ctx, inputs, params):
        os.closerange(3, 256)
        time.sleep(60)


class TakesTheStreams:
    """Leaves no standard output to the next one."""

    def run(self, ctx, inputs, params):
        if params["how"] == "close":
            os.close(1)
        elif params["how"] == "replace":
            sys.stdout = None
        else:
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        return {"pid": os.getpid()}


def _change(how: str, victim: Path, ctx) -> None:  # noqa: PLR0912 - one line for each way
    if how == "overwrite":
        victim.write_bytes(b"gone")
    elif how == "append":
        with victim.open("ab") as file:
            file.write(b"more")
    elif how == "low":
        os.close(os.open(victim, os.O_RDWR))
    elif how == "parent":
        (ctx.workdir / ".." / "mine.txt").write_text("x")
    elif how == "memmap":
        np.memmap(victim, dtype=np.uint8, mode="r+")[:] = 0
    elif how == "remove":
        victim.unlink()
    elif how == "remove tree":
        shutil.rmtree(victim.parent)
    elif how == "rename away":
        victim.rename(ctx.workdir / "mine")
    elif how == "rename over":
        (ctx.workdir / "mine").write_text("x")
        (ctx.workdir / "mine").rename(victim)
    elif how == "truncate":
        os.truncate(victim, 0)
    elif how == "chmod":
        victim.chmod(0)
    elif how == "utime":
        os.utime(victim, (0, 0))
    elif how == "mkdir":
        (victim.parent / "new").mkdir()
    elif how == "hard link":
        os.link(victim, ctx.workdir / "mine")
        (ctx.workdir / "mine").write_bytes(b"gone")
    elif how == "symbolic link":
        (ctx.workdir / "mine").symlink_to(victim)
        (ctx.workdir / "mine").write_bytes(b"gone")
    elif how == "linked folder":
        (ctx.workdir / "there").symlink_to(victim.parent)
        (ctx.workdir / "there" / victim.name).write_bytes(b"gone")
    elif how == "chmod through a link":
        (ctx.workdir / "mine").symlink_to(victim)
        (ctx.workdir / "mine").chmod(0)
    elif how == "database":
        sqlite3.connect(victim.parent / "new.db").execute("create table t (x)")
    elif how == "chdir":
        os.chdir(victim.parent)
        Path(victim.name).write_bytes(b"gone")
    elif how == "fork":
        pid = os.fork()
        if not pid:
            try:
                victim.write_bytes(b"gone")
            finally:
                os._exit(5)
        os.waitpid(pid, 0)
        raise PermissionError("the child could not either")
    else:
        raise KeyError(how)


class WritesElsewhere:
    """Changes a file that is not its own."""

    def run(self, ctx, inputs, params):
        try:
            _change(params["how"], Path(inputs["data"]), ctx)
        except OSError as error:
            if params.get("swallow"):
                return {"went_on": True}
            raise RuntimeError("it did not work") from error
        return {}


class WritesWhereItMay:
    """All the ways to use one's own folder."""

    def run(self, ctx, inputs, params):
        Path("relative.txt").write_text("x")
        Path("deep/er").mkdir(parents=True)
        (ctx.workdir / "deep").mkdir(exist_ok=True)
        ctx.workdir.mkdir(exist_ok=True)
        Path("/tmp").mkdir(exist_ok=True)  # it is there: nothing is written
        Path("/nowhere/at/all").unlink(missing_ok=True)
        np.memmap(ctx.workdir / "map", dtype=np.uint8, mode="w+", shape=(10,))[:] = 1
        copy = shutil.copy(inputs["data"], "copy")
        Path(copy).rename("renamed")
        Path("renamed").chmod(0o600)
        sqlite3.connect("facts.db").execute("create table t (x)")
        sqlite3.connect(":memory:")
        with tempfile.NamedTemporaryFile() as file, tempfile.TemporaryFile() as other:
            file.write(b"x")
            other.write(b"x")
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "x").write_text("x")
        with open(os.devnull, "w") as nothing:  # noqa: PTH123 - the way of old libraries
            nothing.write("x")
        Path("gone/deep").mkdir(parents=True)
        shutil.rmtree("gone")
        return {
            "cwd": str(Path.cwd()),
            "temp": tempfile.gettempdir(),
            "files": sorted(p.name for p in Path().iterdir()),
        }


class Where:
    """Says where it stands."""

    def run(self, ctx, inputs, params):
        return {"pid": os.getpid(), "cwd": str(Path.cwd())}


class WritesByOtherMeans:
    """Writes elsewhere where no Python code is seen to."""

    def run(self, ctx, inputs, params):
        victim, done = str(inputs["data"]), []
        for argv in (
            ["sh", "-c", f"echo gone > '{victim}'"],
            ["rm", "-f", victim],
            ["truncate", "-s", "0", victim],
            ["mkdir", victim + "-new"],
            [sys.executable, "-c", f"open({victim!r}, 'w').write('gone')"],
        ):
            done.append(subprocess.run(argv, capture_output=True, check=False).returncode == 0)
        libc = ctypes.CDLL(None, use_errno=True)
        done += [libc.open(victim.encode(), os.O_RDWR) >= 0, libc.unlink(victim.encode()) == 0]
        subprocess.run(["sh", "-c", "echo x > mine && mv mine mine2 && rm mine2 && mkdir deep"], check=True)
        lock = multiprocessing.Lock()
        with lock:
            shared = shared_memory.SharedMemory(create=True, size=64)
            shared.close()
            shared.unlink()
        return {"done": done}
