"""A project: a folder with ``project.toml``, recordings, runs, and ``.mote`` for what may be deleted at any time."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

from motestudio.errors import ProjectError
from motestudio.project import document, migrations, schema
from motestudio.project.cache import ArtifactCache
from motestudio.project.files import file_error, write_atomic, write_text
from motestudio.project.lock import ProjectLock
from motestudio.project.recordings import RecordingStore
from motestudio.project.schema import ProjectConfig
from motestudio.project.undo import UndoStack

PROJECT_FILE = "project.toml"


class Project:
    """An open project; make one with `create` or `open`, end it with `close` or a ``with`` block.

    Attributes:
        folder: absolute.
        config: what ``project.toml`` says.
        read_only: nothing can be changed, and no lock is held.
        recordings: the recordings.
        cache: outputs of stages.
        undo: what can be taken back.
    """

    def __init__(self, folder: Path, config: ProjectConfig, lock: ProjectLock | None) -> None:
        self.folder = folder
        self.config = config
        self.read_only = lock is None
        self._lock = lock
        self.recordings = RecordingStore(folder / "recordings", self.mote_dir / "trash", read_only=self.read_only)
        self.cache = ArtifactCache(self.mote_dir / "cache")
        self.undo = UndoStack()

    @property
    def mote_dir(self) -> Path:
        """``.mote``: cache, lock, trash; may be deleted while the project is closed."""
        return self.folder / ".mote"

    @property
    def runs_dir(self) -> Path:
        """``runs``: one folder for each training run."""
        return self.folder / "runs"

    @classmethod
    def create(cls, folder: Path, name: str, template: dict[str, Any] | None = None) -> Project:
        """Make a project and open it for writing.

        Args:
            folder: made where it does not exist.
            name: for people.
            template: tables as in ``project.toml``; anything may be left out.

        Raises:
            ProjectError: there is a project already, or the folder cannot be written.
        """
        folder = folder.expanduser().resolve()
        config = schema.from_template(name, template)
        path = folder / PROJECT_FILE
        if path.exists():
            text = f"{folder} is a project already."
            raise ProjectError("project.exists", text, "Open it, or choose another folder.", {"folder": str(folder)})
        try:
            (folder / "recordings").mkdir(parents=True, exist_ok=True)
            (folder / ".mote").mkdir(exist_ok=True)
            if not (folder / ".gitignore").exists():
                write_text(folder / ".gitignore", ".mote/\n")
        except OSError as error:
            raise file_error(error, folder) from error
        lock = ProjectLock(folder / ".mote" / "lock")
        try:
            write_text(path, document.fresh(schema.to_plain(config)))
        except BaseException:
            lock.release()
            raise
        return cls(folder, config, lock)

    @classmethod
    def open(cls, folder: Path, *, read_only: bool = False) -> Project:
        """Open a project.

        Args:
            folder: of the project, or its ``project.toml``.
            read_only: take no lock and change nothing.

        Raises:
            ProjectError: not a project, broken, newer than this program, or open elsewhere.
        """
        folder = folder.expanduser().resolve()
        if folder.name == PROJECT_FILE and folder.is_file():
            folder = folder.parent
        text = _read(folder)
        plain = schema.parse_toml(text)
        version = migrations.version_of(plain)
        config = schema.from_plain(migrations.migrate(plain))
        if read_only:
            return cls(folder, config, None)
        try:
            (folder / ".mote").mkdir(exist_ok=True)
        except OSError as error:
            raise file_error(error, folder) from error
        lock = ProjectLock(folder / ".mote" / "lock")
        project = cls(folder, config, lock)
        try:
            if version < schema.SCHEMA:
                write_atomic(folder / f"project.schema-{version}.toml", text.encode())
                project.save(config)
            project.cache.sweep()
        except BaseException:
            lock.release()
            raise
        return project

    def save(self, config: ProjectConfig) -> None:
        """Write the settings, atomically, leaving comments and unknown keys in the file.

        Raises:
            ProjectError: open for reading only, a value is not allowed, or the file cannot be written.
        """
        if self._lock is None:
            raise ProjectError("project.read_only", "The project is open for reading only.", "Open it for writing.")
        plain = schema.to_plain(config)
        checked = schema.from_plain(plain)
        try:
            text = document.updated(_read(self.folder), plain)
        except (ProjectError, ValueError):  # deleted or broken meanwhile: what is open here is whole
            text = document.fresh(plain)
        write_text(self.folder / PROJECT_FILE, text)
        self.config = checked

    def close(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Project:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _read(folder: Path) -> str:
    path = folder / PROJECT_FILE
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise ProjectError(
            "project.missing",
            f"{folder} is not a Mote Studio project: it has no {PROJECT_FILE}.",
            "Choose the project's folder, or make a new one with: mote new.",
            {"folder": str(folder)},
        ) from None
    except UnicodeDecodeError as error:
        raise schema.broken(f"it is not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise file_error(error, path) from error
