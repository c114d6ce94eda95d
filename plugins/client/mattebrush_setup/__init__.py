# SPDX-License-Identifier: Apache-2.0
"""Sets the engine up from inside a host: one button, no terminal, no Python to install first.

Standard library only, for Python 2.7 and 3.8 to 3.14; it lies beside `mattebrush_client` and
`mattebrush_kit` in each plug-in. A pinned `uv`, one program, is fetched and checked; it makes an
environment of its own in the user's data folder and installs the engine there, each package by
its hash. From then on every host of this user finds that engine by itself.

    import mattebrush_setup as setup                # GIMP
    from . import mattebrush_setup as setup         # Krita, Blender
    setup.status().state            # "absent", "partial", "ready", "outdated" or "damaged"
    plan = setup.plan()             # what would be fetched, from where, to where: ask the user
    job = setup.run(agreed=True)    # a job as the client's: stage, fraction, poll, cancel, result
    while not job.wait(0.05):
        show(kit.stage_text(job.stage), job.fraction)
    job.result()                    # the `Status`; or raises a ClientError that kit.cure knows

`run` sets up, goes on with what was interrupted, and upgrades. `verify` compares every installed
file with its hash and tries the engine; `repair` builds the environment anew; `remove` takes all
of it away again. Each of them returns a job at once and does its work in a thread. Nothing is
fetched unless `agreed` is true, which is the user's answer to `plan`; nothing is done for another
user or as administrator; the host's own Python is only what runs this.

Where from: a `Source`. By default the plug-in's own copy of the engine and the package index that
the user's pip is set to; or a folder, such as an unpacked offline bundle. Proxies are those of the
environment and the system.
"""

from .environment import Plan, Status, plan, status
from .errors import (
    ConsentMissing,
    EngineDamaged,
    NoSpace,
    SetupBusy,
    SetupFailed,
    SourceUnreachable,
)
from .jobs import remove, repair, run, verify
from .source import Source

__all__ = (
    "ConsentMissing",
    "EngineDamaged",
    "NoSpace",
    "Plan",
    "SetupBusy",
    "SetupFailed",
    "Source",
    "SourceUnreachable",
    "Status",
    "plan",
    "remove",
    "repair",
    "run",
    "status",
    "verify",
)
