# SPDX-License-Identifier: GPL-3.0-or-later
"""Refine Mask: keeps what was painted and lets the engine decide the edges around it anew.

What was painted is the difference to the mask as the engine gave it. Pure black and white strokes
stay; soft ones ask for a soft edge there.
"""

import numpy as np

from . import carrying, colour, folders, generating, jobs, matte, painting, pixels, sources

_ROUNDING = 1.5 / 255


def still(group, source, frame):
    """A better mask for a still, as new images."""
    yield f"Reading {source.label}", 0.0
    picture = sources.read(source, frame)
    dtype = picture.pixels.dtype
    mask = colour.to_depth(pixels.read(matte.mask_image(group()))[..., 0], dtype)
    given = matte.given_image(group())
    previous = None if given is None else colour.to_depth(pixels.read(given)[..., 0], dtype)
    clean = group().mattebrush.clean
    job = _job(picture, mask, previous, clean)
    answer = yield from generating.told(job, "", 0.0, 1.0)
    generating.show_still(group(), answer, picture, clean)
    return generating.said(answer.report)


def frames(group, source, first, last):
    """The same for a frame of a sequence, its strokes carried on to the frames until `last`.

    They end where their subject is no longer found.
    """
    painting.commit(group())
    folder = folders.of_image(matte.mask_image(group()))
    clean = group().mattebrush.clean
    before = pixels.load_mask(folder.file("given" if folder.has("given", first) else "mask", first))
    after = pixels.load_mask(folder.file("mask", first))
    strokes = carrying.between(before, after, _ROUNDING)
    picture = sources.read(source, first)
    done = []
    for frame in range(first, last + 1):
        share = 1 / (last - first + 1)
        if frame > first:
            following = sources.read(source, frame)
            strokes = carrying.onto_next(strokes, _unit(picture), _unit(following))
            if strokes is None or not folder.has("mask", frame):
                break
            picture, before = following, pixels.load_mask(folder.file("mask", frame))
            folder.keep_given(frame)
            after = np.where(strokes.where, strokes.values, before)
        planes = (colour.to_depth(plane, np.uint16) for plane in (after, before))
        job = _job(picture, *planes, clean)
        start = (frame - first) * share
        answer = yield from generating.told(job, f"Frame {frame}: ", start, share)
        _replace(folder, frame, answer, picture, clean)
        done.append(frame)
    matte.reload(group())
    return _told(done, last)


def _job(picture, mask, previous, clean):
    region = np.full(mask.shape, 255, np.uint8)
    if previous is not None and (mask != previous).any():
        region = carrying.around(mask != previous)
    options = {"op": "refine", "decontaminate": clean, "depth": mask.itemsize * 8}
    return jobs.work(options, image=picture.pixels, mask=mask, previous=previous, region=region)


def _replace(folder, frame, answer, picture, clean):
    folder.put_aside(frame)
    generating.write_mask(folder.file("mask", frame), colour.to_unit(answer.alpha))
    if clean:
        path = folder.file("foreground", frame)
        generating.write_foreground(path, answer.foreground, picture)


def _unit(picture):
    return colour.to_unit(picture.pixels[..., :3])


def _told(done, last):
    if len(done) == 1:
        return f"Mattebrush: frame {done[0]} refined."
    ended = "" if done[-1] == last else ", where the painted part was no longer found"
    return f"Mattebrush: frames {done[0]} to {done[-1]} refined{ended}."
