# SPDX-License-Identifier: GPL-3.0-or-later
"""Refine Mask and Carry Strokes: the engine decides anew what the strokes are about.

It is always asked from the strokes and its own first matte, never from an answer to earlier
strokes: so refining twice is refining once, and a key can be repainted at any time.
"""

import dataclasses

import numpy as np

from . import carrying, colour, generating, layers, matte, painting, pixels, sources, words
from . import strokes as painted
from .mattebrush_kit.stages import N_
from .problem import Problem


def still(group, source, frame):
    """A better mask for a still, as new images."""
    yield words.tr("Reading {name}", name=source.label), 0.0
    wish = generating.wish_of(group(), source)
    picture = sources.read(source, frame, as_shown=wish.as_shown)
    size = picture.pixels.shape[:2]
    mask = np.ascontiguousarray(pixels.read(matte.mask_image(group()))[..., 0])
    if mask.shape != size:
        raise Problem(
            "The mask is {mask} pixels, the picture {picture}.",
            "Generate a mask for this picture.",
            mask=f"{mask.shape[1]} x {mask.shape[0]}",
            picture=f"{size[1]} x {size[0]}",
        )
    strokes = layers.of_still(group(), size)
    engine_matte = layers.matte_of_still(group(), size)
    depth = picture.pixels.itemsize * 8
    if engine_matte is None:  # all of it was painted by hand
        engine_matte, wanted = np.ones_like(mask), mask
    else:
        wanted = painted.over(strokes, engine_matte)
    answer = yield from generating.refined(
        picture, wish, engine_matte, wanted, depth, ("", 0.0, 1.0)
    )
    generating.show_still(group(), source, frame, answer, picture, strokes, engine_matte)
    return generating.summary(answer.report)


def frame(group, source, number):
    """The same for one frame of a sequence."""
    painting.commit(group())
    folder = folder_with(group(), number)
    wish = generating.wish_of(group(), source)
    yield words.tr("Reading {name}", name=source.label), 0.0
    picture = sources.read(source, number, as_shown=wish.as_shown)
    yield from _anew(folder, number, wish, picture, 0.0, 1.0)
    matte.reload(group())
    word = words.tr("Frame {frame} refined.", frame=number)
    group().mattebrush.report = word
    return f"Mattebrush: {word}"


def folder_with(group, number):
    """The folder of the masks shown, which has that frame. Raises Problem."""
    folder = matte.folder_of(group)
    if folder is None:
        raise layers.no_masks()
    if not folder.has("mask", number):
        raise layers.no_mask(number)
    return folder


def _anew(folder, number, wish, picture, start, share):
    """Refines one frame from its strokes, and writes it."""
    engine_matte = pixels.load_mask(folder.file("matte", number))
    strokes = layers.of_frame(folder, number, engine_matte.shape)
    wanted = painted.over(strokes, engine_matte)
    progress = (generating.before_stage(number), start, share)
    answer = yield from generating.refined(picture, wish, engine_matte, wanted, 16, progress)
    known = folder.record(number)
    record = dataclasses.replace(
        known, refined=True, carried=[int(key) for key in folder.carried_to(number)]
    )
    mask = colour.to_unit(answer.alpha)
    generating.replace(folder, number, mask, answer.foreground, picture, record, known)


def carried(group, source, key, directions):
    """Takes the strokes of the key on frame `key` along, and refines the frames they come to.

    directions: of +1 and -1. They go on until their subject is no longer found, the masks end, or
    another key is met. What came from this key before is taken back first.
    """
    painting.commit(group())
    folder = folder_with(group(), key)
    own = layers.read(folder.strokes_file(key))
    if own is None:
        raise Problem(
            "Nothing was painted on frame {frame}.",
            "Press Paint Mask, paint, and carry it on then.",
            frame=key,
        )
    wish = generating.wish_of(group(), source)
    paths = {step: _path(folder, key, step) for step in directions}
    count = sum(len(path) for path in paths.values())
    if not count:
        raise Problem(
            "There is nowhere to carry the strokes of frame {frame}: its neighbors have no masks,"
            " or strokes of their own.",
            "Generate masks for them first.",
            frame=key,
        )
    before = set(layers.forget_carried(folder, key))
    reached, done = [], 0
    for path in paths.values():
        strokes, last = own, sources.read(source, key, as_shown=wish.as_shown)
        for index, number in enumerate(path):
            yield generating.reading(number, source), (done + index) / count
            picture = sources.read(source, number, as_shown=wish.as_shown)
            strokes = carrying.onto(strokes, _unit(last), _unit(picture))
            if strokes is None:
                break
            layers.write(folder.strokes_file(number, key), strokes)
            share = 1 / count
            start = (done + index) * share
            yield from _anew(folder, number, wish, picture, start, share)
            last = picture
            reached.append(number)
            before.discard(number)
        done += len(path)
    for number in sorted(before):  # a stroke that does not reach them any more
        picture = sources.read(source, number, as_shown=wish.as_shown)
        yield from _anew(folder, number, wish, picture, 1.0, 0.0)
    matte.reload(group())
    word = _outcome(key, sorted(reached), paths)
    group().mattebrush.report = word
    return f"Mattebrush: {word}"


def between(group, source, frame):
    """The same for the keys on either side of a frame, towards each other."""
    folder = folder_with(group(), frame)
    keys = folder.keys()
    first = max((key for key in keys if key <= frame), default=None)
    last = min((key for key in keys if key > frame), default=None)
    if first is None or last is None:
        raise Problem(
            "Frame {frame} does not lie between two painted frames.",
            "Paint on one before it and one after it.",
            frame=frame,
        )
    yield from _shared(carried(group, source, first, (1,)), 0.0)
    return (yield from _shared(carried(group, source, last, (-1,)), 0.5))


def _shared(steps, start):
    """Half of the progress for one of two."""
    while True:
        try:
            text, fraction = next(steps)
        except StopIteration as end:
            return end.value
        yield text, start + fraction / 2


def _path(folder, key, step):
    """The frames on one side of a key up to the next key, or the end of the masks."""
    keys, path, number = set(folder.keys()), [], key + step
    while folder.has("mask", number) and number not in keys:
        path.append(number)
        number += step
    return path


def _unit(picture):
    return colour.to_unit(picture.seen[..., :3])


def _outcome(key, reached, paths):
    if not reached:
        return words.tr(
            "What was painted on frame {frame} was not found again on the frames beside it.",
            frame=key,
        )
    there = spans(reached)
    word = words.tr("Strokes of frame {frame} carried to {frames}.", frame=key, frames=there)
    if all(not path or path[-1] in reached for path in paths.values()):
        return word
    return f"{word} {words.tr(N_('Further on the painted part was not found.'))}"


def spans(numbers):
    """Frame numbers as people write them: "1-4, 7"."""
    parts, start = [], None
    for index, number in enumerate(numbers):
        start = number if start is None else start
        if index + 1 == len(numbers) or numbers[index + 1] != number + 1:
            parts.append(str(start) if start == number else f"{start}-{number}")
            start = None
    return ", ".join(parts)
