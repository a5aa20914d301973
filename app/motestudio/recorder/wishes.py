"""What the board does by its own account and was asked to do, so that it can be asked again after it was away."""

from __future__ import annotations

from typing import Any

from motestudio.devices.exchanges import Step


class Wishes:
    """The stream and the inference that are wanted. The caller serialises the calls.

    Attributes:
        streaming: the board has accepted ``start``; between that and what it was last asked lies the link.
        endless: it was last asked for a stream without an end.
        owned: the stream was begun for a take alone and ends with it.
        lead: index of the channel group by whose samples the stream is counted.
    """

    def __init__(self) -> None:
        self.streaming = self.endless = self.owned = False
        self.lead = 0
        self._start: dict[str, Any] = {}
        self._infer: dict[str, Any] | None = None

    def asked(self, op: str, args: dict[str, Any]) -> None:
        """A request is about to be sent."""
        if op in ("start", "stop"):
            self.endless = op == "start" and not args.get("count")

    def accepted(self, op: str, args: dict[str, Any]) -> None:
        """The board said yes."""
        if op == "start":
            self.streaming, self._start = True, dict(args)
            lead = args.get("group", 0)
            self.lead = lead if isinstance(lead, int) and lead >= 0 else 0
        elif op == "stop":
            self.streaming = False
        elif op == "infer_start":
            self._infer = dict(args)
        elif op == "infer_stop":
            self._infer = None

    def stopped(self) -> None:
        """The stream ended."""
        self.streaming = self.endless = False

    def expects(self, have: int) -> bool:
        """Whether more samples must come, where `have` of the stream are here."""
        count = int(self._start.get("count", 0))
        return self.streaming and (not count or have < count)

    def again(self, have: int) -> list[Step]:
        """The requests that bring a board that was away back to what it did; empty where that was nothing.

        Args:
            have: samples of its stream that are here already.
        """
        steps: list[Step] = []
        if self._infer is not None:
            steps.append(("infer_start", self._infer))
        if self.expects(have):
            count = int(self._start.get("count", 0))
            # What a virtual board performed is not performed again: it goes on where it is.
            args = {k: v for k, v in self._start.items() if k != "perform"}
            steps.append(("start", args | {"count": count - have if count else 0, "carry_on": True}))
        else:
            self.stopped()
        return steps
