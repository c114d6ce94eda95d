# SPDX-License-Identifier: Apache-2.0
"""A new account without an engine: from the zip to the first mask, without a terminal."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from mattebrush.plugins import packages
from tests.client.test_setup import Mirror, mirror, wheels  # noqa: F401 - fixtures
from tests.hosts.krita import kritahost
from tests.hosts.krita.test_krita_package import IMPORTER, RUN, SYSTEM_PYTHON
from tools import release

pytestmark = [pytest.mark.hosts, pytest.mark.slow]


def test_from_the_zip_to_a_mask_by_mouse(
    wheels: Path,  # noqa: F811
    mirror: tuple[str, type[Mirror]],  # noqa: F811
    picture: Path,
    screen: str,
    tmp_path: Path,
) -> None:
    krita = kritahost.find("5.1", tmp_path)
    shutil.rmtree(krita.data / "pykrita" / "mattebrush")
    (zipped,) = packages.build("krita", tmp_path / "zip", release.engine_wheel(wheels))
    command = [SYSTEM_PYTHON, "-c", RUN, f"/{IMPORTER}", str(zipped), str(krita.data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Imported plugin: Mattebrush" in done.stdout, done.stdout + done.stderr
    index, _handler = mirror
    settings = krita.home / ".config" / "pip" / "pip.conf"
    settings.parent.mkdir()
    settings.write_text(f"[global]\nindex-url = {index}\n")
    folder = tmp_path / "shots"
    folder.mkdir()
    observed = krita.show("firststart", screen, str(folder), str(picture))
    assert observed["clicks"] == ["Set Up...", "Set Up...", "Remove Background"]
    assert observed["mask"] == "Mask 1"
    assert 0.05 < observed["on"] < 0.7
    assert observed["seconds"] < 300
