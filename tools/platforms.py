# SPDX-License-Identifier: Apache-2.0
"""The platforms that get ready-made packages, as pip and the markers of requirements know them."""

from __future__ import annotations

import dataclasses
import re

PYTHON = "3.12"
"""What sizes are measured with."""

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""What the lock is for, oldest first."""


def python_range(pythons: tuple[str, ...]) -> str:
    """Versions without a gap, as a requirement names them: ">=3.11,<3.15"."""
    return f">={pythons[0]},<3.{int(pythons[-1].split('.')[1]) + 1}"


@dataclasses.dataclass(frozen=True)
class Platform:
    """One platform.

    key: as in the set-up's pins.json. tags: platform tags of wheels that run there, as pip takes
    them. sys_platform, machine, os_name, system: values of the environment markers. pythons: those
    that all of the locked packages have wheels for, oldest first.
    """

    key: str
    tags: tuple[str, ...]
    sys_platform: str
    machine: str
    os_name: str = "posix"
    system: str = "Linux"
    pythons: tuple[str, ...] = PYTHONS

    @property
    def python_range(self) -> str:
        """The Pythons, as a requirement names them."""
        return python_range(self.pythons)

    def runs(self, tag: str) -> bool:
        """Whether a wheel of this platform tag runs there."""
        if tag == "any" or tag in self.tags:
            return True
        newest = re.fullmatch(r"macosx_(\d+)_(\d+)_(\w+)", self.tags[0])
        other = re.fullmatch(r"macosx_(\d+)_(\d+)_(\w+)", tag)
        if newest is None or other is None:
            # Older names of manylinux, whose machine and age are right all the same.
            old = ("manylinux1_", "manylinux2010_", "manylinux_2_5_", "manylinux_2_12_")
            return tag.startswith(old) and tag.endswith(f"_{self.machine}")
        old_enough = [int(each) for each in other.groups()[:2]] <= [
            int(each) for each in newest.groups()[:2]
        ]
        return old_enough and other.group(3) in (self.machine, "universal2", "intel")

    def markers(self, python: str = PYTHON) -> dict[str, str]:
        """The environment in which a requirement's marker is evaluated."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{python}.0",
            "os_name": self.os_name,
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": self.system,
            "platform_version": "",
            "python_full_version": f"{python}.0",
            "python_version": python,
            "sys_platform": self.sys_platform,
            "extra": "",
        }


def _manylinux(machine: str, newest: int) -> tuple[str, ...]:
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(newest, 16, -1)]
    return (*tags, f"manylinux2014_{machine}")


PLATFORMS = {
    platform.key: platform
    for platform in (
        # glibc 2.28: Debian 10, Ubuntu 18.10, RHEL 8
        Platform("linux-x86_64", _manylinux("x86_64", 28), "linux", "x86_64"),
        Platform("linux-aarch64", _manylinux("aarch64", 28), "linux", "aarch64"),
        Platform("windows-x86_64", ("win_amd64",), "win32", "AMD64", "nt", "Windows"),
        Platform("macos-arm64", ("macosx_14_0_arm64",), "darwin", "arm64", system="Darwin"),
        # The last onnxruntime for Intel's processors is older than Python 3.14.
        Platform(
            "macos-x86_64",
            ("macosx_13_0_x86_64",),
            "darwin",
            "x86_64",
            system="Darwin",
            pythons=PYTHONS[:-1],
        ),
    )
}
