"""How a program that runs plugins' code begins: what it must not do to others, its parent's channel, its folder."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import tempfile
from pathlib import Path

from motestudio.jobs import scratch as scratch_folders
from motestudio.jobs.channel import Channel, ChannelClosed, connect_to_parent
from motestudio.worker.state import expendable


def enter() -> tuple[Channel, Path] | None:
    """Make ready; the process is in its own temporary folder then.

    Returns:
        The parent's channel and that folder; None where nobody of ours started this program, which is said.
    """
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    expendable()
    # Bytecode of plugins would go into their folders, which may be shared or read-only.
    sys.dont_write_bytecode = True
    try:
        channel = connect_to_parent(die_with_parent=True)
    except ChannelClosed:
        sys.stderr.write("This program is started by Mote Studio.\n")
        return None
    scratch = Path(os.environ.pop(scratch_folders.VARIABLE, "") or tempfile.gettempdir())
    os.chdir(scratch)
    return channel, scratch
