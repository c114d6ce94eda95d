# SPDX-License-Identifier: Apache-2.0
"""Freezes Mattebrush whole: commands and formats are imported by name when they are first needed,
networks and catalog are files, and `doctor` reads the versions of packages."""

from __future__ import annotations

import contextlib
import importlib.util
from importlib.metadata import PackageNotFoundError

from PyInstaller.utils.hooks import (
    collect_data_files,
    collect_entry_point,
    collect_submodules,
    copy_metadata,
)

datas = collect_data_files("mattebrush")
# The plug-ins are programs of the hosts, so their files are data here.
datas += collect_data_files("mattebrush", subdir="plugins/files", include_py_files=True)
hiddenimports = collect_submodules("mattebrush")

commands, imported = collect_entry_point("mattebrush.commands")
datas += commands
hiddenimports += imported
if imported:
    hiddenimports += collect_submodules("mattebrush_server")
    datas += collect_data_files("mattebrush_server")

for package in (
    "mattebrush", "numpy", "Pillow", "onnxruntime", "onnxruntime-gpu", "onnxruntime-directml",
    "tifffile", "imagecodecs", "pillow-heif", "OpenEXR", "Flask", "waitress",
):  # fmt: skip
    with contextlib.suppress(PackageNotFoundError):
        datas += copy_metadata(package)

# Formats that need an extra, and the codecs that imagecodecs itself imports by name.
for optional in ("pillow_heif", "OpenEXR"):
    if importlib.util.find_spec(optional):
        hiddenimports.append(optional)
hiddenimports += collect_submodules("imagecodecs")
