# SPDX-License-Identifier: Apache-2.0
"""run.py hands over to what it has installed, with all that comes after."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = """#!{python}
import sys, time
try:
    print(*sys.argv[1:], flush=True)
    if "wait" in sys.argv:
        time.sleep(30)
    sys.exit(7)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A checkout whose environment stands already, with a command of our own in it."""
    for name in ("run.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    command = tmp_path / ".venv" / "bin" / "mattebrush"
    command.parent.mkdir(parents=True)
    command.write_text(COMMAND.format(python=sys.executable))
    command.chmod(0o755)
    stamp = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    (tmp_path / ".venv" / "installed-user").write_text(stamp)
    return tmp_path


def start(clone: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(clone / "run.py"), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Tests that run in the background of a shell have inherited that it is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


@pytest.mark.skipif(os.name == "nt", reason="a script with #!, and signals of POSIX")
def test_arguments_and_status_pass_through(clone: Path) -> None:
    out, err = (process := start(clone, "remove", "a b.jpg")).communicate()
    assert (out, err, process.returncode) == ("remove a b.jpg\n", "", 7)


@pytest.mark.skipif(os.name == "nt", reason="a script with #!, and signals of POSIX")
def test_an_interruption_is_the_commands_own(clone: Path) -> None:
    process = start(clone, "wait")
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait() == 130
    assert process.stderr.read() == ""


@pytest.mark.skipif(os.name == "nt", reason="a script with #!, and signals of POSIX")
def test_ended_from_outside_nothing_goes_on_behind(clone: Path) -> None:
    process = start(clone, "wait")
    assert process.stdout is not None
    process.stdout.readline()
    process.terminate()
    process.wait()
    assert process.stdout.read() == "", "still open: the command lives on"
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
