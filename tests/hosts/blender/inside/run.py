# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside Blender: run.py -- SCENARIO ANSWER.json ARGUMENTS calls one function of
`scenarios` and writes what it returns."""

import json
import os
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))


def main():
    import scenarios

    name, answer, arguments = sys.argv[sys.argv.index("--") + 1 :]
    result = getattr(scenarios, name)(**json.loads(arguments))
    Path(answer).write_text(json.dumps(result))


status = 1
try:
    main()
    status = 0
except BaseException:
    traceback.print_exc()
finally:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # some bpy wheels crash or hang when they end by themselves
