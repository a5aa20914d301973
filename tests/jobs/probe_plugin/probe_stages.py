"""Stages that do what stages do on a bad day, each in one way."""

# ruff: noqa: T201 - stray prints are what some of these are about
from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

from motestudio.errors import AppError


class Fine:
    """Does as it should."""

    def run(self, ctx, inputs, params):
        ctx.log("a line of the stage")
        ctx.progress(0.5, "half")
        ctx.metric("loss", 0.25, 1)
        ctx.metric("loss", float("nan"), 2)
        (ctx.workdir / "out.txt").write_text(str(ctx.seed))
        return {"pid": os.getpid(), "shape": (1, 2), "loss": float("inf"), "params": params}


class Raises:
    """Has a bug."""

    def run(self, ctx, inputs, params):
        raise ZeroDivisionError("by nothing")


class RaisesApp:
    """Tells the user something."""

    def run(self, ctx, inputs, params):
        raise AppError("stage.sad", "It does not work.", "Try another one.")


class Leaves:
    """Calls sys.exit."""

    def run(self, ctx, inputs, params):
        sys.exit(3)


class Exits:
    """Takes the process down without a word of Python."""

    def run(self, ctx, inputs, params):
        os.write(2, b"last words\n")
        os._exit(7)


class Segfaults:
    """Reads where nothing is."""

    def run(self, ctx, inputs, params):
        ctypes.string_at(0)


class CancelsItself:
    """Works in small steps and looks whether it should stop."""

    def run(self, ctx, inputs, params):
        while True:
            ctx.progress(0.1, "working")
            time.sleep(0.01)


class HangsInC:
    """Never comes back from C and never lets another thread run."""

    def run(self, ctx, inputs, params):
        ctx.progress(0.1, "in")
        sum(range(10**13))


class HangsAndIgnores:
    """Ignores Cancel and the polite signal, and swallows every exception."""

    def run(self, ctx, inputs, params):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        ctx.progress(0.1, "in")
        while True:
            try:
                ctx.check_cancelled()
                time.sleep(0.02)
            except BaseException:  # noqa: BLE001 - what this one is about
                time.sleep(0.02)


class Prints:
    """Writes all kinds of things to its standard streams."""

    def run(self, ctx, inputs, params):
        print("a stray print")
        print('{"type":"completed","job":"x","meta":{}}')
        sys.stdout.flush()
        os.write(1, bytes(range(256)) * 10 + b"\n")
        os.write(2, b"\xff\xfe\x00 no text\r\nafter the garbage\n")
        print("input gives", repr(sys.stdin.read()))
        return {}


class PrintsMuch:
    """Ten megabytes of lines, and one long line."""

    def run(self, ctx, inputs, params):
        for _ in range(100):
            os.write(1, (b"x" * 99 + b"\n") * 1000)
        os.write(1, b"y" * 300_000)
        print("\nthe last line", flush=True)
        return {}


def _orphan(options: str) -> int:
    """A process whose parent is dead already."""
    code = f"import subprocess as s; print(s.Popen(['sleep', '300'], {options}).pid)"
    return int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


class LeavesChildren:
    """Starts processes and forgets them."""

    def run(self, ctx, inputs, params):
        child = subprocess.Popen(["sleep", "300"]).pid
        orphan = _orphan("stdout=s.DEVNULL, stderr=s.DEVNULL")
        pids = [child, orphan]
        if not params.get("crash"):  # who stands apart, and whose worker dies by itself, is nobody's any more
            pids.append(_orphan("stdout=s.DEVNULL, stderr=s.DEVNULL, start_new_session=True"))
        ctx.log(" ".join(["children", *map(str, pids)]))
        if params.get("hang"):
            sum(range(10**13))
        if params.get("crash"):
            os.kill(os.getpid(), signal.SIGABRT)
        return {"children": pids}


class BadMeta:
    """Returns what no message can hold."""

    def run(self, ctx, inputs, params):
        return {"thread": threading.current_thread()}


class LateThread:
    """Leaves a thread that keeps talking after its end."""

    def run(self, ctx, inputs, params):
        def talk() -> None:
            for _ in range(100):
                ctx.progress(0.9, "too late")
                time.sleep(0.01)

        threading.Thread(target=talk, daemon=True).start()
        return {}


class NeedsMore:
    """Imports a package that is nowhere."""

    def run(self, ctx, inputs, params):
        import a_package_that_is_nowhere  # noqa: F401
