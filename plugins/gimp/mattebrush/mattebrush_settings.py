# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's settings: those of the engine, which all hosts share, and the last values of each
entry, which are GIMP's own."""

import mattebrush_client as client
import mattebrush_kit as kit
from gimpfu import gimp
from mattebrush_actions import Failed
from mattebrush_text import native

LAST = "gimp"
"""Among the settings' other values: the last ones by entry."""


def remembered(name):
    """The last values of an entry, as far as there are any."""
    settings = client.Settings.load().other.get(LAST)
    settings = settings.get(name) if isinstance(settings, dict) else None
    return {native(k): _plain(v) for k, v in settings.items()} if isinstance(settings, dict) else {}


def remember(name, values):
    """Keeps an entry's values for the next time."""
    settings = client.Settings.load()
    last = settings.other.get(LAST)
    settings.other[LAST] = dict(last if isinstance(last, dict) else {}, **{name: values})
    try:
        settings.save()
    except client.ClientError:
        return  # a full disk must not keep anyone from working


def _plain(value):
    return value if isinstance(value, (bool, int, float, list)) else native(value)


def values():
    """What the dialog of the settings starts with."""
    now = client.Settings.load()
    return {
        "engine": now.engine,
        "python": "",
        "server": native(now.server),
        "token": "",
        "model": native(now.other.get("model", "")),
        "device": native(now.other.get("device", "auto")),
        "test": True,
    }


def change(image, layers, values):
    """Keeps the user's choices for all hosts; says what they lead to. Raises `Failed`."""
    settings = client.Settings.load()
    settings.engine, settings.server = values["engine"], values["server"].strip()
    if values["python"].strip():
        settings.python, settings.python_path = values["python"].strip(), ""
    if values["token"].strip():
        settings.token = values["token"].strip()
    settings.other.update(model=values["model"].strip(), device=values["device"])
    try:
        settings.save()
        if values["test"]:
            gimp.message("\n".join(facts(client.Settings.load())))
    except client.ClientError as why:
        raise Failed(why)


def facts(settings):
    """What a test of the engine says, a sentence each. Raises ClientError."""
    engine = client.connect(settings)
    return kit.engine_facts(client.run({"op": "status"}, settings=settings).report, str(engine))
