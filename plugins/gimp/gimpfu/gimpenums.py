# SPDX-License-Identifier: GPL-3.0-or-later
"""Every enum value of GIMP under its 2.10 name.

The values are those of the GIMP that runs: a plug-in that uses names is right in both versions,
one with numbers written out may not be (FILL_WHITE is 2 in GIMP 2.10 and 3 in GIMP 3).
"""

from gi.repository import Gimp, GObject


def _current():
    """All values of this GIMP's enums, by their name in C without GIMP_."""
    values = {}
    for name in dir(Gimp):
        kind = getattr(Gimp, name)
        if isinstance(kind, type) and issubclass(kind, GObject.GEnum):
            for number, value in kind.__enum_values__.items():
                values[value.value_name.replace("GIMP_", "", 1)] = int(number)
    return values


# Names that GIMP 2.10 had: the present name that means the same.
_RENAMED = {
    "ADD_ALPHA_MASK": "ADD_MASK_ALPHA",
    "ADD_ALPHA_TRANSFER_MASK": "ADD_MASK_ALPHA_TRANSFER",
    "ADD_BLACK_MASK": "ADD_MASK_BLACK",
    "ADD_CHANNEL_MASK": "ADD_MASK_CHANNEL",
    "ADD_COPY_MASK": "ADD_MASK_COPY",
    "ADD_SELECTION_MASK": "ADD_MASK_SELECTION",
    "ADD_WHITE_MASK": "ADD_MASK_WHITE",
    "ALL_HUES": "HUE_RANGE_ALL",
    "ALPHA_CHANNEL": "CHANNEL_ALPHA",
    "BACKGROUND_FILL": "FILL_BACKGROUND",
    "BLUE_CHANNEL": "CHANNEL_BLUE",
    "BLUE_HUES": "HUE_RANGE_BLUE",
    "BLUR_CONVOLVE": "CONVOLVE_BLUR",
    "BURN": "DODGE_BURN_TYPE_BURN",
    "CUSTOM_PALETTE": "CONVERT_PALETTE_CUSTOM",
    "CYAN_HUES": "HUE_RANGE_CYAN",
    "DESATURATE_LUMINOSITY": "DESATURATE_LUMA",
    "DODGE": "DODGE_BURN_TYPE_DODGE",
    "FIXED_DITHER": "CONVERT_DITHER_FIXED",
    "FOREGROUND_FILL": "FILL_FOREGROUND",
    "FSLOWBLEED_DITHER": "CONVERT_DITHER_FS_LOWBLEED",
    "FS_DITHER": "CONVERT_DITHER_FS",
    "GRAY_CHANNEL": "CHANNEL_GRAY",
    "GREEN_CHANNEL": "CHANNEL_GREEN",
    "GREEN_HUES": "HUE_RANGE_GREEN",
    "HIGHLIGHTS": "TRANSFER_HIGHLIGHTS",
    "IMAGE_CLONE": "CLONE_IMAGE",
    "INDEXED_CHANNEL": "CHANNEL_INDEXED",
    "INTERPOLATION_LANCZOS": "INTERPOLATION_NOHALO",
    "MAGENTA_HUES": "HUE_RANGE_MAGENTA",
    "MAKE_PALETTE": "CONVERT_PALETTE_GENERATE",
    "MIDTONES": "TRANSFER_MIDTONES",
    "MONO_PALETTE": "CONVERT_PALETTE_MONO",
    "NO_DITHER": "CONVERT_DITHER_NONE",
    "OFFSET_BACKGROUND": "OFFSET_COLOR",
    "PATTERN_CLONE": "CLONE_PATTERN",
    "PATTERN_FILL": "FILL_PATTERN",
    "PRECISION_DOUBLE_GAMMA": "PRECISION_DOUBLE_NON_LINEAR",
    "PRECISION_FLOAT_GAMMA": "PRECISION_FLOAT_NON_LINEAR",
    "PRECISION_HALF_GAMMA": "PRECISION_HALF_NON_LINEAR",
    "PRECISION_U16_GAMMA": "PRECISION_U16_NON_LINEAR",
    "PRECISION_U32_GAMMA": "PRECISION_U32_NON_LINEAR",
    "PRECISION_U8_GAMMA": "PRECISION_U8_NON_LINEAR",
    "RED_CHANNEL": "CHANNEL_RED",
    "RED_HUES": "HUE_RANGE_RED",
    "ROTATE_180": "ROTATE_DEGREES180",
    "ROTATE_270": "ROTATE_DEGREES270",
    "ROTATE_90": "ROTATE_DEGREES90",
    "SHADOWS": "TRANSFER_SHADOWS",
    "SHARPEN_CONVOLVE": "CONVOLVE_SHARPEN",
    "TRANSPARENT_FILL": "FILL_TRANSPARENT",
    "VECTORS_STROKE_TYPE_BEZIER": "PATH_STROKE_TYPE_BEZIER",
    "WEB_PALETTE": "CONVERT_PALETTE_WEB",
    "WHITE_FILL": "FILL_WHITE",
    "YELLOW_HUES": "HUE_RANGE_YELLOW",
}

# Layer modes of before 2.10: what a plug-in asks for with them is GIMP's legacy mode.
_LEGACY_MODES = {
    "ADDITION_MODE": "ADDITION_LEGACY",
    "BEHIND_MODE": "BEHIND_LEGACY",
    "BURN_MODE": "BURN_LEGACY",
    "COLOR_ERASE_MODE": "COLOR_ERASE_LEGACY",
    "COLOR_MODE": "HSL_COLOR_LEGACY",
    "DARKEN_ONLY_MODE": "DARKEN_ONLY_LEGACY",
    "DIFFERENCE_MODE": "DIFFERENCE_LEGACY",
    "DISSOLVE_MODE": "DISSOLVE",
    "DIVIDE_MODE": "DIVIDE_LEGACY",
    "DODGE_MODE": "DODGE_LEGACY",
    "GRAIN_EXTRACT_MODE": "GRAIN_EXTRACT_LEGACY",
    "GRAIN_MERGE_MODE": "GRAIN_MERGE_LEGACY",
    "HARDLIGHT_MODE": "HARDLIGHT_LEGACY",
    "HUE_MODE": "HSV_HUE_LEGACY",
    "LIGHTEN_ONLY_MODE": "LIGHTEN_ONLY_LEGACY",
    "MULTIPLY_MODE": "MULTIPLY_LEGACY",
    "NORMAL_MODE": "NORMAL_LEGACY",
    "OVERLAY_MODE": "OVERLAY_LEGACY",
    "SATURATION_MODE": "HSV_SATURATION_LEGACY",
    "SCREEN_MODE": "SCREEN_LEGACY",
    "SOFTLIGHT_MODE": "SOFTLIGHT_LEGACY",
    "SUBTRACT_MODE": "SUBTRACT_LEGACY",
    "VALUE_MODE": "HSV_VALUE_LEGACY",
}

# Numbers of calls that GIMP 3 has no more, understood by `_procedures` and `_objects`.
_OWN = {
    "BG_BUCKET_FILL": 1,
    "BLEND_CUSTOM": 3,
    "BLEND_FG_BG_HSV": 1,
    "BLEND_FG_BG_RGB": 0,
    "BLEND_FG_TRANSPARENT": 2,
    "BUCKET_FILL_BG": 1,
    "BUCKET_FILL_FG": 0,
    "BUCKET_FILL_PATTERN": 2,
    "CUSTOM_MODE": 3,
    "FG_BG_HSV_MODE": 1,
    "FG_BG_RGB_MODE": 0,
    "FG_BUCKET_FILL": 0,
    "FG_TRANSPARENT_MODE": 2,
    "PARASITE_PERSISTENT": 1,
    "PARASITE_UNDOABLE": 2,
    "PATTERN_BUCKET_FILL": 2,
    "PIXELS": 0,
    "POINTS": 3,
    "UNIT_INCH": 1,
    "UNIT_MM": 2,
    "UNIT_PICA": 4,
    "UNIT_PIXEL": 0,
    "UNIT_POINT": 3,
    "EXTENSION": 2,
    "INTERNAL": 0,
    "PLUGIN": 1,
    "TEMPORARY": 3,
}


def _all():
    values = _current()
    for old, new in _RENAMED.items():
        if new in values:
            values.setdefault(old, values[new])
    for old, new in _LEGACY_MODES.items():
        values.setdefault(old, values["LAYER_MODE_" + new])
    for name, number in _OWN.items():
        values.setdefault(name, number)
    return values


globals().update(_all())
__all__ = sorted(_all())
