# SPDX-License-Identifier: Apache-2.0
"""What is installed, what works, and where things are: for `mattebrush doctor` and plug-ins."""

from __future__ import annotations

import dataclasses
import platform
import sys
from importlib import metadata
from typing import Any

from . import __version__

_PACKAGES = (
    "numpy", "Pillow", "tifffile", "imagecodecs", "pillow-heif", "OpenEXR", "Flask", "waitress",
)  # fmt: skip
_RUNTIMES = tuple(
    f"onnxruntime{variant}"
    for variant in ("", "-gpu", "-directml", "-openvino", "-migraphx", "-rocm", "-qnn", "-webgpu")
)
"""The builds of onnxruntime: all of them own the folder `onnxruntime`, so only one can stand."""


def examine() -> dict[str, Any]:
    """Plain values for JSON: version, python, platform, packages, problems, devices, models,
    plugins, paths.

    Each device is tried with a small real inference; being listed by onnxruntime is not enough.

    Returns
    -------
    dict[str, Any]
    """
    from .models import runtime, store
    from .plugins import packages, places

    return {
        "version": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {"onnxruntime": None, **_runtimes()}
        | {name: _version(name) for name in _PACKAGES},
        "problems": problems(),
        "devices": [dataclasses.asdict(status) for status in runtime.devices()],
        "models": [
            {
                "id": entry.row.id,
                "name": entry.row.name,
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


def problems() -> list[str]:
    """What is wrong with the installation, each with its cure.

    Returns
    -------
    list[str]
    """
    runtimes = list(_runtimes())
    if len(runtimes) < 2:
        return []
    return [
        f"{' and '.join(runtimes)} are installed over each other, so that either may fail. "
        f"Uninstall all of them, then install the one that you want (docs/gpu.md)."
    ]


def _runtimes() -> dict[str, str]:
    """The builds of onnxruntime that are installed, with their versions."""
    versions = {name: _version(name) for name in _RUNTIMES}
    return {name: version for name, version in versions.items() if version is not None}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
