"""What the banner says when deploying failed or was cancelled: what became of the board, and what to do."""

from __future__ import annotations

from collections.abc import Callable

from motestudio.errors import AppError
from motestudio.gui.context import AppContext
from motestudio.studio.deploying import Way

_KEPT = "The board keeps the model it had: a package counts only when its hash is right."
_SLOT_KEPT = "The board keeps the model it had: a slot counts only when its hash is right."
_LOADER = "Its program is not whole, but its boot loader is: reset the board and deploy again."
_CUT = ("device.", "flash.interrupted", "link.")


def tell_failed(context: AppContext, error: BaseException, step: str, way: Way, go: Callable[[str], object]) -> None:
    """Show why a step failed.

    Args:
        context: whose banner.
        error: what was raised.
        step: key of the step.
        way: that was gone.
        go: called with another way that the user chooses instead.
    """
    if not isinstance(error, AppError):
        context.show_error(error)
        return
    if step == "flash" and error.code.startswith(_CUT):
        after = {"chip": _LOADER, "model": _SLOT_KEPT}.get(way, _KEPT)
        context.show_message(f"Flashing was interrupted. {error.text}", f"{after} {error.hint}", "bad")
    elif error.code == "slot.stale":
        hint = f"Nothing was changed. {error.hint}"
        context.show_message(error.text, hint, "bad", "Write the whole firmware", lambda: go("chip"))
    elif step == "verify" and not error.code.startswith("flash."):
        text = f"The firmware is written, but the board does not answer. {error.text}"
        hint = "Set BOOT0 low where it was high, reset the board, and connect to it at the left."
        context.show_message(text, hint, "warn", "Connect again", context.reconnect_device)
    else:
        context.show_error(error)


def tell_cancelled(context: AppContext, step: str, way: Way) -> None:
    """Say what became of the board whose flashing was cancelled."""
    if step == "flash":
        after = {"chip": _LOADER, "model": _SLOT_KEPT}.get(way, _KEPT)
        context.show_message("Flashing was cancelled.", after, "warn")
