# SPDX-License-Identifier: GPL-3.0-or-later
"""The module `gimp`: objects, progress, messages, context and folders."""

import os

from gi.repository import Gegl, Gimp, GLib

from . import _paths, _python2, _resources, gimpcolor
from ._errors import NotCovered, error
from ._handlers import register_load_handler, register_magic_load_handler, register_save_handler
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
)
from ._regions import PixelFetcher, PixelRgn, Tile
from ._values import resource, wrap

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
    "Tile",
    "Vectors",
    "VectorsBezierStroke",
    "error",
    "register_load_handler",
    "register_magic_load_handler",
    "register_save_handler",
]

pdb = None  # set by gimpfu, as is `menu_register`: they know of what is above this module
version = (Gimp.MAJOR_VERSION, Gimp.MINOR_VERSION, Gimp.MICRO_VERSION)
directory = Gimp.directory()
data_directory = Gimp.data_directory()
locale_directory = Gimp.locale_directory()
sysconf_directory = Gimp.sysconf_directory()
plug_in_directory = Gimp.installation_directory()


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


def delete(target):
    """Deletes an image, an item that is in no image, or a display."""
    target.native.delete()


def displays_flush():
    """Shows what was changed."""
    Gimp.displays_flush()


def displays_reconnect(old, new):
    """Shows another image in the displays of `old`."""
    Gimp.displays_reconnect(old.native, new.native)


def message(text):
    """Tells the user something."""
    Gimp.message(_python2.text(text))


def progress_init(text=""):
    """Begins the progress bar."""
    Gimp.progress_init(_python2.text(text))


def progress_update(fraction):
    """Moves the progress bar, 0 to 1."""
    Gimp.progress_update(float(fraction))


def progress_install(*args):
    """Left out."""
    raise NotCovered("gimp.progress_install")


progress_uninstall = progress_install


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


gradients_get_gradient = context_get_gradient


def context_set_gradient(name):
    """Sets the gradient by its name."""
    Gimp.context_set_gradient(resource(name, Gimp.Gradient.__gtype__))


gradients_set_gradient = context_set_gradient


def gradients_get_list(pattern=""):
    """The names of the gradients."""
    return [one.get_name() for one in Gimp.gradients_get_list(pattern or "")]


def _samples(values):
    return [tuple(values[i : i + 4]) for i in range(0, len(values), 4)]


def gradient_get_uniform_samples(name, num_samples, reverse=False):
    """So many colours along a gradient, four numbers each."""
    return _samples(_resources.uniform_samples(name, num_samples, reverse))


def gradient_get_custom_samples(name, positions, reverse=False):
    """The colours at these places of a gradient, four numbers each."""
    return _samples(_resources.custom_samples(name, positions, reverse))


def gradients_sample_uniform(num_samples, reverse=False):
    """So many colours along the gradient in use."""
    return gradient_get_uniform_samples("", num_samples, reverse)


def gradients_sample_custom(positions, reverse=False):
    """The colours at these places of the gradient in use."""
    return gradient_get_custom_samples("", positions, reverse)


def fonts_get_list(pattern=""):
    """The names of the fonts."""
    return [one.get_name() for one in Gimp.fonts_get_list(pattern or "")]


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
    return tuple(one for one in Gimp.get_parasite_list() if not one.startswith(_HIDDEN))


_HIDDEN = "gimpfu-"  # how the parasites begin in which these bindings keep what GIMP 3 has not
_DATA = _HIDDEN + "data-"


def set_data(name, data):
    """Keeps bytes under a name until GIMP ends."""
    attach_new_parasite(_DATA + name, 0, data)


def get_data(name):
    """The bytes kept under a name."""
    parasite = parasite_find(_DATA + name)
    if parasite is None:
        raise error("no data for id")
    return parasite.data


def default_display():
    """The display of the image that the plug-in was started for: GIMP 3 tells it none."""
    return wrap(Gimp.default_display())


_FOLDERS = [
    "desktop",
    "documents",
    "download",
    "music",
    "pictures",
    "publicshare",
    "templates",
    "videos",
]


def user_directory(number):
    """One of the user's own folders, by its USER_DIRECTORY_ number; None if there is none."""
    kind = "DIRECTORY_" + _FOLDERS[number].upper()
    return GLib.get_user_special_dir(getattr(GLib.UserDirectory, kind))


def gtkrc():
    """The file of the theme: GIMP 3 has style sheets instead."""
    return personal_rc_file("theme.css")


def checks_get_shades(kind):
    """(light, dark) of the checkerboard that stands for transparency, 0 to 255."""
    pairs = ((255, 204), (153, 102), (102, 51), (255, 255), (127, 127), (0, 0))
    if not 0 <= kind < len(pairs):
        raise ValueError("invalid check type")
    return pairs[kind]


def check_size():
    """The size of that checkerboard's squares, by its CHECK_SIZE_ number."""
    return int(Gimp.check_size())


def check_type():
    """Its shades, by their CHECK_TYPE_ number."""
    return int(Gimp.check_type())


def show_tool_tips():
    """GIMP 3 always shows them."""
    return True


def show_help_button():
    """Whether dialogs have a button for help."""
    return Gimp.show_help_button()


def wm_class():
    """The class of GIMP's windows."""
    return Gimp.wm_class()


def display_name():
    """The screen that GIMP is on."""
    return Gimp.display_name()


def monitor_number():
    """The monitor that GIMP is on."""
    return Gimp.monitor_number()


def vectors_import_from_file(image, filename, merge=False, scale=False):
    """The paths of an SVG file, added to the image."""
    return _imported_paths("gimp-vectors-import-from-file", image, filename, merge, scale)


def vectors_import_from_string(image, svg_string, merge=False, scale=False):
    """The paths of an SVG text, added to the image."""
    return _imported_paths("gimp-vectors-import-from-string", image, svg_string, -1, merge, scale)


def _imported_paths(name, *args):
    _, numbers = _paths.TABLE[name](*args)
    return [_id2vectors(number) for number in numbers]


def export_image(image, drawable, format_name=None, capabilities=0):
    """(EXPORT_IGNORE, the image, the drawable): GIMP 3 prepares images for export by itself."""
    return 1, image, drawable


def extension_ack():
    """GIMP 3 knows without being told."""


def extension_enable():
    """GIMP 3 knows without being told."""


def extension_process(timeout):
    """GIMP 3 calls by itself."""


def get_progname():
    """The plug-in's name."""
    return Gimp.get_progname()


def quit():
    """Ends the plug-in."""
    raise SystemExit


exit = quit


def domain_register(*args):
    """Translations are the plug-in's own matter in GIMP 3."""


def install_temp_proc(*args):
    """Left out: `register` declares procedures."""
    raise NotCovered("gimp.install_temp_proc", "Use register().")


uninstall_temp_proc = install_temp_proc
main = install_procedure = None  # as `pdb`
