# SPDX-License-Identifier: Apache-2.0
"""Writes FOLDER/names-VERSION.json: the procedures that GIMP has, or with our gimpfu can be called.

Runs inside GIMP's batch mode, Python 2.7 and 3. NAMES (environment): a file with the names to ask
about; without it all are written.
"""

import json
import os
import sys

if sys.version_info[0] > 2:
    sys.path[:0] = [os.environ["GIMPFU"], os.path.join(os.environ["GIMPFU"], "gimpfu", "aliases")]

from gimpfu import *

if "NAMES" in os.environ:
    with open(os.environ["NAMES"]) as names:
        results = [name for name in names.read().split() if pdb.has_key(name)]
else:
    results = list(pdb.gimp_procedural_db_query(".*", ".*", ".*", ".*", ".*", ".*", ".*")[1])
with open(os.path.join(os.environ["FOLDER"], "names.json"), "w") as out:
    out.write(json.dumps(sorted(results)))
