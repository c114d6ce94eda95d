# SPDX-License-Identifier: Apache-2.0
"""What a user may choose for a run: one row an option, for every host.

A host draws what `options_for` gives it, each row as its kind says, keeps the values by the rows'
names and turns them into a job with `job_options`.
"""

import collections

from .stages import N_

DEVICES = (
    ("auto", N_("Fastest that works")),
    ("cpu", N_("Processor (CPU)")),
    ("cuda", "NVIDIA CUDA"),
    ("directml", "DirectML"),
    ("coreml", "Core ML"),
    ("openvino", "OpenVINO"),
)
"""(name, English text) of what a network can run on."""


class Option(
    collections.namedtuple(
        "Option", "name kind default low high step unit choices title tip key ops"
    )
):
    """One row.

    kind: "switch", "number", "choice" (one of `choices`), "text" or "model" (its choices come from
    `list_models`). low, high, step, unit: of numbers; a slider is as good as a field. choices:
    (value, English text) each. title, tip: English. key: the job's option, "" for what only the
    host heeds. ops: the operations for which it makes sense.
    """

    __slots__ = ()


def _row(name, kind, default, title, tip, key, ops, **more):
    values = {"low": 0, "high": 0, "step": 0, "unit": "", "choices": ()}
    values.update(more)
    return Option(
        name=name, kind=kind, default=default, title=title, tip=tip, key=key, ops=ops, **values
    )


OPTIONS = (
    _row(
        "text",
        "text",
        "",
        N_("By words"),
        N_(
            "What to find, with commas between: the dog, the red bag. Needs a model that"
            " understands words. Empty: everything that stands out."
        ),
        "text",
        ("objects",),
    ),
    _row(
        "model",
        "model",
        "",
        N_("Model"),
        N_("The network that finds the subject. Each is best at something else."),
        "model",
        ("remove", "segment", "objects"),
    ),
    _row(
        "matting",
        "choice",
        "auto",
        N_("Edge detail"),
        N_("How hair, fur and blur are decided."),
        "matting",
        ("remove", "refine", "matte", "objects"),
        choices=(
            ("auto", N_("Best available")),
            ("guided", N_("Quick")),
            ("none", N_("Hard edge, no detail")),
        ),
    ),
    _row(
        "feather",
        "number",
        0.0,
        N_("Feather"),
        N_("Softens the edge of the mask by so many pixels."),
        "feather",
        ("remove", "segment", "objects"),
        low=0.0,
        high=100.0,
        step=0.5,
        unit="px",
    ),
    _row(
        "shift_edge",
        "number",
        0.0,
        N_("Shift edge"),
        N_("Moves the edge outward, or inward when below zero."),
        "shift_edge",
        ("remove", "segment", "objects"),
        low=-50.0,
        high=50.0,
        step=0.5,
        unit="px",
    ),
    _row(
        "keep",
        "choice",
        "all",
        N_("Parts"),
        N_("Whether specks and further subjects beside the largest one stay."),
        "keep",
        ("remove", "segment"),
        choices=(("all", N_("All parts")), ("largest", N_("The largest part only"))),
    ),
    _row(
        "hard",
        "switch",
        False,
        N_("Hard mask"),
        N_("Only black and white, no soft edge: for laser cutters and pixel art."),
        "hard",
        ("remove", "segment", "objects"),
    ),
    _row(
        "decontaminate",
        "switch",
        False,
        N_("Clean edge colors"),
        N_("Also takes the old background's color out of soft edges, on a layer of its own."),
        "decontaminate",
        ("remove", "refine"),
    ),
    _row(
        "existing",
        "choice",
        "replace",
        N_("If there is a mask already"),
        N_("What becomes of a mask that the layer has."),
        "",
        ("remove",),
        choices=(
            ("replace", N_("Replace it")),
            ("intersect", N_("Keep only what both show")),
            ("add", N_("Add to it")),
        ),
    ),
    _row(
        "device",
        "choice",
        "auto",
        N_("Device"),
        N_("What the network runs on. The report after each run says which one it really was."),
        "device",
        ("remove", "segment", "matte", "refine", "decontaminate", "objects"),
        choices=DEVICES,
    ),
)
"""Every option, in the order in which hosts show them: the most used first."""


def option(name):
    """The row of this name. Raises KeyError."""
    for row in OPTIONS:
        if row.name == name:
            return row
    raise KeyError(name)


def options_for(op):
    """The rows that make sense for an operation."""
    return [row for row in OPTIONS if op in row.ops]


def checked(name, value):
    """`value` as the option's own type and within its range; its default when it makes no sense.

    For settings that were stored by another version, or edited by hand.
    """
    row = option(name)
    if row.kind == "switch":
        return value if isinstance(value, bool) else row.default
    if row.kind == "number":
        try:
            value = float(value)
        except (TypeError, ValueError):
            return row.default
        return min(max(value, row.low), row.high) if value == value else row.default
    if row.kind == "choice":
        return value if value in [choice for choice, _text in row.choices] else row.default
    return value.strip() if hasattr(value, "strip") else row.default


def job_options(op, values, **more):
    """The options of a job: `values` by the rows' names, as far as `op` heeds them.

    What is missing is the default; what makes no sense, too. more: further options of the job, such
    as `depth` and `prompt`; they go first.
    """
    options = {"op": op}
    for row in options_for(op):
        value = checked(row.name, values.get(row.name, row.default))
        if row.key and not (row.kind == "model" and not value):  # none: the engine's own
            options[row.key] = value
    if op == "decontaminate":
        options["decontaminate"] = True
    options.update(more)
    return options
