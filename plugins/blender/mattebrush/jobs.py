# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks Mattebrush's engine, through the client that all plug-ins share.

`work` is a generator: it yields what is going on until the answer is there, so that the window
stays live (`tasks.py` drives it); closing it ends the engine's job.
"""

import ipaddress
from urllib.parse import urlparse

import bpy
import numpy as np

from . import mattebrush_client as client
from .problem import Problem


def preferences():
    """This add-on's preferences."""
    return bpy.context.preferences.addons[__package__].preferences


def settings():
    """The engine to use: what was installed and chosen for all programs, then what was chosen here.

    Raises Problem when that is a server on another computer and Blender is told to stay offline.
    """
    chosen = client.Settings.load()
    own = preferences()
    if own.engine != "default":
        chosen.engine = own.engine
    if own.python:
        chosen.python, chosen.python_path = bpy.path.abspath(own.python), ""
    if own.server:
        chosen.server, chosen.token = own.server, own.token
    if chosen.server and not _is_here(chosen.server) and not _online():
        raise Problem(
            f"The server {chosen.server} is on another computer, and Blender may not go online.",
            "Allow Online Access in Preferences > System, or clear the address.",
        )
    return chosen


def _online():
    return getattr(bpy.app, "online_access", True)  # before 4.2 there was no such choice


def _is_here(address):
    host = urlparse(address if "//" in address else f"http://{address}").hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def work(options, **arrays):
    """Runs one job. Yields (stage, fraction); returns the client's Answer with numpy arrays.

    arrays: numpy, by member name; None is left out. Raises ClientError and Problem.
    """
    own = preferences()
    if options["op"] != "status":
        options = {**({"model": own.model} if own.model else {}), **options}
        if own.device != "auto":
            options["device"] = own.device
    engine = client.connect(settings())
    job = engine.start(options, **{name: _sent(array) for name, array in arrays.items()})
    try:
        while not job.poll():
            yield job.stage, job.fraction
        answer = job.result()
    finally:
        job.cancel()  # harmless when it has ended
    return client.Answer(_received(answer.alpha), _received(answer.foreground), answer.report)


def is_video_model(name):
    """Whether an installed model remembers the frames before. Yields as `work` does."""
    if not name:
        return False
    answer = yield from work({"op": "status"})
    return any(each["id"] == name and each["kind"] == "video" for each in answer.report["models"])


def _sent(array):
    if array is None:
        return None
    return client.Array(np.ascontiguousarray(array).tobytes(), array.shape, str(array.dtype))


def _received(array):
    if array is None:
        return None
    return np.frombuffer(array.data, array.dtype).reshape(array.shape)
