"""Reads Google docstrings: the text, and the entries of Args, Attributes, Returns and Raises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_SECTION = re.compile(r"^(Args|Attributes|Returns|Raises|Yields):$")
_ENTRY = re.compile(r"^([\w*, ]+): (.*)$")


@dataclass(frozen=True, slots=True)
class Doc:
    """A docstring taken apart.

    Attributes:
        text: all before the sections, as Markdown.
        sections: meaning by name, by section; Returns has one entry with an empty name.
    """

    text: str
    sections: Mapping[str, Mapping[str, str]]


def parse(doc: str) -> Doc:
    """Take a cleaned docstring apart (`inspect.getdoc`)."""
    head: list[str] = []
    sections: dict[str, dict[str, str]] = {}
    section, name = "", ""
    for line in doc.splitlines():
        if found := _SECTION.match(line):
            section, name = found[1], ""
            sections[section] = {}
        elif not section:
            head.append(line)
        elif line.strip():
            entry = _ENTRY.match(line.strip()) if len(line) - len(line.lstrip()) == 4 else None
            if entry and section != "Returns":
                name = entry[1]
                sections[section][name] = entry[2]
            else:
                before = sections[section].get(name, "")
                sections[section][name] = f"{before} {line.strip()}".strip()
    plain = {title: {n: markdown(t) for n, t in entries.items()} for title, entries in sections.items()}
    return Doc(markdown("\n".join(head).strip()), plain)


def markdown(text: str) -> str:
    """Docstring markup as Markdown: one backquote for code."""
    return text.replace("``", "`").replace("|", "\\|")
