# SPDX-License-Identifier: GPL-3.0-or-later
"""The module `gimp`: objects, progress, messages, context and folders."""

import os

from gi.repository import Gegl, Gimp

from . import gimpcolor
from ._objects import (
    Channel,
    Display,
    Drawable,
    GroupLayer,
    Image,
    Item,
    Layer,
    Parasite,
    Vectors,
    VectorsBezierStroke,
    wrap,
)
from ._regions import PixelFetcher, PixelRgn
from ._values import NotCovered, error

__all__ = [
    "Channel",
    "Display",
    "Drawable",
    "GroupLayer",
    "Image",
    "Item",
    "Layer",
    "Parasite",
    "PixelFetcher",
    "PixelRgn",
    "Vectors",
    "VectorsBezierStroke",
    "error",
]

pdb = None  # set by gimpfu, as is `menu_register`: they know of what is above this module
version = (Gimp.MAJOR_VERSION, Gimp.MINOR_VERSION, Gimp.MICRO_VERSION)
directory = Gimp.directory()
data_directory = Gimp.data_directory()
locale_directory = Gimp.locale_directory()
sysconf_directory = Gimp.sysconf_directory()


def personal_rc_file(name):
    """The path of a file in the user's GIMP folder."""
    return os.path.join(directory, name)


def image_list():
    """All open images."""
    return [wrap(image) for image in Gimp.get_images()]


def _id2image(number):
    return wrap(Gimp.Image.get_by_id(number))


def _id2drawable(number):
    return wrap(Gimp.Item.get_by_id(number))


_id2vectors = _id2drawable


def _id2display(number):
    return wrap(Gimp.Display.get_by_id(number))


def delete(thing):
    """Deletes an image, an item that is in no image, or a display."""
    thing.native.delete()


def displays_flush():
    """Shows what was changed."""
    Gimp.displays_flush()


def displays_reconnect(old, new):
    """Shows another image in the displays of `old`."""
    Gimp.displays_reconnect(old.native, new.native)


def message(text):
    """Tells the user something."""
    Gimp.message(str(text))


def progress_init(text=""):
    """Begins the progress bar."""
    Gimp.progress_init(str(text))


def progress_update(fraction):
    """Moves the progress bar, 0 to 1."""
    Gimp.progress_update(float(fraction))


def progress_install(*args):
    """Left out."""
    raise NotCovered("gimp.progress_install")


def get_foreground():
    """The foreground colour."""
    return gimpcolor.from_gegl(Gimp.context_get_foreground())


def get_background():
    """The background colour."""
    return gimpcolor.from_gegl(Gimp.context_get_background())


def _color(parts):
    return gimpcolor.from_any(parts[0] if len(parts) == 1 else parts).to_gegl()


def set_foreground(*color):
    """Sets the foreground colour."""
    Gimp.context_set_foreground(_color(color))


def set_background(*color):
    """Sets the background colour."""
    Gimp.context_set_background(_color(color))


def context_push():
    """Keeps the context to come back to."""
    Gimp.context_push()


def context_pop():
    """Comes back to the context kept last."""
    Gimp.context_pop()


def context_get_gradient():
    """The name of the gradient."""
    return Gimp.context_get_gradient().get_name()


def context_set_gradient(name):
    """Sets the gradient by its name."""
    Gimp.context_set_gradient(Gimp.Gradient.get_by_name(name))


def gradients_get_list(pattern=""):
    """(how many, names) of the gradients."""
    names = [one.get_name() for one in Gimp.gradients_get_list(pattern)]
    return len(names), names


def fonts_get_list(pattern=""):
    """(how many, names) of the fonts."""
    names = [one.get_name() for one in Gimp.fonts_get_list(pattern)]
    return len(names), names


def fonts_refresh():
    """Reads the fonts anew."""
    Gimp.fonts_refresh()


def gamma():
    """2.2, as it always was."""
    return 2.2


def tile_width():
    """Width of GIMP's tiles."""
    return Gimp.tile_width()


def tile_height():
    """Height of GIMP's tiles."""
    return Gimp.tile_height()


def tile_cache_size(kilobytes):
    """The memory for tiles, which GEGL looks after in GIMP 3."""
    Gegl.config().set_property("tile-cache-size", kilobytes * 1024)


def tile_cache_ntiles(number):
    """The memory for tiles, which GEGL looks after in GIMP 3."""


def parasite_find(name):
    """A parasite of GIMP itself, or None."""
    return wrap(Gimp.get_parasite(name))


def parasite_attach(parasite):
    """Attaches a parasite to GIMP itself."""
    Gimp.attach_parasite(parasite.native)


def attach_new_parasite(name, flags, data):
    """Attaches a new parasite to GIMP itself."""
    parasite_attach(Parasite(name, flags, data))


def parasite_detach(name):
    """Removes a parasite of GIMP itself."""
    Gimp.detach_parasite(name)


def parasite_list():
    """The names of GIMP's own parasites."""
    return tuple(Gimp.get_parasite_list())


def set_data(name, data):
    """Keeps bytes under a name until GIMP ends."""
    attach_new_parasite("gimpfu-data-" + name, 0, data)


def get_data(name):
    """The bytes kept under a name."""
    found = parasite_find("gimpfu-data-" + name)
    if found is None:
        raise error("no data for %r" % name)
    return found.data


def get_progname():
    """The plug-in's name."""
    return Gimp.get_progname()


def quit():
    """Ends the plug-in."""
    raise SystemExit


exit = quit


def domain_register(*args):
    """Translations are the plug-in's own matter in GIMP 3."""


def install_procedure(*args):
    """Left out: `register` declares procedures."""
    raise NotCovered("gimp.install_procedure", "Use register().")


install_temp_proc = uninstall_temp_proc = install_procedure
