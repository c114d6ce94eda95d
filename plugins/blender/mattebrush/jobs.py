# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks Mattebrush's engine, through the client that all plug-ins share.

`work` is a generator: it yields what is going on until the answer is there, so that the window
stays live (`tasks.py` drives it); closing it ends the engine's job.
"""

import importlib.util
import ipaddress
import os
import sys
import threading
from urllib.parse import urlparse

import bpy
import numpy as np

from . import mattebrush_client as client
from . import mattebrush_kit as kit
from .problem import Problem


def preferences():
    """This add-on's preferences."""
    return bpy.context.preferences.addons[__package__].preferences


def settings():
    """The engine to use: what was installed and chosen for all programs, the one that this
    extension brought along, then what was chosen here.

    Raises Problem when that is a server on another computer and Blender is told to stay offline.
    """
    chosen = client.Settings.load()
    own = preferences()
    if own.engine != "default":
        chosen.engine = own.engine
    brought = bundled_engine()
    if own.python:
        chosen.python, chosen.python_path = bpy.path.abspath(own.python), ""
    elif brought:
        chosen.python, chosen.python_path = sys.executable, brought
    if own.server:
        chosen.server, chosen.token = own.server, own.token
    if chosen.server and not _is_here(chosen.server) and not online():
        raise Problem(
            "The server {server} is on another computer, and Blender may not go online.",
            "Allow Online Access in Preferences > System, or clear the address.",
            server=chosen.server,
        )
    return chosen


def bundled_engine():
    """Where the engine lies that came in this extension's wheels, with Blender's own numpy, for a
    child of Blender's own Python; "" when it came without."""
    spec = importlib.util.find_spec("mattebrush")
    if "." not in __package__ or spec is None or not spec.origin:
        return ""  # not an extension, or one without wheels
    packages = os.path.dirname(os.path.dirname(spec.origin))
    numpy = os.path.dirname(os.path.dirname(np.__file__))
    return os.pathsep.join([packages, *([numpy] if numpy != packages else [])])


def online():
    """Whether Blender may go online."""
    return getattr(bpy.app, "online_access", True)  # before 4.2 there was no such choice


def _is_here(address):
    host = urlparse(address if "//" in address else f"http://{address}").hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def options(op, model="", **more):
    """The options of a job: the preferences, and what is said here.

    more: options of the job contract (docs/job-contract.md).
    """
    values = {"model": model or preferences().model, "device": preferences().device}
    return kit.job_options(op, values, **more)


def work(options, **arrays):
    """Runs one job. Yields (stage, fraction); returns the client's Answer with numpy arrays.

    arrays: numpy, by member name; None is left out. Raises ClientError and Problem.
    """
    engine = client.connect(settings())
    job = engine.start(options, **{name: _sent(array) for name, array in arrays.items()})
    try:
        while not job.poll():
            yield job.stage, job.fraction
        answer = job.result()
    finally:
        job.cancel()  # harmless when it has ended
    return _numpy(answer)


def _numpy(answer):
    parts = ("alpha", "foreground", "state")
    return answer._replace(**{name: _received(getattr(answer, name)) for name in parts})


def with_progress(steps, before, start, share):
    """A job's progress as (text, fraction): `share` of the whole, from `start` on."""
    while True:
        try:
            stage, fraction = next(steps)
        except StopIteration as end:
            return end.value
        yield before + kit.stage_text(stage), start + share * fraction


def kind_of(name):
    """An installed model's kind: "salient", "video" or another. Yields as `work` does."""
    if not name:
        return "salient"
    answer = yield from work({"op": "status"})
    return next((each["kind"] for each in answer.report["models"] if each["id"] == name), "")


def child():
    """The engine as a child process, which is what holds sessions; None where there is none, or
    a server was chosen."""
    chosen = settings()
    if chosen.engine == "server" or chosen.server:
        return None
    chosen.engine = "process"
    try:
        return client.connect(chosen)
    except client.EngineNotFound:
        return None


def session(engine, options, **arrays):
    """Opens a session over frames with `child`. Yields as `work` does; returns a
    `client.FrameSession`, to be closed by the caller."""
    sent = {name: _sent(array) for name, array in arrays.items()}
    opened, gone = [], threading.Event()

    def start():
        try:
            opened.append(client.FrameSession(engine, options, **sent))
        except Exception as error:
            opened.append(error)
        if gone.is_set() and isinstance(opened[0], client.FrameSession):
            opened[0].close()

    thread = threading.Thread(target=start, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            yield "start", 0.0
    except GeneratorExit:
        gone.set()
        raise
    if isinstance(opened[0], Exception):
        raise opened[0]
    return opened[0]


def ask(session, options, **arrays):
    """Sends a request to a session; returns its job at once, for `answer`."""
    return session.ask(options, **{name: _sent(array) for name, array in arrays.items()})


def answer(job):
    """Waits for a session's answer. Yields as `work` does; returns it with numpy arrays."""
    while not job.poll():
        # The engine runs already: what it begins a frame with is the subject.
        yield "segmentation" if job.stage == job.first_stage else job.stage, job.fraction
    return _numpy(job.result())


def _sent(array):
    if array is None:
        return None
    return client.Array(np.ascontiguousarray(array).tobytes(), array.shape, str(array.dtype))


def _received(array):
    if array is None:
        return None
    return np.frombuffer(array.data, array.dtype).reshape(array.shape)
