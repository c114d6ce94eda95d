# -*- coding: utf-8 -*-
# SPDX-License-Identifier: Apache-2.0
"""What plug-ins rely on in mattebrush_kit, as unittest cases for Python 2.7 and 3.

Run by test_kit.py under each Python at hand; by itself: python kit_cases.py
"""

import os
import shutil
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, os.pardir, "plugins", "client"))
sys.dont_write_bytecode = True

import mattebrush_client as client  # noqa: E402
import mattebrush_kit as kit  # noqa: E402
from mattebrush_kit import languages  # noqa: E402


def array(values, dtype="uint8"):
    return client.Array(bytes(bytearray(values)), (2, len(values) // 2), dtype)


class English(unittest.TestCase):
    def setUp(self):
        kit.use_language("en")


class TheRememberedMask(English):
    def test_comes_back_as_it_was(self):
        mask = array(range(12))
        note = kit.remember(mask, -3, 70000)
        self.assertEqual(kit.recall(note, array([9] * 12), -3, 70000), mask)

    def test_of_another_place_size_or_depth_is_none(self):
        mask = array(range(12))
        note = kit.remember(mask, 1, 2)
        wide = client.Array(b"\0" * 24, (2, 6), "uint16")
        self.assertIsNone(kit.recall(note, mask, 1, 3))
        self.assertIsNone(kit.recall(note, array(range(14)), 1, 2))
        self.assertIsNone(kit.recall(note, wide, 1, 2))
        self.assertIsNone(kit.recall(None, mask, 1, 2))

    def test_that_was_damaged_is_none(self):
        mask = array(range(12))
        note = kit.remember(mask)
        self.assertIsNone(kit.recall(note[:-6], mask))
        self.assertIsNone(kit.recall(note[:20], mask))
        self.assertIsNone(kit.recall(b"", mask))
        more = kit.remember(array(range(14)))
        self.assertIsNone(kit.recall(note[:24] + more[24:], mask))


class Choices(English):
    def test_a_job_gets_what_its_operation_heeds(self):
        options = kit.job_options("remove", {"feather": 2, "model": "u2net", "x": 1}, depth=16)
        self.assertEqual(options["feather"], 2.0)
        self.assertEqual(options["model"], "u2net")
        self.assertEqual((options["op"], options["depth"]), ("remove", 16))
        self.assertNotIn("x", options)
        self.assertNotIn("existing", options)
        self.assertNotIn("feather", kit.job_options("refine", {"feather": 2}))

    def test_without_a_model_the_engine_takes_its_own(self):
        self.assertNotIn("model", kit.job_options("remove", {}))
        self.assertNotIn("model", kit.job_options("remove", {"model": " "}))

    def test_what_makes_no_sense_is_the_default_or_the_nearest(self):
        self.assertEqual(kit.checked("feather", 1e9), 100.0)
        self.assertEqual(kit.checked("feather", float("nan")), 0.0)
        self.assertEqual(kit.checked("feather", "much"), 0.0)
        self.assertEqual(kit.checked("feather", "2.5"), 2.5)
        self.assertEqual(kit.checked("device", "abacus"), "auto")
        self.assertIs(kit.checked("hard", "yes"), False)

    def test_every_row_is_whole(self):
        for row in kit.OPTIONS:
            self.assertEqual(kit.option(row.name), row)
            self.assertTrue(row.title and row.tip and row.ops, row.name)
            self.assertEqual(kit.checked(row.name, row.default), row.default)
            if row.kind == "number":
                self.assertTrue(row.low <= row.default <= row.high and row.step > 0)


class TheBar(English):
    def setUp(self):
        English.setUp(self)
        self.now = 100.0

    def progress(self, *arguments, **more):
        return kit.Progress(*arguments, clock=lambda: self.now, **more)

    def test_never_goes_back_and_ends_full(self):
        bar = self.progress("remove")
        displayed = []
        for stage, fraction in (
            ("start", 0.0), ("segmentation", 0.0), ("segmentation", 1.0), ("matting", 0.0),
            ("matting", 0.7), ("matting", 0.0), ("matting", 1.0), ("retouch", 1.0),
        ):  # fmt: skip
            self.now += 0.5
            displayed.append(bar.update(stage, fraction).fraction)
        self.assertEqual(displayed, sorted(displayed))
        self.assertEqual(displayed[-1], 1.0)
        self.assertGreater(displayed[3], 0.1)

    def test_moves_while_a_network_runs(self):
        bar = self.progress("remove")
        first = bar.update("segmentation", 0.0).fraction
        self.now += 0.4
        self.assertGreater(bar.update("segmentation", 0.0).fraction, first + 0.01)

    def test_tells_the_time_left(self):
        bar = self.progress("matte")
        self.assertEqual(bar.update("start", 0.0).time_left, "")
        self.now += 30.0
        left = bar.update("matting", 0.5).seconds_left
        self.assertTrue(20.0 < left < 40.0, left)
        self.assertIn("left", bar.update("matting", 0.5).time_left)

    def test_learns_from_the_run_before(self):
        bar = self.progress("refine", {"seconds": {"matting": 9.6}})
        self.now += 4.0
        self.assertAlmostEqual(bar.update("matting", 0.4).seconds_left, 6.0)

    def test_a_stage_that_nobody_knows_is_work(self):
        displayed = self.progress("remove").update("polishing", 0.5)
        self.assertEqual((displayed.text, displayed.fraction), ("Working", 0.0))

    def test_durations_in_words(self):
        for seconds, words in (
            (0.2, "1 s"), (3.2, "4 s"), (42, "40 s"), (56, "1 min"), (160, "3 min"),
            (3900, "1 h 5 min"),
        ):  # fmt: skip
            self.assertEqual(kit.duration(seconds), words)


class Errors(English):
    def test_a_missing_engine_leads_to_the_set_up(self):
        cure = kit.cure(client.EngineNotFound("There is none at /x.", "Do it."))
        self.assertEqual((cure.action, cure.label), ("set-up", "Set Up..."))
        self.assertEqual(cure.detail, "There is none at /x. Do it.")

    def test_a_hosts_own_sentence_is_shown_as_it_is(self):
        cure = kit.cure(client.ClientError("No picture is open."))
        self.assertEqual(cure, kit.Cure("No picture is open.", "", "", ""))

    def test_one_of_a_later_engine_is_shown_as_it_is(self):
        cure = kit.cure(client.EngineRefused("new-trouble", "The moon is full.", "Wait."))
        self.assertEqual((cure.text, cure.action), ("The moon is full. Wait.", ""))


class Translations(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.before = dict(os.environ)

    def tearDown(self):
        shutil.rmtree(self.folder)
        os.environ.clear()
        os.environ.update(self.before)
        kit.use_language("en")

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode("utf-8"))

    def test_names_of_languages(self):
        for name, code in (
            ("de", "de"), ("de_AT.UTF-8", "de"), ("pt", "pt_BR"), ("pt-PT", "pt_BR"),
            ("zh_CN", "zh_CN"),
            ("zh-Hans", "zh_CN"), ("zh_TW", "en"), ("zh-Hant-HK", "en"), ("ja_JP", "ja"),
            ("tlh", "en"),
            ("en_GB", "en"), ("", "en"),
        ):  # fmt: skip
            self.assertEqual(languages.known(name), code, name)

    def test_the_environments_language(self):
        for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
            os.environ.pop(name, None)
        os.environ["LANG"] = "fr_FR.UTF-8"
        self.assertEqual(kit.use_language(), "fr")
        os.environ["LANGUAGE"] = "tlh:it:de"
        self.assertEqual(kit.use_language(), "it")
        os.environ["LANGUAGE"] = "en_US:de"
        self.assertEqual(kit.use_language(), "en")

    def test_a_hosts_catalog_is_read_before_the_kits(self):
        self.write(
            "de.po",
            'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
            '#. a remark\nmsgid "Layer \\"%s\\""\nmsgstr ""\n"Ebene "\n"»%s«\\n"\n\n'
            '#, fuzzy\nmsgid "guess"\nmsgstr "geraten"\n\nmsgid "open"\nmsgstr ""\n',
        )
        translate = kit.translator(self.folder)
        kit.use_language("de_DE")
        self.assertEqual(translate('Layer "%s"'), "Ebene »%s«\n")
        self.assertEqual(translate("guess"), "guess")
        self.assertEqual(translate("open"), "open")
        self.assertIsInstance(translate('Layer "%s"'), str)
        kit.use_language("en")
        self.assertEqual(translate('Layer "%s"'), 'Layer "%s"')

    def test_a_damaged_catalog_gives_english(self):
        self.write("de.po", "msgid broken\n")
        kit.use_language("de")
        self.assertEqual(kit.translator(self.folder)("xyz"), "xyz")
        self.assertRaises(ValueError, languages.read_po, "nonsense")


class Catalogs(unittest.TestCase):
    def tearDown(self):
        kit.use_language("en")

    def test_the_kits_own_are_read(self):
        for name, words in (
            ("de", "Maske verfeinern"), ("fr_CA", "Affiner le masque"), ("ja", "マスクを調整"),
            ("zh-Hans", "优化蒙版"), ("ru", "Уточнить маску"),
        ):  # fmt: skip
            kit.use_language(name)
            self.assertEqual(kit.tr("Refine Mask"), words)
            self.assertIsInstance(kit.stage_text("matting"), str)

    def test_all_of_the_kit_speaks_every_language(self):
        now = [100.0]
        report = {
            "version": "1",
            "seconds": {},
            "devices": [{"name": "cpu", "works": True}],
            "models": [{"id": "u2net"}],
        }
        for code, _name in kit.LANGUAGES:
            kit.use_language(code)
            bar = kit.Progress("refine", clock=lambda: now[0])
            now[0] += 400.0
            displayed = bar.update("matting", 0.5)
            words = [displayed.text, displayed.time_left, kit.summary({"model": "a"}, 1.0)]
            words += kit.engine_facts(report, "child process of x")
            words += kit.cure(client.EngineNotFound("There is none."))
            self.assertEqual([word for word in words if not isinstance(word, str)], [])
            self.assertNotIn("left", displayed.time_left)


class Reports(English):
    def test_a_run_in_a_few_words(self):
        report = {"model": "u2net", "matting": "mattebrush-matting", "device": "cpu"}
        expected = "u2net + mattebrush-matting · cpu · 2.3 s"
        self.assertEqual(kit.summary(report, 2.34), expected)

    def test_models_in_the_order_of_a_list(self):
        def model(name, **more):
            values = dict.fromkeys(kit.Model._fields, "")
            values.update(id=name, kind="salient", size=9, commercial="yes", embedded=False,
                          installed=False, gated=False)  # fmt: skip
            values.update(more)
            return kit.Model(**values)

        rows = [
            model("far", commercial="no", size=1), model("large", size=20), model("small"),
            model("here", installed=True), model("own", embedded=True),
            model("edge", kind="trimap"),
        ]  # fmt: skip
        results = [row.id for row in kit.suitable(rows)]
        self.assertEqual(results, ["own", "here", "small", "large", "far"])


if __name__ == "__main__":
    unittest.main()
