# SPDX-License-Identifier: Apache-2.0
"""`mattebrush plugin install | uninstall | status | build`: the plug-ins of the editors."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputInvalid
from ..plugins import packages, places, wheels
from ..plugins.places import HOSTS, NAMES, Place

if TYPE_CHECKING:
    from .command_line import Subparsers
_NEXT = {
    "gimp": "Restart GIMP; the entries are in Layer > Mask and Filters > Mattebrush.",
    "krita": "Start Krita, or restart it: the Mattebrush docker is there. (If not, switch it on"
    " in Settings > Configure Krita > Python Plugin Manager.)",
    "blender": "Restart Blender and switch Mattebrush on in Edit > Preferences > Add-ons.",
}
_FLATPAK_NEXT = """\
  In this Flatpak the engine is reached as a server. Start it with
    mattebrush serve
  and let the program see its address, once:
    flatpak override --user --filesystem=xdg-run/mattebrush:ro {app}"""
_SNAP_NEXT = """\
  In this Snap the engine is reached as a server: start "mattebrush serve" and enter the address
  that it prints, and the token from the file in the folder that it names, in the plug-in's
  settings."""
_WAY_OUT = (
    "Start the program once so that it makes its folders, or name one with --folder: for a Blender"
    " that is in no usual place, make its folder first, such as ~/.config/blender/4.5."
)
_APPS = {"gimp": "org.gimp.GIMP", "krita": "org.kde.krita", "blender": "org.blender.Blender"}


def add_parser(subparsers: Subparsers) -> None:
    """Registers `plugin` and its commands."""
    plugin = subparsers.add_parser(
        "plugin",
        help="install the plug-ins into GIMP, Krita and Blender",
        description="Puts the Mattebrush plug-ins into every version of GIMP, Krita and Blender "
        "found for this user. No administrator's rights are needed.",
    )
    commands = plugin.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, function, text in (
        ("install", _install, "copy a plug-in into its program and tell it where the engine is"),
        ("uninstall", _uninstall, "remove a plug-in from its program"),
    ):
        command = commands.add_parser(name, help=text, description=text.capitalize() + ".")
        _add_hosts(command)
        command.add_argument(
            "--folder",
            type=Path,
            help="the program's own folder of one version, such as ~/.config/GIMP/3.0, instead of"
            " those found (its name must end in the version, except for Krita)",
        )
        command.set_defaults(func=function)
    status = commands.add_parser("status", help="what is installed where")
    status.add_argument("--json", action="store_true", help="the same as JSON")
    status.set_defaults(func=_status)
    build = commands.add_parser("build", help="write the plug-ins as zips and print their paths")
    _add_hosts(build)
    build.add_argument(
        "--output-dir",
        "--to",
        type=Path,
        default=Path("dist"),
        metavar="DIR",
        help="folder for the zips (default: dist)",
    )
    build.add_argument(
        "--wheels",
        action="store_true",
        help="of Blender's extension one that holds the engine itself, for one platform",
    )
    build.add_argument(
        "--platform",
        metavar="P",
        default="",
        help=f"with --wheels: {', '.join(each.name for each in wheels.PLATFORMS)}"
        " (default: this machine's)",
    )
    build.add_argument(
        "--engine-wheel",
        type=Path,
        metavar="FILE",
        help="the engine's wheel, to be set up from inside the program",
    )
    build.set_defaults(func=_build)


def _add_hosts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "hosts", nargs="*", type=_host, metavar="gimp|krita|blender", help="default: all"
    )


def _host(text: str) -> str:
    if text not in HOSTS:
        raise argparse.ArgumentTypeError(f"{text} is none of {', '.join(HOSTS)}")
    return text


def _install(arguments: argparse.Namespace) -> int:
    packages.write_engine_location()
    targets = _places(arguments)
    for place in targets:
        folder = packages.install(place)
        print(f"{place}: installed in {folder}")
        print(f"  {_NEXT[place.host]}")
        if place.packaging == "flatpak":
            print(_FLATPAK_NEXT.format(app=_APPS[place.host]))
        if place.packaging == "snap":
            print(_SNAP_NEXT)
    return 0


def _uninstall(arguments: argparse.Namespace) -> int:
    for place in _places(arguments):
        print(f"{place}: {'removed' if packages.remove(place) else 'was not installed'}")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    rows = [
        {
            "program": str(place),
            "folder": str(place.folder),
            "plugin": packages.installed_version(place),
        }
        for host in HOSTS
        for place in places.find(host)
    ]
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return 0
    for row in rows:
        state = f"Mattebrush {row['plugin']}" if row["plugin"] else "not installed"
        print(f"{row['program']:<22} {state:<18} {row['folder']}")
    if not rows:
        print(_no_hosts(HOSTS))
    return 0


def _build(arguments: argparse.Namespace) -> int:
    if arguments.platform and not arguments.wheels:
        raise InputInvalid("--platform is for the extension with its wheels.", "Add --wheels.")
    if arguments.wheels:
        if arguments.hosts != ["blender"]:
            raise InputInvalid("--wheels is for Blender alone.", "Say: plugin build blender.")
        where = wheels.named(arguments.platform)
        print(packages.build_with_engine(where, arguments.output_dir))
        return 0
    packages.write_engine_location()
    for host in arguments.hosts or HOSTS:
        for path in packages.build(host, arguments.output_dir, arguments.engine_wheel):
            print(path)
    return 0


def _places(arguments: argparse.Namespace) -> list[Place]:
    """Where the user wants it. Raises InputInvalid when that is nowhere."""
    hosts = arguments.hosts or list(HOSTS)
    if arguments.folder is not None:
        return [_named(hosts, arguments.folder)]
    by_host = {host: places.find(host) for host in hosts}
    if "blender" in by_host:
        by_host["blender"] += places.fresh_blenders()
    targets = [place for each in by_host.values() for place in each]
    missing = [host for host in arguments.hosts if not by_host[host]]
    if missing or not targets:
        raise InputInvalid(_no_hosts(missing or hosts), _WAY_OUT)
    return targets


def _named(hosts: list[str], folder: Path) -> Place:
    if len(hosts) != 1:
        raise InputInvalid("--folder needs exactly one of gimp, krita, blender.")
    version = "" if hosts[0] == "krita" else folder.name
    if not folder.is_dir():
        raise InputInvalid(f"There is no folder {folder}.", "Create it, or start the program once.")
    place = Place(hosts[0], version, "native", folder.resolve())
    try:
        _ = place.number
    except ValueError:
        raise InputInvalid(
            f"{folder} does not end in a version.", "It should be such as ~/.config/GIMP/3.0."
        ) from None
    return place


def _no_hosts(hosts: tuple[str, ...] | list[str]) -> str:
    return f"No folders of {', '.join(NAMES[host] for host in hosts)} were found for this user."
