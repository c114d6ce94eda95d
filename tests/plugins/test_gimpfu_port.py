# SPDX-License-Identifier: Apache-2.0
"""`mattebrush gimpfu port`: the folder, Python 3, and what is said of which line."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

from mattebrush.cli import main
from mattebrush.errors import InputInvalid, OutputUnwritable
from mattebrush.plugins.gimpfu_port import port, procedures

OLD = b"""\
#!/usr/bin/env python
# -*- coding: latin-1 -*-
# Stra\xdfe
from gimpfu import *
import helper

def halve(image, drawable, count):
    print "halves", (image.width + 1) / 2, (1 / 2) / (9 / 4), 5 / 2.0
    if count <> 2:
\treturn
    for i in xrange(count / 4):
        pdb.gimp_message(u"x")
    pdb.plug_in_ccanalyze(image, drawable)
    pdb['plug-in-gmic-qt'](image)
    # pdb.plug_in_nothing

register("halve", "", "", "", "", "", "Halve", "*", [], [], halve)
main()
"""
NEW = "#!/usr/bin/env python3\nfrom gimpfu import *\nregister()\nmain()\n"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "halve.py"
    path.write_bytes(OLD)
    (tmp_path / "helper.py").write_text("print 'helps'\n")
    return path


def test_a_python_2_plugin_becomes_a_folder_that_gimp_3_takes(old: Path, tmp_path: Path) -> None:
    ported = port(old, tmp_path / "plug-ins")
    made = ported.folder / "halve.py"
    assert ported.folder == tmp_path / "plug-ins" / "halve"
    assert os.access(made, os.X_OK)
    text = made.read_text(encoding="utf-8")
    ast.parse(text)
    assert text.startswith("#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n# Stra\xdfe\n")
    assert "helps" in (ported.folder / "helper.py").read_text()
    assert {"__init__.py", "procedures.txt"} <= {
        path.name for path in (ported.folder / "gimpfu").iterdir()
    }
    for alias in ("gimp", "gimpcolor", "gimpenums", "gimpplugin", "gimpshelf", "gtk", "pygtk"):
        assert (ported.folder / f"{alias}.py").is_file()


def test_divisions_stay_what_they_were(old: Path, tmp_path: Path) -> None:
    text = (port(old, tmp_path / "out").folder / "halve.py").read_text(encoding="utf-8")
    line = next(one for one in text.splitlines() if "halves" in one)
    assert line.count("old_division(") == 4
    assert "5 / 2.0" in line
    printed: list[object] = []
    image = type("Image", (), {"width": 8})
    names = {"image": image, "print": lambda *args: printed.extend(args)}
    names["old_division"] = lambda one, other: one // other
    exec(line.strip(), names)
    assert printed[1] == 4


def test_lines_without_a_counterpart_are_reported(old: Path, tmp_path: Path) -> None:
    findings = port(old, tmp_path / "out").findings
    lines = (tmp_path / "out" / "halve" / "halve.py").read_text(encoding="utf-8").splitlines()
    message = {str(one).partition(": ")[2] for one in findings}
    assert "pdb.plug_in_ccanalyze: GIMP 3 has no counterpart" in message
    assert any(one.startswith("pdb.plug_in_gmic_qt: not one of GIMP 2.10's own") for one in message)
    assert not any("nothing" in one for one in message)
    for finding in findings:
        assert "ccanalyze" in lines[finding.line - 1] or "gmic" in lines[finding.line - 1]


def test_a_plugin_of_python_3_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new one.py"
    path.write_text(NEW)
    assert main(["gimpfu", "port", str(path), "--output-dir", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "new-one" / "new-one.py").read_text() == NEW
    assert "ready" in capsys.readouterr().out


def test_what_cannot_be_ported_is_said(tmp_path: Path) -> None:
    path = tmp_path / "none.py"
    with pytest.raises(InputInvalid, match="cannot be read"):
        port(path, tmp_path / "out")
    path.write_text("this is ( no Python\n")
    with pytest.raises(InputInvalid, match="neither Python 3 nor Python 2"):
        port(path, tmp_path / "out")
    path.write_text(NEW)
    (tmp_path / "out" / "none").mkdir(parents=True)
    with pytest.raises(OutputUnwritable, match="is there already"):
        port(path, tmp_path / "out")


def test_the_list_of_procedures_is_that_of_gimp_2_10() -> None:
    status = procedures()
    assert len(status) > 1200
    assert status["plug-in-gauss"] == ""
    assert status["plug-in-ccanalyze"]


def test_what_python_3_reads_otherwise_is_python_2(tmp_path: Path) -> None:
    """GIMP 2.10's Python was 2.7, unless the file says another."""
    lines = "from gimpfu import *\nprint >> out, 1\nhalf = width / 2\nmain()\n"
    (tmp_path / "old.py").write_text("#!/usr/bin/env python\n" + lines)
    (tmp_path / "new.py").write_text("#!/usr/bin/env python3\n" + lines)
    old = (port(tmp_path / "old.py", tmp_path / "a").folder / "old.py").read_text()
    new = (port(tmp_path / "new.py", tmp_path / "a").folder / "new.py").read_text()
    assert "print(1, file=out)" in old and "old_division(width" in old
    assert lines in new


def test_text_that_was_bytes_is_let_pass(tmp_path: Path) -> None:
    """`decode()` of names, and the default encoding, which is set before gimpfu is imported."""
    old = tmp_path / "words.py"
    old.write_text(
        "import sys\n"
        "reload(sys)\n"
        "sys.setdefaultencoding('utf-8')\n"
        "print (name[:2] + other).decode('utf-8'), name.split('.')[0].decode()\n"
    )
    text = (port(old, tmp_path / "out").folder / "words.py").read_text()
    assert "old_text((name[:2] + other), 'utf-8'), old_text(name.split('.')[0], )" in text
    assert text.index("from gimpfu import old_text") < text.index("setdefaultencoding")
    old.write_text("import sys\nreload(sys)\nsys.setdefaultencoding('utf-8')\n")
    text = (port(old, tmp_path / "more").folder / "words.py").read_text()
    assert text.index("from gimpfu import old_text") < text.index("setdefaultencoding")
