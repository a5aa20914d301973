"""Names of recordings: what is allowed, and the next free one. Names are file stems on every system."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from motestudio.errors import ProjectError

_ALLOWED = re.compile(r"[\w][\w .+=@,()-]{0,119}")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def check_name(name: str) -> str:
    """The name itself.

    Raises:
        ProjectError: it cannot be a file's name everywhere.
    """
    if not _ALLOWED.fullmatch(name) or name != name.strip(" .") or _RESERVED.fullmatch(name):
        raise ProjectError(
            "recording.name",
            f"{name!r} cannot be the name of a recording.",
            "Use letters, digits, spaces and . - _ + = @ , ( ), beginning with a letter or digit; at most 120.",
            {"name": name},
        )
    return name


def clean(text: str) -> str:
    """Text as a part of a name: what is not allowed becomes an underscore."""
    return re.sub(r"[^\w.+=@,-]+", "_", text)[:40].strip("_.+=@,-")


FIELDS = ("class", "subject", "session", "site", "device", "date", "time", "n:03")
"""What a name template may hold."""


def next_name(
    template: str,
    taken: Iterable[str],
    cls: str,
    subject: str = "",
    session: str = "",
    *,
    site: str = "",
    device: str = "",
) -> str:
    """The next name by a template.

    Args:
        template: with ``{class} {subject} {session} {site} {device} {date} {time} {n:03}``; a number is added where it
            has none.
        taken: names in use; the number is one more than the largest among them.
        cls: class name.
        subject: who.
        session: of recording.
        site: where.
        device: with which board.

    Raises:
        ProjectError: the template has an unknown field, or gives no allowed name.
    """
    if not re.search(r"\{n[:}]", template):
        template += "-{n:03}"
    now = datetime.now(UTC).astimezone()
    fields = {
        "class": clean(cls) or "take",
        "subject": clean(subject) or "anyone",
        "session": clean(session) or "session",
        "site": clean(site) or "site",
        "device": clean(device) or "device",
        "date": now.strftime("%Y-%m-%d"),
        "time": now.strftime("%H%M%S"),
    }
    try:
        sample = template.format(n=1, **fields)
        # Nothing else formats to this: the place of the number in the names that are taken.
        marked = re.sub(r"\{n(:[^}]*)?\}", "\0", template).format(**fields)
    except (KeyError, ValueError, IndexError, AttributeError) as error:
        raise ProjectError(
            "record.name_template",
            f"The name template {template!r} cannot be filled in: {error}.",
            f"Use {', '.join('{' + field + '}' for field in FIELDS[:-1])} and {{n:03}}.",
        ) from error
    check_name(sample)
    pattern = re.compile(r"(\d+)".join(re.escape(part) for part in marked.split("\0")))
    numbers = [int(m.group(1)) for name in taken if (m := pattern.fullmatch(name))]
    return check_name(template.format(n=max(numbers, default=0) + 1, **fields))
