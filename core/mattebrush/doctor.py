# SPDX-License-Identifier: Apache-2.0
"""What is installed, what works, and where things are: for `mattebrush doctor` and plug-ins."""

from __future__ import annotations

import dataclasses
import platform
import sys
from importlib import metadata
from typing import Any

from . import __version__

_PACKAGES = ("numpy", "Pillow", "onnxruntime", "tifffile", "pillow-heif", "Flask", "waitress")


def examine() -> dict[str, Any]:
    """Plain values for JSON: version, python, platform, packages, devices, models, plugins, paths.

    Each device is tried with a small real inference; being listed by onnxruntime is not enough.
    """
    from .models import runtime, store
    from .plugins import packages, places

    return {
        "version": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "devices": [dataclasses.asdict(status) for status in runtime.devices()],
        "models": [
            {
                "id": entry.row.id,
                "kind": entry.row.kind,
                "license": entry.row.license,
                "path": str(next(iter(entry.paths.values())).parent),
            }
            for entry in store.all_installed()
        ],
        "plugins": [
            {
                "program": str(place),
                "version": packages.installed_version(place),
                "path": str(place.folder),
            }
            for host in places.HOSTS
            for place in places.find(host)
        ],
        "paths": {
            "interpreter": sys.executable,
            "models": str(store.home()),
            "settings": str(packages.settings_folder()),
        },
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
