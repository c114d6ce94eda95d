# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's language: Blender's own mechanism, fed from the catalogues of this add-on and the kit.

What Blender translates by itself (labels, names, its own words) it looks up here; everything else
goes through `tr`.
"""

import os

import bpy

from . import mattebrush_kit as kit
from .mattebrush_kit import languages

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "locale")
_LOCALES = {
    "de": ("de_DE", "de"),
    "es": ("es", "es_ES"),
    "fr": ("fr_FR", "fr"),
    "it": ("it_IT", "it"),
    "ja": ("ja_JP", "ja"),
    "pt_BR": ("pt_BR",),
    "ru": ("ru_RU", "ru"),
    "zh_CN": ("zh_HANS", "zh_CN"),
}
"""What Blender's versions call the languages that there are catalogues of."""

_CONTEXTS = ("*", "Operator")

_translated = kit.translator(_FOLDER)


def tr(text, **values):
    """A text in the language that Blender is in now. values: what stands in braces in it."""
    follow()
    return _translated(text).format(**values) if values else _translated(text)


def follow():
    """Takes the language that Blender is in now."""
    kit.use_language(bpy.app.translations.locale or "en")


def register():
    """Gives Blender the catalogues."""
    catalogues = {}
    for language, locales in _LOCALES.items():
        texts = {**languages.catalogue(language), **languages.catalogue(language, _FOLDER)}
        entry = {
            (context, text): translated
            for text, translated in texts.items()
            for context in _CONTEXTS
        }
        catalogues.update(dict.fromkeys(locales, entry))
    bpy.app.translations.register(__package__, catalogues)
    follow()


def unregister():
    """Takes them back."""
    bpy.app.translations.unregister(__package__)
