# SPDX-License-Identifier: Apache-2.0
"""Calls the procedures of the plug-ins in python2/ and notes what each gave and left.

Runs inside GIMP's batch mode, Python 2.7 and 3. FOLDER (environment): where plugins.json goes.
FAST: only some, and on one kind of image.
"""

import json
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.environ["INSIDE"])
os.environ["GROUPS"] = "none"  # of the oracle, whose images and comparison these are

import gimpfu_oracle as oracle
from gimpfu import *

IMG, DRW, DIR = "image", "drawable", "folder"
R, A, G, S, X = "rgb", "rgba", "gray", "selection", "indexed"
CALLS = (
    ("drop_shadow", (R, A, S), IMG, DRW, 60, (0, 0, 0), 45, 4, 3, 0),
    ("drop_shadow", (A,), IMG, DRW, 80, (0, 0, 90), 100, 5, 2, 1),
    ("outer_glow", (A, S), IMG, DRW, 5, 20, (255, 255, 190), SCREEN_MODE),
    ("stroke_layer", (R, A), IMG, DRW, 3, (255, 0, 0), 1),
    ("stroke_layer", (A,), IMG, DRW, 2, (255, 0, 0), 2),
    ("inner_bevel", (R, A), IMG, DRW, 3, 135.0),
    ("vignette", (R, A), IMG, DRW, 8, 80),
    ("reflection", (R, A), IMG, DRW, 35),
    ("old_photo_py", (R,), IMG, DRW, 5, 0, 1),
    ("orton", (R, A), IMG, DRW, 7.0, 80.0),
    ("by_array", (R, A, G), IMG, DRW),
    ("by_string", (R, A, G), IMG, DRW, 4),
    ("by_map", (R, A, G, S), IMG, DRW),
    ("by_struct", (R, A, G), IMG, DRW),
    ("by_tile", (R, A, G), IMG, DRW),
    ("by_pdb", (R, A, G), IMG, DRW),
    ("threshold_text", (R, A, G), IMG, DRW, "/tmp/threshold.pgm"),
    ("mandel", (R,), 24, 20),
    ("layers_to_files", (R, A, X), IMG, DIR, "%02d-"),
    ("open_as_layers_py", (R,), IMG, DIR),
    ("contact_sheet", (R,), DIR, 3, 20, 3),
    ("config_py", (R,), "hi"),
    ("guides_from_selection", (R, S), IMG, DRW, 1),
    ("sprite_sheet_py", (R, A, X), IMG, 2, 1),
    ("seamless_py", (R, A), IMG, DRW),
    ("selection_to_path_py", (R,), IMG, DRW),
    ("text_stamp", (R, A), IMG, DRW, "Hi", 12.0, (200, 0, 0)),
    ("palettes_py", (R,), "genre", 5),
    ("gradients_py", (R,), "genre"),
    ("resources_py", (R,)),
    ("animation_py", (R, A), IMG, 3, 100),
    ("groups_py", (R, A), IMG, DRW),
    ("measure_py", (R, A, S), IMG, DRW),
    ("introspect_py", (R,)),
    ("kept_py", (A,), IMG, DRW),
    ("channel_ops_py", (R, A), IMG, DRW),
    ("decompose_py", (R,), IMG, DRW),
    ("dialogs_py", (A,), IMG, DRW, 9, 0),
    ("rename_layers_py", (A,), IMG, "L%02d", 1),
    ("notes_py", (A,), IMG, "/tmp/notes.txt"),
    ("plug_in_py_border", (A, G), IMG, DRW, 3, (10, 200, 30), "edge", 70.0),
)
FAST = ("drop_shadow", "by_string", "by_map", "by_struct", "threshold_text", "channel_ops_py",
        "kept_py", "dialogs_py", "rename_layers_py", "notes_py", "plug_in_py_border")  # fmt: skip


def pictures():
    """A folder with a picture of each base type."""
    made = tempfile.mkdtemp()
    for number, kind in enumerate((R, A, X, G)):
        case = oracle.Case(kind)
        path = os.path.join(made, "p%d.png" % number)
        pdb.file_png_save(case.image, case.layer, path, path, 0, 9, 0, 0, 0, 0, 0)
        pdb.gimp_image_delete(case.image)
    return made


def call_of(name, args, folder):
    """The call of a plug-in's procedure, as a function of the oracle's case."""
    full = name if name.startswith("plug_in") else "python_fu_" + name

    def call(case):
        values = {IMG: case.image, DRW: case.layer, DIR: folder}
        found = pdb[full.replace("_", "-")](
            *[values.get(one, one) if isinstance(one, str) else one for one in args]
        )
        if not isinstance(found, gimp.Image):
            return found
        told = [found.width, found.height, [case._drawable(one) for one in found.layers]]
        pdb.gimp_image_delete(found)
        return told

    return call


def main():
    fast = "FAST" in os.environ
    folder = pictures()
    with open(os.path.join(os.environ["FOLDER"], "plugins.json"), "w") as out:
        for number, entry in enumerate(CALLS):
            name, kinds, args = entry[0], entry[1], entry[2:]
            label = "%s %d" % (name, number)
            if fast and (name not in FAST or A not in kinds):
                continue
            for kind in (A,) if fast else kinds:
                told = oracle.make("SCRIPTS", label, kind, call_of(name, args, folder))
                out.write(json.dumps(told, sort_keys=True) + "\n")
    shutil.rmtree(folder)


main()
