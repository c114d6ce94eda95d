# SPDX-License-Identifier: Apache-2.0
"""Uses the plug-ins of python2/ after their port, through libgimp alone.

Runs inside GIMP 3's batch mode. FOLDER (environment): where stripes.stp is and ported.json goes.
"""

import json
import os

from gi.repository import Gegl, Gimp, Gio

Gegl.init(None)
FOLDER = os.environ["FOLDER"]
NAMES = ("file-stripes-load", "file-stripes-save", "python-fu-mirror-path", "python-fu-badge")


def run(name, **values):
    """A procedure's results."""
    procedure = Gimp.get_pdb().lookup_procedure(name)
    config = procedure.create_config()
    for key, value in values.items():
        config.set_property(key, value)
    return procedure.run(config)


def pixels(layer, kind):
    whole = Gegl.Rectangle.new(0, 0, layer.get_width(), layer.get_height())
    return list(layer.get_buffer().get(whole, 1.0, kind, Gegl.AbyssPolicy.NONE))


def file(name):
    return Gio.File.new_for_path(os.path.join(FOLDER, name))


reported = {
    "menus": {name: Gimp.get_pdb().lookup_procedure(name).get_menu_paths() for name in NAMES}
}
image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, file("in.stp"))
reported["opened"] = [image.get_width(), image.get_height(), pixels(image.get_layers()[0], "Y' u8")]
Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, file("out.stripes"), None)

path = Gimp.Path.new(image, "line")
image.insert_path(path, None, 0)
path.stroke_new_from_points(Gimp.PathStrokeType.BEZIER, [1.0, 1.0] * 3 + [3.0, 2.0] * 3, False)
status = run("python-fu-mirror-path", image=image, vectors=path, copies=5).index(0)
reported["mirrored"] = [int(status), [one.get_name() for one in image.get_paths()]]
made = image.get_paths()[0]
reported["points"] = [list(part) if isinstance(part, list) else int(part)
                  for part in made.stroke_get_points(made.get_strokes()[0])]  # fmt: skip

badge = run("python-fu-badge", size=16, where="up").index(1)  # its color is orange
reported["badge"] = [badge.get_width(), badge.get_height()]
reported["badge"].append(pixels(badge.get_layers()[0], "R'G'B'A u8"))
with open(os.path.join(FOLDER, "ported.json"), "w") as out:
    json.dump(reported, out)
