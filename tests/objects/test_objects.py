# SPDX-License-Identifier: Apache-2.0
"""Several objects: what is found of three things, and what can be made of the result."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from psd_tools import PSDImage

from mattebrush.cutout import Report
from mattebrush.errors import InputInvalid, OptionInvalid
from mattebrush.imaging.morphology import nearest
from mattebrush.imaging.rect import Rect
from mattebrush.objects import files
from mattebrush.objects.find import find
from mattebrush.objects.result import Object, Objects, exclusive, unique_names
from mattebrush.options import Options, Point, Prompt
from mattebrush.raster import Raster, cryptomatte
from mattebrush.render import Recipe
from tests.objects.scenes import three


@pytest.fixture(scope="module")
def results() -> Objects:
    return find(three()[0])


def made(*windows: Rect, shape: tuple[int, int] = (20, 30), depth: str = "uint8") -> Objects:
    """Objects of random masks, made exclusive."""
    random = np.random.default_rng(3)
    masks = [(w, random.random((w.height, w.width)).astype(np.float32)) for w in windows]
    colors = [random.integers(0, 255, (w.height, w.width, 3)).astype(depth) for w in windows]
    parts = exclusive(masks, shape)
    objects = tuple(
        Object(f"thing {i}", 0.5, window, mask, color)
        for i, (window, mask, color) in enumerate(zip(windows, parts, colors, strict=True), 1)
    )
    source = Raster(random.integers(0, 255, (*shape, 3)).astype(depth))
    return Objects(shape, objects, Report("objects", shape[1], shape[0]), source)


OVERLAPPING = (Rect(0, 0, 20, 20), Rect(5, 2, 30, 18), Rect(8, 0, 25, 20), Rect(9, 3, 12, 6))


def test_three_things_are_three_masks(results: Objects) -> None:
    masks = three()[1]
    assert results.names == ("object 1", "object 2", "object 3")
    for number, true in enumerate(masks, 1):
        assert np.abs(results.mask(number) - true).mean() < 0.003
        box = results[number].box
        y, x = np.nonzero(true >= 0.5)
        assert np.abs(np.subtract(box, (x.min(), y.min(), x.max() + 1, y.max() + 1))).max() <= 2
        assert results[number].certainty > 0.8
    assert results.report.subject_found
    assert results.report.model == "mattebrush-subject"
    foreground = results[1].foreground
    assert foreground is not None
    assert foreground.shape == (*results[1].mask.shape, 3)


def test_masks_sum_to_at_most_one(results: Objects) -> None:
    for objects in (results, made(*OVERLAPPING)):
        total = np.zeros(objects.shape, np.float32)
        for one in objects:
            total[one.window.slices] += one.mask
        assert total.max() <= 1


@pytest.mark.parametrize("depth", ("uint8", "uint16"))
def test_so_do_their_integers(depth: str) -> None:
    objects = made(*OVERLAPPING)
    total = np.zeros(objects.shape, np.int64)
    full = np.iinfo(depth).max
    for one, mask in objects.integer_masks(depth):
        assert mask.dtype == depth
        assert np.abs(mask - one.mask * full).max() <= 1
        total[one.window.slices] += mask
    assert total.max() == full


def test_where_masks_claim_too_much_each_gets_its_share() -> None:
    window = Rect(0, 0, 1, 1)
    claims = [(window, np.full((1, 1), value, np.float32)) for value in (0.9, 0.9, 0.2)]
    assert np.allclose(np.ravel(exclusive(claims, (1, 1))), [0.45, 0.45, 0.1])
    alone = exclusive([(window, np.full((1, 1), 0.7, np.float32))], (1, 1))
    assert alone[0][0, 0] == np.float32(0.7)


def test_touching_things_are_told_apart_by_clicks() -> None:
    image, masks = three(gap=84)
    points = tuple(Point(75 + i * 84, 130) for i in range(3))
    objects = find(image, Options(prompt=Prompt(points=points), decontaminate=False))
    assert len(objects) == 3
    for number, true in enumerate(masks, 1):
        mask = objects.mask(number)
        assert (mask * true).sum() > 0.9 * true.sum()
        assert objects[number].foreground is None


def test_each_box_is_an_object() -> None:
    image, masks = three()
    boxes = ((160.0, 65.0, 252.0, 196.0), (290.0, 65.0, 382.0, 196.0))
    objects = find(image, Options(prompt=Prompt(boxes=boxes), decontaminate=False))
    assert len(objects) == 2
    assert np.abs(objects.mask(1) - masks[1]).mean() < 0.01


def total_of(objects: Objects) -> np.ndarray:
    total = np.zeros(objects.shape, np.float32)
    for one in objects:
        total[one.window.slices] += one.mask
    return total


def test_overlapping_boxes_share_what_lies_between() -> None:
    image, masks = three(gap=84)
    boxes = tuple((75.0 + i * 84 - 60, 50.0, 75.0 + i * 84 + 60, 205.0) for i in range(3))
    found = find(image, Options(prompt=Prompt(boxes=boxes), decontaminate=False))
    assert len(found) == 3
    assert total_of(found).max() <= 1
    for number, true in enumerate(masks, 1):
        mask = found.mask(number)
        assert (mask * true).sum() > 0.85 * true.sum()
        assert (mask * masks[number % 3]).sum() < 0.15 * true.sum()


def test_next_to_each_other_neither_has_of_the_other() -> None:
    """Soft edges are looked for beyond the outline, where the neighbor stands out as well."""
    image, masks = three(gap=104)
    found = find(image, Options(decontaminate=False))
    assert len(found) == 3
    for number, true in enumerate(masks, 1):
        others = masks.sum(axis=0) - true
        assert (found.mask(number) * others).sum() < 0.0005 * true.sum()
        assert np.abs(found.mask(number) - true).mean() < 0.004


def test_nearest_is_one_of_them_each() -> None:
    seeds = np.zeros((3, 20, 30), bool)
    for number, place in enumerate(((2, 3), (17, 5), (9, 26))):
        seeds[number][place] = True
    near = nearest(seeds)
    assert (near.sum(axis=0) == 1).all()
    assert near[0, 3, 9] and near[1, 15, 9] and near[2, 9, 20]
    wall = np.ones((20, 30), bool)
    wall[:, 15] = False
    near = nearest(seeds[:2], wall)
    assert not near[:, :, 15:].any()
    assert (near[:, :, :15].sum(axis=0) == 1).all()


def test_hard_edges_give_nothing_twice() -> None:
    image, masks = three()
    image[masks.max(axis=0) < 0.5] = (250, 250, 250)
    found = find(image)
    assert len(found) == 3
    assert total_of(found).max() <= 1
    for depth in ("uint8", "uint16"):
        total = np.zeros(found.shape, np.int64)
        for one, mask in found.integer_masks(depth):
            total[one.window.slices] += mask
        assert total.max() <= np.iinfo(depth).max


@pytest.mark.parametrize(
    ("hidden", "objects"),
    [
        ((slice(0, 240), slice(100, 121)), 3),  # a stripe between two of them
        ((slice(0, 240), slice(210, 420)), 2),  # the right half: one of them is cut
        ((slice(0, 20), slice(0, 420)), 3),
    ],
)
def test_transparent_parts_of_the_picture_are_no_objects(
    hidden: tuple[slice, slice], objects: int
) -> None:
    """Nor do their hard edges stand out."""
    image, masks = three()
    image = np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])
    image[hidden] = 0
    found = find(image, Options(decontaminate=False))
    assert len(found) == objects
    for number, true in enumerate(masks[:objects], 1):
        shown = true * (image[..., 3] > 0)
        assert np.abs(found.mask(number) * (image[..., 3] > 0) - shown).mean() < 0.003


def test_a_picture_of_nothing_has_no_objects() -> None:
    objects = find(np.full((80, 120, 3), 128, np.uint8))
    assert len(objects) == 0
    assert not objects.report.subject_found
    with pytest.raises(InputInvalid):
        find(np.zeros((8, 8, 7), np.uint8))


def test_one_thing_is_one_object_as_the_engine_gives_it() -> None:
    from mattebrush import engine

    image, _ = three()
    alone = np.ascontiguousarray(image[:, :150])
    objects = find(alone)
    assert len(objects) == 1
    assert np.abs(objects.mask(1) - engine.remove_background(alone).alpha).max() < 0.03


# ---------------------------------------------------------------- choose, drop, merge


def test_choose_and_drop_by_name_and_number() -> None:
    objects = made(*OVERLAPPING)
    assert objects.choose(3, "THING 1").names == ("thing 3", "thing 1")
    assert objects.drop("thing 2", 4).names == ("thing 1", "thing 3")
    for wrong in (0, 5, "thing", -1):
        with pytest.raises(OptionInvalid, match="thing 1"):
            objects.choose(wrong)


def test_merging_adds_masks_and_keeps_colors() -> None:
    objects = made(Rect(0, 0, 10, 10), Rect(12, 5, 20, 20), Rect(25, 0, 30, 5))
    merged = objects.merge(1, "thing 3", name="both")
    assert merged.names == ("both", "thing 2")
    assert np.array_equal(merged.mask("both"), objects.mask(1) + objects.mask(3))
    assert np.array_equal(merged.alpha(), objects.alpha())
    foreground, first = merged["both"].foreground, objects[1].foreground
    assert foreground is not None
    assert first is not None
    assert np.array_equal(foreground[:10, :10], first)
    for arguments in ((1,), (1, 1)):
        with pytest.raises(OptionInvalid, match="two"):
            objects.merge(*arguments)
    with pytest.raises(OptionInvalid, match="called"):
        objects.merge(1, 3, name="Thing 2")


def test_renaming_keeps_names_apart() -> None:
    objects = made(*OVERLAPPING).rename(2, "the dog")
    assert objects.names[1] == "the dog"
    with pytest.raises(OptionInvalid):
        objects.rename(1, "The Dog")
    assert unique_names(["dog", "bag", "dog"]) == ["dog 1", "bag", "dog 2"]
    assert len(set(unique_names(["dog", "bag", "dog", "dog 1"]))) == 4


def test_all_together_are_one_cutout() -> None:
    objects = made(*OVERLAPPING)
    cutout = objects.cutout()
    assert np.array_equal(cutout.alpha, objects.alpha())
    assert cutout.foreground is not None
    alone = (objects.mask(2) > 0) & (objects.alpha() == objects.mask(2))
    second = np.zeros((*objects.shape, 3), np.uint8)
    assert objects[2].foreground is not None
    second[objects[2].window.slices] = objects[2].foreground
    assert np.array_equal(cutout.foreground[alone], second[alone])


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("depth", ("uint8", "uint16"))
def test_a_psd_has_a_group_an_object(depth: str) -> None:
    objects = made(*OVERLAPPING, depth=depth).rename(1, "Früchte 🍎")
    assert objects.source is not None
    data = files.encode(objects.source, objects, Recipe(format="psd"))
    document = PSDImage.open(io.BytesIO(data))
    full = np.iinfo(depth).max
    bottom, *groups = document
    assert bottom.name == "Original"
    assert not bottom.visible
    assert np.array_equal(np.rint(bottom.numpy("color") * full), objects.source.pixels)
    assert [group.name for group in groups] == list(objects.names)
    for group, (one, mask) in zip(groups, objects.integer_masks(depth), strict=True):
        assert group.kind == "group"
        original, clean = group
        assert (original.name, original.visible) == (f"{one.name}: original", True)
        assert (clean.name, clean.visible) == (f"{one.name}: clean color", False)
        for layer in (original, clean):
            assert layer.bbox == layer.mask.bbox == tuple(one.window)
            assert np.array_equal(np.rint(layer.numpy("mask")[..., 0] * full), mask)
        color = objects.source.pixels[one.window.slices]
        assert np.array_equal(np.rint(original.numpy("color") * full), color)
        assert one.foreground is not None
        assert np.array_equal(np.rint(clean.numpy("color") * full), one.foreground)


def test_names_of_files_stay_in_their_folder_and_apart(tmp_path: Path) -> None:
    objects = made(*OVERLAPPING).rename(1, "../../etc/passwd").rename(2, "a b").rename(3, "a/b")
    objects = objects.rename(4, "///")
    paths = files.each_path(tmp_path / "cut.png", objects)
    assert {path.parent for path in paths} == {tmp_path}
    assert len({path.name.lower() for path in paths}) == 4
    assert objects.source is not None
    written = files.write_each(tmp_path / "cut.png", objects.source, objects, Recipe())
    for path, number in zip(written, range(1, 5), strict=True):
        alpha = np.asarray(Image.open(path))[..., 3]
        assert np.abs(alpha - objects.mask(number) * 255).max() <= 1


def command(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mattebrush", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_writes_what_is_chosen(tmp_path: Path) -> None:
    Image.fromarray(three()[0]).save(tmp_path / "three.png")
    done = command(
        *("remove", "three.png", "--objects", "--merge", "1,3", "--drop", "2", "--json"),
        *("-o", "out.psd", "--no-decontaminate"),
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [one["name"] for one in report["objects"]] == ["object 1"]
    _, group = PSDImage.open(tmp_path / "out.psd")
    assert group.name == "object 1"
    done = command("remove", "three.png", "--choose", "4", folder=tmp_path)
    assert done.returncode != 0
    assert "object 3" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.psd", "three.png"]


def test_an_exr_has_a_layer_and_a_cryptomatte_an_object(tmp_path: Path) -> None:
    exr = pytest.importorskip("OpenEXR")
    objects = made(*OVERLAPPING).rename(1, "the.dog").rename(2, "Früchte")
    assert objects.source is not None
    path = tmp_path / "out.exr"
    files.write(path, objects.source, objects, Recipe(format="exr"))
    with exr.File(str(path), separate_channels=True) as file:
        planes = {key: channel.pixels for key, channel in file.channels().items()}
        facts = {k: v for k, v in file.header().items() if k.startswith("cryptomatte/")}
    assert np.allclose(planes["A"], objects.alpha(), atol=1e-3)
    names = ("the_dog", "Früchte", "thing 3", "thing 4")
    for number, name in enumerate(names, 1):
        assert np.allclose(planes[f"{name}.A"], objects.mask(number), atol=1e-3)
        assert (planes[f"{name}.R"] <= planes[f"{name}.A"] + 1e-3).all()
    key = next(iter(facts)).rpartition("/")[0]
    assert key == f"cryptomatte/{cryptomatte.murmur3(b'CryptoObject'):08x}"[:19]
    assert facts[f"{key}/name"] == "CryptoObject"
    manifest = json.loads(facts[f"{key}/manifest"])
    assert list(manifest) == list(objects.names)
    for number, bits in enumerate(manifest.values(), 1):
        wanted = np.array(int(bits, 16), np.uint32).view(np.float32)
        covered = np.zeros(objects.shape, np.float32)
        for layer in ("CryptoObject00", "CryptoObject01"):
            for identity, coverage in (("R", "G"), ("B", "A")):
                here = planes[f"{layer}.{identity}"] == wanted
                covered += here * planes[f"{layer}.{coverage}"]
        assert np.array_equal(covered, objects.mask(number))
    assert (planes["CryptoObject00.G"] >= planes["CryptoObject00.A"]).all()


def outlines(svg: bytes) -> dict[str, list[np.ndarray]]:
    """Points (N, 2) along each closed curve, by the title (or else the id) of its path."""
    root = ElementTree.fromstring(svg)
    share = np.linspace(0, 1, 17)[:, None]
    weights = [(1 - share) ** 3, 3 * share * (1 - share) ** 2, 3 * share**2 * (1 - share), share**3]
    results: dict[str, list[np.ndarray]] = {}
    for path in root.iter("{http://www.w3.org/2000/svg}path"):
        title = path.findtext("{http://www.w3.org/2000/svg}title") or path.attrib["id"]
        results[title] = []
        for curve in filter(None, path.attrib["d"].split("Z")):
            at = np.array(re.findall(r"[-\d.]+", curve), float).reshape(-1, 2)
            pieces = [at[i : i + 4] for i in range(0, len(at) - 1, 3)]
            points = [sum(w * p for w, p in zip(weights, piece, strict=True)) for piece in pieces]
            results[title].append(np.concatenate(points))
    return results


def test_an_svg_has_an_outline_an_object(results: Objects) -> None:
    named = results.rename(1, "dog & <cat>").rename(2, "dog/cat").rename(3, "3. <dog \x07cat>")
    image, masks = three()
    svg = files.encode(Raster(image), named, Recipe(format="svg", path=1.5))
    curves = outlines(svg)
    assert list(curves) == ["dog & <cat>", "dog/cat", "3. <dog cat>"]
    for (points,), true in zip(curves.values(), masks, strict=True):
        y, x = np.nonzero(true >= 0.5)
        box = (x.min(), y.min(), x.max() + 1, y.max() + 1)
        assert np.abs(np.subtract((*points.min(axis=0), *points.max(axis=0)), box)).max() < 3
    ids = [p.attrib["id"] for p in ElementTree.fromstring(svg)]
    assert len(set(ids)) == 3 and all(re.fullmatch(r"[A-Za-z_][\w.-]*", one) for one in ids)


def test_the_command_writes_outlines_of_those_that_are_chosen(tmp_path: Path) -> None:
    Image.fromarray(three()[0]).save(tmp_path / "farm.png")
    args = ["remove", "farm.png", "--objects", "-o", "farm.svg"]
    assert command(*args, "--drop", "2", folder=tmp_path).returncode == 0
    curves = outlines((tmp_path / "farm.svg").read_bytes())
    assert len(curves) == 2
    first, last = (np.concatenate(parts)[:, 0] for parts in curves.values())
    assert first.max() < 140 and last.min() > 270


def test_masks_for_raw_editors_are_float_maps_from_the_bottom_up(tmp_path: Path) -> None:
    image, masks = three()
    Image.fromarray(image).save(tmp_path / "farm.png")
    args = ["remove", "farm.png", "--objects", "--mask", "--each", "-o", "farm.pfm"]
    done = command(*args, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    for number, true in enumerate(masks, 1):
        data = (tmp_path / f"farm-object-{number}.pfm").read_bytes()
        head, size, scale, rest = data.split(b"\n", 3)
        assert (head, size, scale) == (b"Pf", b"420 240", b"-1.0")
        plane = np.frombuffer(rest, "<f4").reshape(240, 420)[::-1]
        assert np.abs(plane - true).mean() < 0.003
        assert ((plane > 0.01) & (plane < 0.99)).any()
    whole = ["remove", "farm.png", "--mask", "-o", "all.pfm"]
    assert command(*whole, folder=tmp_path).returncode == 0
    with Image.open(tmp_path / "all.pfm") as opened:  # as another program reads it
        assert opened.mode == "F"
        assert np.abs(np.asarray(opened) - masks.max(axis=0)).mean() < 0.01


@pytest.mark.parametrize("more", [{}, {"content": "foreground"}, {"content": "mask", "crop": 0}])
def test_a_float_map_holds_a_whole_mask(more: dict[str, object]) -> None:
    with pytest.raises(OptionInvalid, match="PFM"):
        Recipe(format="pfm", **more)  # type: ignore[arg-type]


def test_what_is_transparent_already_is_outside_the_outline(results: Objects) -> None:
    image = three()[0]
    own = np.full(image.shape[:2], 255, np.uint8)
    own[:, :75] = 0
    svg = files.encode(Raster(image, own), results, Recipe(format="svg", path=1.5))
    first = np.concatenate(next(iter(outlines(svg).values())))
    assert 73 < first[:, 0].min() < 78


def test_names_are_hashed_as_others_do() -> None:
    """Known values of MurmurHash3 of 32 bits with seed 0."""
    known = {b"": 0, b"test": 0xBA6BD213, b"Hello, world!": 0xC0363E43, b"hello": 0x248BFA47}
    assert {data: cryptomatte.murmur3(data) for data in known} == known
