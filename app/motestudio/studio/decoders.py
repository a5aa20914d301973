"""The decoders that there are, and how a port shall be read: what the recorder cannot know, as it knows no registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from motestudio.devices.decoder_messages import MOTE_LINK, Candidate, Wish
from motestudio.domain.params import Value
from motestudio.errors import PluginError
from motestudio.plugins.registry import Registry

AUTO = "auto"


def candidates(registry: Registry) -> tuple[Candidate, ...]:
    """All decoders that can be used."""
    found = []
    for entry in registry.stages("decoder"):
        if not entry.missing:
            about = entry.manifest
            paths = tuple(str(path) for path in entry.paths)
            found.append(Candidate(about.id, about.title, str(entry.folder), about.entry, tuple(about.params), paths))
    return tuple(found)


def wish_for(registry: Registry, decoder: str = "", params: Mapping[str, Any] | None = None) -> Wish:
    """How a port shall be read.

    Args:
        registry: of the plugins.
        decoder: empty or ``auto`` to find it out, ``mote-link``, or a decoder stage; its last word is enough where that
            is no other's too.
        params: of that decoder, or of the one that is found where it has such.

    Raises:
        PluginError: there is no such decoder, or a parameter is wrong.
    """
    known = candidates(registry)
    given = dict(params or {})
    if decoder in ("", AUTO, MOTE_LINK):
        return Wish(decoder, _checked(known, given), known)
    named = [c for c in known if decoder in (c.stage, c.stage.rpartition("/")[2])]
    if len(named) != 1:
        names = ", ".join([MOTE_LINK, *(c.stage for c in known)])
        raise PluginError("decoder.unknown", f"There is no decoder {decoder!r}.", f"Choose from: {AUTO}, {names}.")
    return Wish(named[0].stage, _checked(named, given), known)


def _checked(known: list[Candidate] | tuple[Candidate, ...], given: dict[str, Any]) -> dict[str, Value]:
    """Parameters in the type of the first decoder that has each."""
    params: dict[str, Value] = {}
    for key, value in given.items():
        param = next((p for c in known for p in c.table if p.key == key), None)
        if param is None:
            keys = ", ".join(sorted({p.key for c in known for p in c.table}))
            raise PluginError("param.unknown", f"No decoder asked for has a parameter {key!r}.", f"There are: {keys}.")
        params[key] = param.parse(value) if isinstance(value, str) else param.check(value)
    return params
