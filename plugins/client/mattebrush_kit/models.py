# SPDX-License-Identifier: Apache-2.0
"""Which networks there are, in the words of a list to choose from; and getting one, by consent.

Both wait for the engine: call them where the host may wait, or use `Download` as any job.
"""

import collections
import json
import os

from ._client import client
from .languages import _native, tr
from .stages import N_

COMMERCIAL = {
    "yes": N_("commercial use allowed"),
    "caveat": N_("commercial use allowed, with a note"),
    "no": N_("not for commercial use"),
    "unknown": N_("license not stated"),
}
"""English words by the catalogue's value of `commercial`."""

SUBJECT_KINDS = ("salient", "prompt")
"""Kinds of models that find a subject in one picture."""

WORD_KINDS = ("text-boxes", "text-map")
"""Kinds of models that find things by words. SAM 3's is none of these: it is there only for who
asks for it by name, since its license has limits of use."""

_POLL_SECONDS = 0.25

_FIELDS = "id name kind size license commercial license_note best_at page gated embedded installed"


class Model(collections.namedtuple("Model", _FIELDS)):
    """One network of the catalogue (docs/models.md). size: bytes to download, 0 when unknown.
    gated: its page asks for an agreement before. installed: whether it can run now."""

    __slots__ = ()


def list_models(settings=None):
    """Every model that the engine knows, as a list of `Model`; the built-in ones come first.

    Waits up to some seconds. Raises ClientError.
    """
    engine = client.connect(settings)
    if isinstance(engine, client.ServerEngine):
        rows = engine.json("/v1/models")["models"]
    else:
        rows = json.loads(_output(engine, ["models", "list", "--json"]).decode("utf-8"))
    return [_model(row) for row in rows]


def suitable(models, kinds=SUBJECT_KINDS):
    """Those of `models` that do the work of one of `kinds`, in the order in which a list has them:
    those that can run now, then those that anyone may use, smallest first."""
    chosen = [model for model in models if model.kind in kinds]
    rank = {"yes": 0, "caveat": 0, "unknown": 1, "no": 2}
    return sorted(
        chosen,
        key=lambda m: (
            not m.embedded,
            not m.installed,
            rank.get(m.commercial, 1),
            m.size or 1 << 40,
        ),
    )


def model_facts(model):
    """What to show beside a model's name: (what it is best at, size, license), translated."""
    size = tr("%d MB") % max(1, round(model.size / 1e6)) if model.size else tr("size unknown")
    if model.embedded:
        size = tr("built in")
    elif model.installed:
        size = tr("downloaded, %s") % size
    terms = "%s, %s" % (
        _native(model.license),
        tr(COMMERCIAL.get(model.commercial, "license not stated")),
    )
    return tr(model.best_at), size, terms


def download(model, settings=None, mirror=""):
    """Starts the download of a model whose license the user has seen and agreed to.

    Returns a `Download`, or one as it when only a server is at hand, which then fetches the model
    for itself. Raises ClientError.
    """
    settings = settings or client.Settings.load()
    if settings.python and os.path.isfile(settings.python):
        engine = client.ProcessEngine(settings.python, settings.python_path)
    else:
        engine = client.connect(settings)
    if isinstance(engine, client.ServerEngine):
        return _ServerDownload(engine, model)
    return Download(engine, model, mirror)


class Download(client.Job):
    """A download under way: `stage` "download", `fraction`, `poll`, `wait`, `cancel`, `result`.

    What has arrived of a cancelled one is kept, and the next goes on from there.
    """

    def __init__(self, engine, model, mirror=""):
        arguments = ["models", "pull", "--accept-license", "--json"]
        self._command = engine.command(
            arguments + (["--mirror", mirror] if mirror else []) + [model]
        )
        self._engine = engine
        self._process = None
        client.Job.__init__(self, None)

    def _work(self):
        process = self._process = self._engine.spawn(self._command)
        if self._stop.is_set():  # cancelled while it started
            self._kill()
        process.stdin.close()
        words = []
        for line in iter(process.stderr.readline, b""):
            progress = client.parse_progress(line)
            if progress is not None:
                self._report(*progress)
            else:
                words.append(line.decode("utf-8", "replace").rstrip())
        answer = process.stdout.read()
        if process.wait():
            raise _failure(answer, words)
        return json.loads(answer.decode("utf-8"))

    def _kill(self):
        client.end(self._process)


class _ServerDownload(client.Job):
    """A download that a server does for itself, followed as any of its jobs."""

    def __init__(self, engine, model):
        self._engine, self._model = engine, model
        client.Job.__init__(self, None)

    def _work(self):
        rows = self._engine.json("/v1/models")["models"]
        licenses = {row["id"]: row["license"] for row in rows}
        consent = json.dumps({"accept_license": licenses.get(self._model, "")}).encode("utf-8")
        answer = self._engine.ask(
            "POST", "/v1/models/%s" % self._model, [consent], {"Content-Type": "application/json"}
        )
        route = "/v1/jobs/%s" % json.loads(answer[1].decode("utf-8"))["id"]
        while True:
            state = self._engine.json(route)
            self._report(state.get("stage") or "download", state.get("fraction") or 0.0)
            if state.get("state") not in ("queued", "running"):
                if state.get("error"):
                    raise _failure(json.dumps(state["error"]).encode("utf-8"), [])
                return {self._model: []}
            if self._stop.wait(_POLL_SECONDS):
                self._engine.ask("DELETE", route)
                raise client.Cancelled()


def _output(engine, arguments):
    """What a command of the engine prints. Raises ClientError."""
    process = engine.spawn(engine.command(arguments))
    out, err = process.communicate()
    if process.returncode:
        raise _failure(out, err.decode("utf-8", "replace").splitlines())
    return out


def _failure(answer, words):
    """The exception for a command that failed: its own failure object, else its last words."""
    try:
        failure = json.loads(answer.decode("utf-8"))
        failure = failure.get("error", failure)
        return client.EngineRefused(failure["code"], failure["message"], failure.get("fix", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        last = words[-1] if words else "?"
        return client.EngineDied("The engine's command failed: %s" % last, client.INSTALL_HINT)


def _model(row):
    values = {name: row.get(name) for name in Model._fields}
    values["installed"] = bool(values["installed"])
    values["embedded"] = bool(values["embedded"])
    values["gated"] = bool(values["gated"])
    values["size"] = values["size"] or 0
    for name in ("name", "license_note", "best_at", "page", "license", "commercial"):
        values[name] = values[name] or ""
    return Model(**values)
