# SPDX-License-Identifier: Apache-2.0
"""The job contract: good requests are understood, and no bytes whatever break the decoder."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mattebrush.errors import JobInvalid, MattebrushError, NoSubject, OptionInvalid
from mattebrush.imaging.depth import BITS
from mattebrush.jobs import contract, operations
from tests.objects.scenes import three

IMAGE = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def npz(message: object = None, **members: np.ndarray) -> bytes:
    out = io.BytesIO()
    if message is not None:
        members["options"] = np.frombuffer(json.dumps(message).encode(), np.uint8)
    np.savez(out, **members)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 1), (4, 6, 2), (4, 6, 3), (4, 6, 4)])
def test_every_published_image_form_is_read_exactly(dtype: type, shape: tuple[int, ...]) -> None:
    image: np.ndarray = (np.arange(np.prod(shape)).reshape(shape) / 100).astype(dtype)
    request = contract.decode(npz(image=image))
    assert request.op == "remove"
    assert request.depth == np.dtype(dtype).itemsize * 8
    assert np.array_equal(request.arrays["image"].reshape(shape), image)
    assert request.arrays["image"].dtype == dtype


def test_a_fortran_ordered_and_deflated_member_is_read_exactly() -> None:
    out = io.BytesIO()
    np.savez_compressed(out, image=np.asfortranarray(IMAGE))
    assert np.array_equal(contract.decode(out.getvalue()).arrays["image"], IMAGE)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_stored_members_are_read_in_place_wherever_they_lie(dtype: type) -> None:
    for length in range(1, 9):  # the file's offset decides whether values are aligned in memory
        options = {"op": "refine", "model": "m" * length}
        image: np.ndarray = IMAGE.astype(dtype)
        mask: np.ndarray = np.eye(4, 6).astype(dtype)
        body = npz(options, image=image, mask=mask)
        arrays = contract.decode(io.BytesIO(body), memory=memoryview(body)).arrays
        assert np.array_equal(arrays["image"], image) and np.array_equal(arrays["mask"], mask)
        assert all(array.flags.aligned for array in arrays.values())
    assert np.shares_memory(arrays["image"], np.frombuffer(body, np.uint8)) == (dtype == np.uint8)


def test_a_damaged_member_is_refused_in_place_and_from_a_file() -> None:
    body = bytearray(npz(image=IMAGE))
    body[body.index(IMAGE.tobytes())] ^= 1
    for data in (bytes(body), io.BytesIO(body)):
        with pytest.raises(JobInvalid, match="CRC"):
            contract.decode(data)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize(("change", "expected"), [(b"xx", "more bytes"), (None, "cut short")])
def test_a_member_has_the_bytes_its_shape_says(
    method: int, change: bytes | None, expected: str
) -> None:
    with zipfile.ZipFile(io.BytesIO(npz(image=IMAGE))) as archive:
        member = archive.read("image.npy")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("image.npy", member + change if change else member[:-2])
    with pytest.raises(JobInvalid, match=expected):
        contract.decode(out.getvalue())


def test_an_answer_fits_the_room_foretold() -> None:
    answer = contract.Answer(
        IMAGE[:, :, 0].copy(), IMAGE, {"op": "remove", "warnings": ["x" * 3000]}
    )
    encoded = contract.encode_answer(answer)
    assert len(encoded) <= contract.answer_room(answer)
    with np.load(io.BytesIO(encoded), allow_pickle=False) as members:
        assert set(members) == {"alpha", "foreground", "report"}
        assert np.array_equal(members["foreground"], IMAGE)


def job(image: np.ndarray, **options: Any) -> dict[str, np.ndarray]:
    """The members that a request for objects is answered with."""
    request = contract.decode(npz({"op": "objects", **options}, image=image))
    answer = operations.run(request)
    encoded = contract.encode_answer(answer)
    assert len(encoded) <= contract.answer_room(answer)
    with np.load(io.BytesIO(encoded), allow_pickle=False) as members:
        return dict(members)


@pytest.mark.parametrize("depth", [8, 16, 32])
def test_objects_come_with_masks_names_boxes_and_certainties(depth: int) -> None:
    image, true = three()
    members = job(image, depth=depth)
    assert set(members) == {"alpha", "foreground", "report", "masks"}
    masks, alpha = members["masks"], members["alpha"]
    assert masks.dtype == alpha.dtype == BITS[depth] and masks.shape == true.shape
    full = 1 if depth == 32 else 2**depth - 1
    assert np.abs(masks / full - true).mean() < 0.003
    total = masks.astype(np.float64).sum(axis=0)
    assert total.max() <= full * (1 + 1e-6)
    assert np.abs(total - alpha).max() <= full * 1e-6
    report = json.loads(members["report"].tobytes())
    assert report["op"] == "objects" and report["alpha_is"] == "matte"
    assert [one["name"] for one in report["objects"]] == ["object 1", "object 2", "object 3"]
    for one, plane in zip(report["objects"], true, strict=True):
        y, x = np.nonzero(plane >= 0.5)
        box = (x.min(), y.min(), x.max() + 1, y.max() + 1)
        assert np.abs(np.subtract(one["box"], box)).max() <= 2
        assert 0.8 < one["certainty"] <= 1
    assert members["foreground"].shape == image.shape


def test_each_box_of_a_request_is_an_object_in_its_order() -> None:
    image, true = three()
    boxes = [[290, 60, 380, 200], [30, 60, 120, 200]]
    members = job(image, prompt={"boxes": boxes}, decontaminate=False)
    assert "foreground" not in members and members["masks"].shape[0] == 2
    for mask, plane in zip(members["masks"], true[[2, 0]], strict=True):
        assert np.abs(mask / 255 - plane).mean() < 0.01


def test_a_transparent_layer_keeps_its_own_transparency_beside_the_masks() -> None:
    image, true = three()
    own = np.full((*image.shape[:2], 1), 128, np.uint8)
    members = job(np.concatenate([image, own], axis=2))
    assert members["masks"].max() == 255 and len(members["masks"]) == len(true)
    assert members["foreground"].shape == image.shape


def test_objects_are_looked_for_in_the_colors_that_a_screen_shows() -> None:
    image, true = three()
    dark = (image.astype(np.float32) / 255) ** 2.2 / 60
    request = contract.decode(npz({"op": "objects"}, image=dark.astype(np.float32)))
    answer = operations.run(request, display=image.astype(np.float32) / 255)
    assert answer.masks is not None and len(answer.masks) == len(true)
    assert np.abs(answer.masks - true).mean() < 0.01


def test_a_picture_of_nothing_has_no_objects() -> None:
    nothing = np.full((60, 80, 3), 90, np.uint8)
    with pytest.raises(NoSubject):
        job(nothing)
    members = job(nothing, force=True)
    assert members["masks"].shape == (0, 60, 80) and not members["alpha"].any()
    assert json.loads(members["report"].tobytes())["objects"] == []


def test_options_reach_the_engine() -> None:
    request = contract.decode(
        npz(
            {"op": "remove", "depth": 16, "feather": 2, "prompt": {"points": [[1, 2, 0]]}},
            image=IMAGE,
        )
    )
    assert request.depth == 16
    assert request.options.feather == 2
    assert request.options.prompt.points[0].label == 0


def test_the_answer_has_the_depth_of_the_mask_unless_told() -> None:
    mask = np.zeros((4, 6), np.uint16)
    assert contract.decode(npz({"op": "refine"}, image=IMAGE, mask=mask)).depth == 16


BAD_MEMBERS: dict[str, dict[str, Any]] = {
    "wrong type": {"image": IMAGE.astype(np.int64)},
    "big-endian": {"image": IMAGE.astype(">u2")},
    "too many channels": {"image": np.zeros((2, 2, 5), np.uint8)},
    "too few dimensions": {"image": np.zeros(9, np.uint8)},
    "empty": {"image": np.zeros((0, 4, 3), np.uint8)},
    "no image": {"mask": np.zeros((4, 6), np.uint8)},
    "unknown member": {"image": IMAGE, "surprise": IMAGE},
    "sizes differ": {"image": IMAGE, "mask": np.zeros((4, 5), np.uint8)},
    "earlier frames in one plane": {"image": IMAGE, "earlier": IMAGE},
    "earlier frames of another size": {"image": IMAGE, "earlier": np.zeros((2, 4, 5, 3), np.uint8)},
    "no earlier frame": {"image": IMAGE, "earlier": np.zeros((0, 4, 6, 3), np.uint8)},
    "NaN": {"image": np.full((2, 2, 3), np.nan, np.float32)},
    "infinite mask": {"image": IMAGE, "mask": np.full((4, 6), np.inf, np.float32)},
    "options as text": {"image": IMAGE, "options": np.frombuffer(b"{", np.uint8)},
    "options as list": {"image": IMAGE, "options": np.frombuffer(b"[]", np.uint8)},
    "options not UTF-8": {"image": IMAGE, "options": np.frombuffer(b"\xff{}", np.uint8)},
}


@pytest.mark.parametrize("members", BAD_MEMBERS.values(), ids=BAD_MEMBERS.keys())
def test_members_of_another_form_are_refused(members: dict[str, np.ndarray]) -> None:
    with pytest.raises(JobInvalid):
        contract.decode(npz(**members))


@pytest.mark.parametrize(
    "options",
    [
        {"op": "explode"},
        {"op": ["remove"]},
        {"depth": 12},
        {"force": "yes"},
        {"feather": "3"},
        {"feather": float("nan")},
        {"feather": True},
        {"keep": "some"},
        {"region": [0, 0, 0, 0]},
        {"region": "all"},
        {"prompt": [1, 2]},
        {"prompt": {"points": [[1, 2, 3]]}},
        {"model": 5},
        {"decontaminate": 1},
        {"__class__": "Options"},
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(OptionInvalid):
        contract.decode(npz(options, image=IMAGE))


def test_pickled_objects_are_never_loaded() -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (pytest.fail, ("a pickle was loaded",))

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            header, {"descr": "|O", "fortran_order": False, "shape": (1, 1)}
        )
        archive.writestr("image.npy", header.getvalue() + pickle.dumps(Bomb()))
    with pytest.raises(JobInvalid):
        contract.decode(out.getvalue())


def lying_request(shape: tuple[int, ...], data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            header, {"descr": "|u1", "fortran_order": False, "shape": shape}
        )
        archive.writestr("image.npy", header.getvalue() + data)
    return out.getvalue()


@pytest.mark.parametrize("shape", [(10**9, 10**9, 3), (2**31, 4, 1), (20_000, 20_000, 4)])
def test_a_header_that_lies_takes_no_memory(shape: tuple[int, ...]) -> None:
    import tracemalloc

    tracemalloc.start()
    with pytest.raises(JobInvalid):
        contract.decode(lying_request(shape, b"few bytes"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40_000_000


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_bytes_give_a_named_failure(data: st.DataObject) -> None:
    good = bytearray(npz({"op": "remove"}, image=IMAGE))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(good) - 1))
        good[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(good)))
    try:
        contract.decode(bytes(good[:cut] if data.draw(st.booleans()) else good))
    except MattebrushError as error:
        assert error.message


@given(st.binary(max_size=200))
def test_any_bytes_give_a_named_failure(noise: bytes) -> None:
    with pytest.raises(MattebrushError):
        contract.decode(noise)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
option_names = st.sampled_from(
    ["op", "depth", "force", "model", "feather", "region", "prompt", "threads", "keep", "device"]
)


@settings(deadline=None)
@given(st.dictionaries(option_names, json_values, max_size=4))
def test_hostile_options_give_a_named_failure_or_valid_options(values: dict[str, Any]) -> None:
    try:
        request = contract.decode(npz(values, image=IMAGE))
    except MattebrushError as error:
        assert error.message
    else:
        assert request.depth in BITS


def test_a_failure_is_told_apart_from_an_answer_by_its_first_byte() -> None:
    failure = contract.encode_failure(JobInvalid("It is broken.", "Mend it."))
    assert failure[:1] == b"{"
    assert json.loads(failure) == {
        "code": "job-invalid",
        "message": "It is broken.",
        "fix": "Mend it.",
    }
    assert contract.encode_answer(contract.Answer(None, None, {}))[:2] == b"PK"
