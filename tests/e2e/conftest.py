"""Fixtures of the end-to-end tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import DATA, Mote


@pytest.fixture(scope="session")
def mote(tmp_path_factory: pytest.TempPathFactory) -> Mote:
    return Mote(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def data() -> Path:
    if not DATA.is_dir():
        pytest.skip(f"the shared recordings are not here ({DATA.name} beside the checkout)")
    return DATA
