# SPDX-License-Identifier: Apache-2.0
"""The catalogues of translations: whole, and with nothing lost of their texts."""

from pathlib import Path

import pytest

from tools import messages
from tools.messages import DOMAINS, Domain


@pytest.mark.parametrize(
    "name", [name for name, domain in DOMAINS.items() if list(domain.locale.glob("*.po"))]
)
def test_nothing_is_missing_or_broken(name: str) -> None:
    assert messages.check(DOMAINS[name]) == []


def test_eight_languages() -> None:
    assert {"de", "fr", "es", "pt_BR", "it", "ja", "zh_CN", "ru"} <= set(messages.languages())


@pytest.mark.parametrize(
    ("text", "translated", "mnemonic"),
    [
        ("%d of %s", "%s von %d", ""),
        ("%d of %s", "%d von", ""),
        ("{name} is", "{nom} est", ""),
        ("Open...", "Öffnen", ""),
        ("Model:", "Modell", ""),
        ("&Model", "Modell", "&"),
    ],
)
def test_what_a_translation_lost_is_told(text: str, translated: str, mnemonic: str) -> None:
    assert messages.broken(text, translated, mnemonic)


@pytest.mark.parametrize(
    ("text", "translated", "mnemonic"),
    [
        ("%(n)d of %(name)s", "%(name)s: %(n)d", ""),
        ("100 %% of %s", "100 %% von %s", ""),
        ("&Model:", "模型(&M)：", "&"),
        ("Black && white", "Schwarz && weiß", "&"),
    ],
)
def test_what_is_whole_is_left_alone(text: str, translated: str, mnemonic: str) -> None:
    assert messages.broken(text, translated, mnemonic) == []


def test_update_keeps_translations_and_drops_what_is_gone(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text('print(_("one \\"%s\\""), tr("two" " three"), N_("four\\n"), _(text))')
    domain = Domain("test", tmp_path, tmp_path / "locale")
    messages.update(domain)
    path = domain.locale / "de.po"
    text = path.read_text("utf-8")
    assert messages.check(domain)[0] == """de.po: not translated: 'one "%s"'"""
    before, after = 'msgid "two three"\nmsgstr ""', 'msgid "two three"\nmsgstr "zwei drei"'
    assert before in text and 'msgid "four\\n"' in text
    more = '\nmsgid "gone"\nmsgstr "weg"\n'
    path.write_text(text.replace(before, after) + more, "utf-8")
    assert "de.po: no longer used: 'gone'" in messages.check(domain)
    messages.update(domain)
    text = path.read_text("utf-8")
    assert after in text and "gone" not in text
