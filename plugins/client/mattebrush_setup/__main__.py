# SPDX-License-Identifier: Apache-2.0
"""The set-up from a terminal or an installer script: `python -m mattebrush_setup run`."""

from __future__ import print_function

import argparse
import sys

import mattebrush_kit as kit
from mattebrush_client import ClientError

import mattebrush_setup as setup


def main(arguments=None):
    """Does one thing; returns the exit status."""
    parser = argparse.ArgumentParser(prog="mattebrush_setup", description=__doc__)
    parser.add_argument("what", choices=("run", "repair", "verify", "remove", "status", "which"))
    parser.add_argument("--folder", default="", help="of an unpacked offline bundle")
    parser.add_argument("--index", default="", help="address of a package index or mirror")
    parser.add_argument("--yes", action="store_true", help="agree to the download")
    parsed = parser.parse_args(arguments)
    source = setup.Source(parsed.index, parsed.folder)
    try:
        if parsed.what in ("run", "repair"):
            agreed = parsed.yes or _agrees(setup.plan(source))
            job = getattr(setup, parsed.what)(agreed, source)
        elif parsed.what in ("status", "which"):
            status = setup.status()
            print(status.state if parsed.what == "status" else status.python)
            return 0
        else:
            job = getattr(setup, parsed.what)()
        _watch(job)
        print(job.result().state)
        return 0
    except ClientError as why:
        print("mattebrush_setup: %s" % why, file=sys.stderr)
        return 1


def _agrees(plan):
    print("Mattebrush %s, from %s into %s" % (plan.version, plan.source, plan.folder))
    print("%d MB to download, %d MB on the disk." % (plan.download / 1e6, plan.disk / 1e6))
    if not sys.stdin.isatty():
        return False
    sys.stdout.write("Go on? [y/N] ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _watch(job):
    """Says each stage once, and how far it is on a terminal."""
    stage, terminal = None, sys.stderr.isatty()
    while not job.wait(0.1):
        if stage != job.stage:
            stage = job.stage
            print("%s..." % kit.stage_text(stage), file=sys.stderr)
        if terminal:
            sys.stderr.write("\r%3d %%\r" % (100 * job.fraction))
            sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
