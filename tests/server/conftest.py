# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the server's tests: a running server with real worker processes, pictures."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from mattebrush.models import catalog, store
from tests.models.networks import tiny
from tests.server.server_client import Client, png, running, scene


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    """A client of a server with the default settings, shared by tests that leave it as it was."""
    with running() as client:
        yield client


@pytest.fixture
def serving() -> Callable[..., contextlib.AbstractContextManager[Client]]:
    """To start a server with settings of one's own: `with serving(admitted_jobs=2) as client`."""
    return running


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    """See `scene`."""
    return scene()


@pytest.fixture(scope="session")
def picture_file(picture: np.ndarray) -> bytes:
    """`picture` as a PNG file."""
    return png(picture)


@pytest.fixture(scope="session")
def large_picture() -> np.ndarray:
    """A picture that takes the engine a while: 24 megapixels."""
    return scene(6000, 4000)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """To put tiny networks where a model's files belong, for servers started afterwards."""
    monkeypatch.setenv("MATTEBRUSH_HOME", str(tmp_path / "models"))

    def install(model: str) -> None:
        row = catalog.get(model)
        for file in row.files:
            tiny(row.interface.id, store.folder(row) / file.name, role=file.role)

    return install


@pytest.fixture
def runtime_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where servers of this test leave their notes."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "mattebrush"
