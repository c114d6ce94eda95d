# SPDX-License-Identifier: Apache-2.0
"""What every host offers its user: the same choices in the same words, from tables.

Standard library only, for Python 2.7 and 3.8 to 3.14, and no host's API: GIMP, Krita, Blender and
the server's page draw from it. It lies beside `mattebrush_client` in each plug-in:

    import mattebrush_kit as kit                # GIMP
    from . import mattebrush_kit as kit         # Krita, Blender
    kit.use_language("pt_BR")                   # the host's language; "" is the environment's

Texts in tables are English, the keys of the translations: show them through `kit.tr`.

    for option in kit.options_for("remove"):    # a row each: kind, range, choices, words
        draw(option.kind, kit.tr(option.title), kit.tr(option.tip), option.default)
    job = client.connect().start(kit.job_options("remove", values), image=picture)
    progress = kit.Progress("remove", last_report)
    while not job.wait(0.05):
        show(progress.update(job.stage, job.fraction))   # .text, .fraction, .time_left
    except client.ClientError as why:
        cure = kit.cure(why)                    # .text, .detail, .action, .label
    note = kit.remember(mask, x, y)             # bytes to keep beside the mask
    previous = kit.recall(note, mask, x, y)     # None when it is not about this mask

`stages`: what is going on. `actions`: the entries of a menu. `options`: what a user may choose.
`engines`: the engine's settings, its set-up's states, and what to ask before a download. `models`:
which networks there are, and how one is downloaded. `memory`: the remembered mask. `cures`: what to
do about an error. `progress`: how much time is left. `legend`: what black, white and gray strokes
mean. `objects`: the masks of an answer, by name. `report`: what was done, in words. `languages`:
translations, a host's own, too.

A new option, stage or error is a new row in one of these tables.
"""

from .actions import ACTIONS, Action, action
from .cures import CURE_ACTIONS, CURES, Cure, cure
from .engines import (
    ENGINE_SETTINGS,
    SETUP_ACTIONS,
    SETUP_STATES,
    Setting,
    model_question,
    removal_question,
    setup_question,
)
from .languages import LANGUAGES, language, tr, translator, use_language
from .legend import LEGEND, Stroke
from .memory import recall, remember
from .models import (
    SUBJECT_KINDS,
    WORD_KINDS,
    Download,
    Model,
    download,
    list_models,
    model_facts,
    suitable,
)
from .objects import Part, objects_of, split_masks
from .options import DEVICES, OPTIONS, Option, checked, job_options, option, options_for
from .progress import Progress, Update, duration
from .report import engine_facts, summary
from .stages import STAGES, stage_text

__all__ = (
    "ACTIONS",
    "CURES",
    "CURE_ACTIONS",
    "DEVICES",
    "ENGINE_SETTINGS",
    "LANGUAGES",
    "LEGEND",
    "OPTIONS",
    "SETUP_ACTIONS",
    "SETUP_STATES",
    "STAGES",
    "SUBJECT_KINDS",
    "WORD_KINDS",
    "Action",
    "Cure",
    "Download",
    "Model",
    "Option",
    "Part",
    "Progress",
    "Setting",
    "Stroke",
    "Update",
    "action",
    "checked",
    "cure",
    "download",
    "duration",
    "engine_facts",
    "job_options",
    "language",
    "list_models",
    "model_facts",
    "model_question",
    "objects_of",
    "option",
    "options_for",
    "recall",
    "remember",
    "removal_question",
    "setup_question",
    "split_masks",
    "stage_text",
    "suitable",
    "summary",
    "tr",
    "translator",
    "use_language",
)
