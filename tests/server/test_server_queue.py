# SPDX-License-Identifier: Apache-2.0
"""Queue, store and blobs: fair turns, bounded memory, nothing left in shared memory."""

from __future__ import annotations

import time
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from mattebrush.errors import Cancelled, InputTooLarge
from mattebrush_server import blobs
from mattebrush_server.blobs import Blob, Handle, forget
from mattebrush_server.errors import Busy, NotFound
from mattebrush_server.gate import BlobParcel
from mattebrush_server.jobs import CANCELLED, DONE, Job, JobStore
from mattebrush_server.lanes import FairQueue
from mattebrush_server.settings import Settings

MB = 1_000_000


def job(pixels: int = MB, client: str = "a") -> Job:
    return Job(client, "job", {}, {}, pixels)


def finish(each: Job, delivered: bool = True) -> Job:
    each.succeed(Blob.of(b"answer"), {})
    each.delivered = delivered
    return each


def test_clients_take_turns() -> None:
    queue: FairQueue[str] = FairQueue()
    for item in ("a1", "a2", "a3"):
        queue.put("a", item)
    queue.put("b", "b1")
    queue.put("c", "c1")
    queue.put("b", "b2")
    assert [queue.get(0) for _ in range(7)] == ["a1", "b1", "c1", "a2", "b2", "a3", None]


def test_a_removed_item_is_not_given_out() -> None:
    queue: FairQueue[str] = FairQueue()
    for item in ("a1", "a2"):
        queue.put("a", item)
    assert queue.remove("a", "a1") and not queue.remove("a", "a1")
    assert len(queue) == 1
    assert queue.get(0) == "a2"
    assert not queue.remove("nobody", "a2")


def test_store_is_bounded_by_pixels_and_count() -> None:
    store = JobStore(Settings(admitted_pixels=3 * MB, admitted_jobs=4, client_share=1))
    first, second = job(2 * MB), job(MB)
    store.admit(first)
    store.admit(second)
    with pytest.raises(Busy):
        store.admit(job(1))
    store.drop(first)
    for _ in range(3):
        store.admit(job(0))
    with pytest.raises(Busy):
        store.admit(job(0))
    assert store.full() and store.pixels == MB


def test_nobody_is_locked_out_by_what_another_leaves_lying() -> None:
    store = JobStore(Settings(admitted_jobs=4, admitted_pixels=40 * MB, client_share=1))
    hoard = [job(client="hoarder") for _ in range(4)]
    for each in hoard:
        store.admit(finish(each, delivered=False))
    with pytest.raises(Busy):
        store.admit(job(client="hoarder"))  # not even a place of its own is taken from it
    store.admit(job(client="b"))
    store.admit(job(client="b"))
    assert store.select(lambda each: each.client == "hoarder") == hoard[2:]
    with pytest.raises(Busy):
        store.admit(job(client="b"))  # it holds as much by now
    store.admit(finish(job(20 * MB, client="c"), delivered=False))
    store.admit(job(client="d"))


def test_one_client_has_no_more_than_its_share() -> None:
    store = JobStore(Settings(admitted_jobs=8, admitted_pixels=16 * MB, picture_pixels=6 * MB))
    for pixels in (6 * MB, MB):
        store.admit(job(pixels))
    with pytest.raises(Busy, match="This client"):
        store.admit(job(2 * MB))  # 9 of 8 megapixels
    waiting = job()
    store.admit(waiting)
    with pytest.raises(Busy, match="This client"):
        store.admit(job())
    store.admit(job(6 * MB, client="b"))  # others have room
    finish(waiting)
    store.admit(job())  # what it has fetched makes room
    with pytest.raises(NotFound):
        store.find(waiting.id)
    few = JobStore(Settings(admitted_jobs=4))
    for _ in range(2):
        few.admit(finish(job(0), delivered=False))
    with pytest.raises(Busy, match="This client"):
        few.admit(job(0))
    few.admit(job(0, client="b"))


def test_one_picture_of_the_largest_is_always_within_the_share() -> None:
    store = JobStore(Settings(admitted_jobs=1, admitted_pixels=4 * MB, client_share=0.01))
    store.admit(job(4 * MB))


def test_fetched_results_make_room_oldest_first() -> None:
    store = JobStore(Settings(admitted_pixels=3 * MB))
    kept, old, young = job(), job(), job()
    for each in (kept, old, young):
        store.admit(each)
    finish(kept, delivered=False)
    finish(old)
    finish(young)
    store.admit(job())
    assert store.find(kept.id) is kept and store.find(young.id) is young
    with pytest.raises(NotFound):
        store.find(old.id)
    with pytest.raises(Busy):
        store.admit(job(3 * MB))
    assert store.find(young.id) is young  # nothing is dropped for one that does not fit anyway


def test_a_failed_job_takes_up_no_room() -> None:
    store = JobStore(Settings(admitted_pixels=3 * MB, admitted_jobs=1))
    failed = job(3 * MB)
    failed.inputs["image"] = blob = Blob.of(b"picture")
    store.admit(failed)
    failed.fail(InputTooLarge("no picture"))
    assert blob.size and bytes(blob.view) == b"" and store.pixels == 0 and not store.full()
    store.admit(job(3 * MB))
    assert store.find(failed.id) is failed  # its client has yet to ask why


def test_a_size_that_was_not_known_is_put_right() -> None:
    store = JobStore(Settings(picture_pixels=200 * MB))
    unknown = job(200 * MB)
    store.admit(unknown)
    unknown.succeed(Blob.of(b"answer"), {"width": 4000, "height": 3000})
    assert store.pixels == 12 * MB


def test_failures_are_not_kept_without_end() -> None:
    store = JobStore(Settings())
    for _ in range(1000):
        each = job()
        store.admit(each)
        each.fail(InputTooLarge("no picture"))
    assert len(store.select(lambda each: True)) < 300 and store.find(each.id) is each


def test_picture_larger_than_allowed_is_refused_for_good() -> None:
    store = JobStore(Settings(picture_pixels=MB))
    with pytest.raises(InputTooLarge):
        store.admit(job(MB + 1))


def test_results_expire_sooner_once_fetched() -> None:
    store = JobStore(Settings(keep_seconds=100, keep_delivered_seconds=10))
    waiting, fetched, running = job(), job(), job()
    for each in (waiting, fetched, running):
        store.admit(each)
    finish(waiting, delivered=False)
    finish(fetched)
    store.expire(time.monotonic() + 50)
    assert store.select(lambda each: True) == [waiting, running]
    store.expire(time.monotonic() + 500)
    assert store.select(lambda each: True) == [running]


def test_an_output_that_comes_after_the_drop_is_given_back() -> None:
    each = job()
    each.release()
    output = Blob.of(bytes(100_000))
    name = output.handle().name
    each.succeed(output, {})
    assert name is not None
    with pytest.raises(FileNotFoundError):
        Blob.attach(Handle(100_000, name, None))


def test_the_end_of_a_job_is_its_end() -> None:
    each = job()
    each.fail(Cancelled("no"))
    each.fail(InputTooLarge("late"))
    assert each.state == CANCELLED
    assert finish(job()).state == DONE


SHARED = Path("/dev/shm")
shows_shared_memory = pytest.mark.skipif(not SHARED.is_dir(), reason="needs /dev/shm to look into")


@pytest.mark.parametrize("size", (0, 1, 100, 70_000, 3_000_000))
def test_blob_gives_back_what_was_put_in(size: int) -> None:
    data = bytes(i % 251 for i in range(size))
    blob = Blob.of(data)
    other = Blob.attach(blob.handle())
    assert bytes(other.view) == data
    assert other.reader().read() == data
    reader = other.reader()
    assert reader.seek(-size // 2, 2) == size + -size // 2
    assert reader.read(10) == data[size + -size // 2 :][:10]
    other.detach()
    parcel = BlobParcel(blob)
    blob.release()
    first = bytes(parcel.get(10))
    parcel.skip(len(first))
    assert len(parcel) == size - len(first) and first + b"".join(parcel) == data
    parcel.close()


@pytest.mark.parametrize("room", (100, 100_000))
def test_blob_is_as_long_as_what_was_written(room: int) -> None:
    def write(file: BinaryIO) -> None:
        file.write(b"hello world")
        file.seek(0)
        file.write(b"H")

    blob = Blob.written(room, write)
    assert blob.reader().read() == b"Hello world" and bytes(blob.view) == b"Hello world"


def test_more_than_there_is_room_for_is_not_written() -> None:
    def write(file: BinaryIO) -> None:
        file.write(bytes(100))
        file.write(b"x")

    with pytest.raises(ValueError):
        Blob.written(100, write)


def test_an_array_may_outlive_its_blob() -> None:
    blob = Blob.of(bytes(range(250)) * 400)
    array = np.frombuffer(blob.view, np.uint8)
    blob.release()
    assert array[249] == 249
    del array
    Blob.of(bytes(100_000)).release()
    assert not blobs._still_viewed


@shows_shared_memory
def test_blob_stays_until_its_last_user_goes() -> None:
    blob = Blob.of(bytes(200_000))
    name = blob.handle().name
    parcel = BlobParcel(blob)
    blob.release()
    assert (SHARED / str(name)).exists()
    assert len(parcel.get()) == parcel.prepare() == 200_000
    parcel.close()
    parcel.close()
    assert not (SHARED / str(name)).exists()


def test_forgotten_blob_is_freed() -> None:
    blob = Blob.of(bytes(200_000), "mattebrush-test-forget")
    handle = blob.handle()
    blob.detach()
    forget("mattebrush-test-forget")
    forget("mattebrush-test-forget")
    with pytest.raises(FileNotFoundError):
        Blob.attach(handle)
