# SPDX-License-Identifier: Apache-2.0
"""The calls by which GIMP 3 with our gimpfu is compared with GIMP 2.10 and its own.

`TABLE`: a procedure's name and its arguments; words such as IMG and DRW stand for what the case
has.
`SCRIPTS`: what plug-ins do in several steps. Python 2.7 and 3.
"""

from gimpfu import *


class Word(object):
    """Something that the case has, by its name: see gimpfu_oracle.Case."""

    def __init__(self, name):
        self.name = name


IMG, DRW, SMALL, SELECTION, PATH, CHANNEL, MASK, FILE = [
    Word(name) for name in ("IMG", "DRW", "SMALL", "SELECTION", "PATH", "CHANNEL", "MASK", "FILE")
]
KINDS = ("rgb", "rgba", "gray", "graya", "selection")

FILTERS = (
    ("plug_in_alienmap2", IMG, DRW, 1.5, 20.0, 2.0, 40.0, 3.0, 60.0, 0, 1, 1, 0),
    ("plug_in_alienmap2", IMG, DRW, 1.5, 20.0, 2.0, 40.0, 3.0, 60.0, 1, 1, 0, 1),
    ("plug_in_antialias", IMG, DRW),
    ("plug_in_apply_canvas", IMG, DRW, 1, 8),
    ("plug_in_applylens", IMG, DRW, 1.7, True, False, False),
    ("plug_in_applylens", IMG, DRW, 1.7, False, True, False),
    ("plug_in_autocrop", IMG, SMALL),
    ("plug_in_autocrop_layer", IMG, DRW),
    ("plug_in_autostretch_hsv", IMG, DRW),
    ("plug_in_blur", IMG, DRW),
    ("plug_in_bump_map", IMG, DRW, SMALL, 135.0, 45.0, 3, 0, 0, 0.0, 0.0, True, False, 0),
    ("plug_in_bump_map", IMG, DRW, DRW, 100.0, 30.0, 8, 2, 3, 0.2, 0.1, False, True, 1),
    ("plug_in_bump_map_tiled", IMG, DRW, SMALL, 135.0, 45.0, 5, 1, 2, 0.0, 0.0, True, False, 2),
    ("plug_in_c_astretch", IMG, DRW),
    ("plug_in_cartoon", IMG, DRW, 7.0, 0.2),
    ("plug_in_color_enhance", IMG, DRW),
    ("plug_in_colorify", IMG, DRW, (200, 100, 50)),
    ("plug_in_colors_channel_mixer", IMG, DRW, 0, 0.5, 0.3, 0.2, 0.1, 0.8, 0.1, 0.3, 0.3, 0.4),
    ("plug_in_colors_channel_mixer", IMG, DRW, 1, 0.5, 0.3, 0.2, 0.1, 0.8, 0.1, 0.3, 0.3, 0.4),
    ("plug_in_colortoalpha", IMG, DRW, (255, 255, 255)),
    ("plug_in_convmatrix", IMG, DRW, 25,
     [0, 0, 0, 0, 0, 0, 1, 2, 1, 0, 0, 2, 4, 2, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0, 0],
     True, 16.0, 0.0, 5, [1, 1, 1, 1, 0], 0),
    ("plug_in_convmatrix", IMG, DRW, 25,
     [0, 0, 0, 0, 0, 0, -1, -1, 0, 0, 0, -1, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0],
     False, 1.0, 128.0, 5, [1, 1, 1, 0, 0], 1),
    ("plug_in_deinterlace", IMG, DRW, 0),
    ("plug_in_deinterlace", IMG, DRW, 1),
    ("plug_in_diffraction", IMG, DRW, 0.8, 1.2, 1.1, 0.8, 0.8, 0.9, 0.6, 0.7, 0.6, 0.1, 37.0, -0.5),
    ("plug_in_dilate", IMG, DRW, 0, 0, 1.0, 15, 0, 255),
    ("plug_in_displace", IMG, DRW, 4.0, 3.0, True, True, DRW, DRW, 1),
    ("plug_in_displace", IMG, DRW, 4.0, 3.0, True, False, DRW, DRW, 2),
    ("plug_in_displace_polar", IMG, DRW, 4.0, 3.0, True, True, DRW, DRW, 3),
    ("plug_in_dog", IMG, DRW, 3.0, 1.0, True, True),
    ("plug_in_dog", IMG, DRW, 3.0, 1.0, False, False),
    ("plug_in_edge", IMG, DRW, 2.0, 2, 0),
    ("plug_in_edge", IMG, DRW, 3.0, 1, 5),
    ("plug_in_emboss", IMG, DRW, 30.0, 45.0, 20, 1),
    ("plug_in_emboss", IMG, DRW, 100.0, 30.0, 5, 0),
    ("plug_in_engrave", IMG, DRW, 4, False),
    ("plug_in_erode", IMG, DRW, 0, 0, 1.0, 15, 0, 255),
    ("plug_in_exchange", IMG, DRW, 60, 190, 120, 250, 10, 20, 10, 10, 10),
    ("plug_in_flarefx", IMG, DRW, 10, 8),
    ("plug_in_fractal_trace", IMG, DRW, -1.0, 0.5, -1.0, 1.0, 3, 0),
    ("plug_in_gauss", IMG, DRW, 5, 5, 0),
    ("plug_in_gauss_iir", IMG, DRW, 6.0, True, False),
    ("plug_in_gauss_iir2", IMG, DRW, 3.0, 8.0),
    ("plug_in_gauss_rle", IMG, DRW, 6.0, False, True),
    ("plug_in_gauss_rle2", IMG, DRW, 7.0, 2.0),
    ("plug_in_glasstile", IMG, DRW, 10, 12),
    ("plug_in_illusion", IMG, DRW, 8, 0),
    ("plug_in_illusion", IMG, DRW, 5, 1),
    ("plug_in_laplace", IMG, DRW),
    ("plug_in_lens_distortion", IMG, DRW, 5.0, -5.0, 20.0, 10.0, 3.0, 5.0),
    ("plug_in_make_seamless", IMG, DRW),
    ("plug_in_max_rgb", IMG, DRW, 0),
    ("plug_in_max_rgb", IMG, DRW, 1),
    ("plug_in_maze", IMG, DRW, 3, 3, False, 0, 77, 57, 1),
    ("plug_in_mblur", IMG, DRW, 0, 5.0, 30.0, 18, 13),
    ("plug_in_mblur", IMG, DRW, 1, 5.0, 20.0, 18, 13),
    ("plug_in_mblur", IMG, DRW, 2, 20.0, 0.0, 18, 13),
    ("plug_in_mblur_inward", IMG, DRW, 2, 20.0, 0.0, 18, 13),
    ("plug_in_mosaic", IMG, DRW, 8.0, 4.0, 1.0, 0.65, 1, 135.0, 0.0, 1, 1, 1, 0, 0),
    ("plug_in_neon", IMG, DRW, 5.0, 0.5),
    ("plug_in_newsprint", IMG, DRW, 6, 1, 0, 45.0, 0, 15.0, 0, 75.0, 0, 0.0, 0, 4),
    ("plug_in_nlfilt", IMG, DRW, 0.3, 0.3, 0),
    ("plug_in_normalize", IMG, DRW),
    ("plug_in_nova", IMG, DRW, 10, 9, (90, 100, 255), 8, 20, 0),
    ("plug_in_oilify", IMG, DRW, 5, 0),
    ("plug_in_oilify", IMG, DRW, 7, 1),
    ("plug_in_papertile", IMG, DRW, 12, 0.0, 2, False, True, 1, (0, 0, 0), 255),
    ("plug_in_photocopy", IMG, DRW, 8.0, 0.8, 0.2, 0.2),
    ("plug_in_pixelize", IMG, DRW, 5),
    ("plug_in_pixelize2", IMG, DRW, 4, 7),
    ("plug_in_plasma", IMG, DRW, 5, 2.0),
    ("plug_in_polar_coords", IMG, DRW, 100.0, 0.0, False, True, True),
    ("plug_in_polar_coords", IMG, DRW, 50.0, 30.0, True, False, False),
    ("plug_in_randomize_hurl", IMG, DRW, 50.0, 1.0, False, 10),
    ("plug_in_randomize_pick", IMG, DRW, 50.0, 2.0, False, 10),
    ("plug_in_randomize_slur", IMG, DRW, 50.0, 2.0, False, 10),
    ("plug_in_red_eye_removal", IMG, DRW, 50),
    ("plug_in_ripple", IMG, DRW, 10, 3, 0, 1, 1, True, False),
    ("plug_in_ripple", IMG, DRW, 12, 2, 1, 0, 0, False, False),
    ("plug_in_rotate", IMG, DRW, 1, False),
    ("plug_in_rotate", IMG, DRW, 3, True),
    ("plug_in_sel_gauss", IMG, DRW, 4.0, 50),
    ("plug_in_semiflatten", IMG, DRW),
    ("plug_in_sharpen", IMG, DRW, 40),
    ("plug_in_sinus", IMG, DRW, 10.0, 8.0, 1.0, 3, True, True, 1, (0, 0, 0), (255, 255, 255),
     1.0, 1.0, 0, 0.0),
    ("plug_in_sobel", IMG, DRW, True, True, True),
    ("plug_in_sobel", IMG, DRW, True, False, True),
    ("plug_in_softglow", IMG, DRW, 10.0, 0.75, 0.85),
    ("plug_in_solid_noise", IMG, DRW, False, False, 3, 1, 4.0, 4.0),
    ("plug_in_solid_noise", IMG, DRW, True, True, 7, 5, 2.0, 6.0),
    ("plug_in_threshold_alpha", IMG, DRW, 100),
    ("plug_in_unsharp_mask", IMG, DRW, 3.0, 0.5, 0),
    ("plug_in_unsharp_mask", IMG, DRW, 5.0, 1.5, 20),
    ("plug_in_video", IMG, DRW, 2, True, False),
    ("plug_in_vinvert", IMG, DRW),
    ("plug_in_vpropagate", IMG, DRW, 0, 1, 0.7, 15, 0, 255),
    ("plug_in_vpropagate", IMG, DRW, 4, 1, 1.0, 5, 10, 200),
    ("plug_in_waves", IMG, DRW, 3.0, 40.0, 6.0, False, False),
    ("plug_in_waves", IMG, DRW, 3.0, -40.0, 6.0, True, False),
    ("plug_in_whirl_pinch", IMG, DRW, 45.0, 0.2, 1.0),
    ("plug_in_wind", IMG, DRW, 10, 0, 10, 0, 1),
)  # fmt: skip

TABLE = [(entry, KINDS) for entry in FILTERS]


def _table_call(host, name, args):
    return lambda case: host.pdb[name.replace("_", "-")](*case.filled(args))


def calls(host):
    """(name, kind of image, function of the case) of every call."""
    seen = {}
    for entry, kinds in TABLE:
        name = entry[0]
        seen[name] = seen.get(name, 0) + 1
        label = name if seen[name] == 1 else "%s %d" % (name, seen[name])
        for kind in kinds:
            yield label, kind, _table_call(host, name, entry[1:])
