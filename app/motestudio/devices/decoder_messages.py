"""The messages between the recorder and the program that runs a decoder for it, and what is told of decoders.

JSON, one object each, bytes as base64. They live here because all three sides import them and none may import another.
Only the studio knows the registry of plugins; so a `Candidate` holds all that is needed to run its decoder.
"""

from __future__ import annotations

import msgspec

from motestudio.domain.params import Param, Value
from motestudio.domain.signal import ChannelGroup

MOTE_LINK = "mote-link"
"""Stands in place of a decoder's id for boards that speak the studio's own protocol."""
LISTENED_BYTES = 1 << 16
"""More than this much of a stream is not looked at."""
SURE = 0.3
"""A guess below this is no better than chance."""
CERTAIN = 0.6
"""A guess from here on is used without anybody being asked; bytes that only go on smoothly never are."""


class Candidate(msgspec.Struct, frozen=True):
    """A decoder stage that may be asked or used.

    Attributes:
        stage: full id.
        title: for people.
        plugin_dir: folder of the plugin that holds the code.
        entry: ``module:Class`` inside that folder.
        table: its parameters.
        paths: folders with the packages that the plugin needs besides our own, searched last.
    """

    stage: str
    title: str
    plugin_dir: str
    entry: str
    table: tuple[Param, ...] = ()
    paths: tuple[str, ...] = ()


class Wish(msgspec.Struct, frozen=True):
    """How a port shall be read.

    Attributes:
        decoder: empty or ``auto`` to find it out, `MOTE_LINK` for nothing else, or the id of a candidate.
        params: of that decoder, as far as somebody set them; of the one that is found where it has such.
        candidates: the decoders that there are.
    """

    decoder: str = ""
    params: dict[str, Value] = {}
    candidates: tuple[Candidate, ...] = ()

    @property
    def named(self) -> bool:
        """Whether it names one decoder."""
        return self.decoder not in ("", "auto", MOTE_LINK)

    @property
    def asked(self) -> tuple[Candidate, ...]:
        """The decoders that may read it: the one that is named, or all."""
        return tuple(c for c in self.candidates if not self.named or c.stage == self.decoder)

    def candidate(self, stage: str) -> Candidate | None:
        """The decoder of this id, where there is one."""
        return next((c for c in self.candidates if c.stage == stage), None)


class Found(msgspec.Struct, frozen=True):
    """One answer to what a stream is.

    Attributes:
        stage: id of the decoder stage, or `MOTE_LINK`.
        title: for people.
        score: 0 to 1, as `motestudio.sdk.StreamGuess` has it; 1 for a decoder that the user named.
        params: complete where the decoder is in use, else what the bytes say of them.
        reason: what was found, or what was missing.
        samples: in the bytes that it was asked about.
        measured_rate: the rate was told from how many samples came in what time: the stream does not say it.
    """

    stage: str = MOTE_LINK
    title: str = "Mote Link"
    score: float = 1.0
    params: dict[str, Value] = {}
    reason: str = "it answers"
    samples: int = 0
    measured_rate: bool = False

    @property
    def words(self) -> str:
        """What it is and why, in one line."""
        return f"{self.title}: {self.reason}" if self.reason else self.title


ANYBODY = Wish()
"""Mote Link without any decoder."""
SPEAKS_LINK = Found()


class Guess(msgspec.Struct, frozen=True, tag="guess"):
    """Recorder to decoder: does this stage know these bytes? Answered by `Guessed` or `DecoderFailed`."""

    candidate: Candidate
    data: bytes


class Use(msgspec.Struct, frozen=True, tag="use"):
    """Recorder to decoder: begin a stream with this stage. Answered by `Using` or `DecoderFailed`.

    Attributes:
        candidate: the stage.
        params: complete.
    """

    candidate: Candidate
    params: dict[str, Value]


class Feed(msgspec.Struct, frozen=True, tag="feed"):
    """Recorder to decoder: the next bytes. Answered by `Fed` or `DecoderFailed`."""

    data: bytes


class Finish(msgspec.Struct, frozen=True, tag="finish"):
    """Recorder to decoder: the stream is at its end. Answered by `Fed` or `DecoderFailed`."""


Ask = Guess | Use | Feed | Finish


class Guessed(msgspec.Struct, frozen=True, tag="guessed"):
    """What `DecoderStage.guess` said."""

    score: float
    params: dict[str, Value] = {}
    reason: str = ""
    samples: int = 0


class Using(msgspec.Struct, frozen=True, tag="using"):
    """The stage is ready.

    Attributes:
        greeting: to be sent to the board.
        groups: where they are known already.
    """

    greeting: bytes = b""
    groups: tuple[ChannelGroup, ...] | None = None


class Part(msgspec.Struct, frozen=True, array_like=True):
    """`motestudio.sdk.Decoded` on the channel.

    Attributes:
        group: index.
        samples: int16 little-endian, channels interleaved.
        times: int64 little-endian, microseconds; empty where the stream has no clock.
        skipped: bytes that were no samples.
        lost: samples missing before these.
    """

    group: int
    samples: bytes
    times: bytes
    skipped: int
    lost: int


class Fed(msgspec.Struct, frozen=True, tag="fed"):
    """What came out.

    Attributes:
        parts: in order.
        groups: in the first answer after they are known, None in all others.
    """

    parts: tuple[Part, ...]
    groups: tuple[ChannelGroup, ...] | None = None


class DecoderFailed(msgspec.Struct, frozen=True, tag="failed"):
    """The stage raised, or gave what it must not. A stream that it served is over."""

    code: str
    text: str
    hint: str = ""


Answer = Guessed | Using | Fed | DecoderFailed

encode = msgspec.json.Encoder().encode
_asks = msgspec.json.Decoder(Ask)
_answers = msgspec.json.Decoder(Answer)


def decode_ask(data: bytes) -> Ask:
    """Read what the recorder sent.

    Raises:
        msgspec.DecodeError: nothing of ours.
    """
    ask: Ask = _asks.decode(data)
    return ask


def decode_answer(data: bytes) -> Answer:
    """Read what the decoder's program sent.

    Raises:
        msgspec.DecodeError: nothing of ours.
    """
    answer: Answer = _answers.decode(data)
    return answer
