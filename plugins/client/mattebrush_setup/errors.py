# SPDX-License-Identifier: Apache-2.0
"""What can go wrong while the engine is set up. `mattebrush_kit.cures` has the words by `code`."""

from ._client import client


class ConsentMissing(client.ClientError):
    """The user did not agree to the download."""

    code = "consent-missing"


class SourceUnreachable(client.ClientError):
    """The package index cannot be read, or lacks what is needed."""

    code = "setup-unreachable"


class EngineDamaged(client.ClientError):
    """What arrived, or what is installed, is not what was published."""

    code = "engine-damaged"


class NoSpace(client.ClientError):
    """The disk is too full."""

    code = "setup-no-space"


class SetupBusy(client.ClientError):
    """Another program of this user is setting the engine up."""

    code = "setup-busy"


class SetupFailed(client.ClientError):
    """Anything else; the message has the installer's last words."""

    code = "setup-failed"
