"""Plugins made on the spot."""

from __future__ import annotations

from pathlib import Path


def write_plugin(folder: Path, plugin_id: str, version: str = "1.0.0", *, requires: str = "", api: str = "1.0") -> Path:
    """A plugin with one importer, ``one``, in the package ``code``; returns its folder."""
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "__init__.py").write_text("class Stage: ...\n")
    needs = f'requires = ["{requires}"]\n' if requires else ""
    (folder / "plugin.toml").write_text(
        f'id = "{plugin_id}"\nname = "x"\nversion = "{version}"\napi = "{api}"\n'
        f'[[stage]]\nid = "one"\nkind = "importer"\ntitle = "One"\nentry = "code:Stage"\n{needs}'
    )
    return folder
