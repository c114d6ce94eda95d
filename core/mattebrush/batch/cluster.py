# SPDX-License-Identifier: Apache-2.0
"""A batch on many machines, by Ray Data.

Workers read the pictures, cut them out with the same `Remover` and write the results themselves, so
that only rows go through the machine that began it; it keeps the manifest. A picture whose worker
or machine was lost is tried anew by Ray, and once more alone; lost again, it is a row with an
error.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .. import extras
from ..errors import MattebrushError, OptionInvalid
from .manifest import fingerprint
from .places import Folder
from .remover import Remover
from .sources import Item

_BLOCK = 8
"""Pictures that are handed out together: few, since a lost block is done again."""

_TRIES = 3
"""Of one block by Ray itself, where its worker ends."""


@dataclasses.dataclass(frozen=True)
class Task:
    """A picture to do. result: where it goes within the destination; done: the content that it had
    when it was done before with these options, "" where it was not."""

    item: Item
    result: str
    done: str = ""

    def row(self) -> dict[str, str]:
        """As Ray's data sets have it.

        Returns
        -------
        dict[str, str]
        """
        return {**dataclasses.asdict(self.item), "result": self.result, "done": self.done}


class Worker:
    """Reads, cuts out and writes; what `map_batches` calls. Never an exception.

    Parameters
    ----------
    remover
        What cuts out.
    folder
        Where results go.
    """

    def __init__(self, remover: Remover, folder: Folder) -> None:
        self._remover, self._folder = remover, folder

    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> dict[str, list[str]]:
        """Works on a batch of columns.

        Parameters
        ----------
        batch
            Columns as `Task.row` has them.

        Returns
        -------
        dict
            Columns `key` and `row` (JSON: `sha256`, the report or `error`, and `output`; or
            `skipped` where the result is there already).
        """
        count = len(batch["key"])
        tasks = [{name: str(column[n]) for name, column in batch.items()} for n in range(count)]
        return {
            "key": [task["key"] for task in tasks],
            "row": [json.dumps(self._one(task), ensure_ascii=False) for task in tasks],
        }

    def _one(self, task: Mapping[str, str]) -> dict[str, Any]:
        try:
            data = Item(task["key"], task["path"], task["member"]).read()
            content = fingerprint(data)
            if content == task["done"] and self._folder.exists(task["result"]):
                return {"skipped": True}
            columns = self._remover({"path": [task["key"]], "bytes": [data]})
            row = {"sha256": content, **json.loads(columns["report"][0])}
            if not columns["error"][0]:
                self._folder.write(task["result"], columns["bytes"][0])
                row["output"] = task["result"]
            return row
        except MattebrushError as error:
            return {"error": str(error), "code": error.code}


def each(
    worker: Worker, tasks: Sequence[Task], address: str, workers: int | None, threads: int
) -> Iterator[tuple[Item, dict[str, Any]]]:
    """Every picture's row, in the order in which they are done, each once.

    Parameters
    ----------
    worker
        Sent to each of Ray's actors once.
    tasks
        What there is to do.
    address
        Of a cluster's head ("10.0.0.5:6379", "ray://head:10001", "auto"); "local" begins one here.
    workers
        How many; None for as many as the cluster has cores for.
    threads
        Cores that each takes.

    Yields
    ------
    tuple
        The picture and its row.

    Raises
    ------
    OptionInvalid
        Where Ray is missing or nobody answers at the address.
    """
    ray = require()
    began = _connect(ray, address)
    try:
        cores = int(ray.cluster_resources().get("CPU", 1))
        if workers is None:
            # One core stays free for Ray's own steps: with all of them taken it waits for ever.
            workers = max(1, (cores - 1) // threads)
        if cores < threads:
            raise OptionInvalid(
                f"The cluster has {cores} cores, a worker wants {threads}.", "Give fewer --threads."
            )
        left = {task.item.key: task for task in tasks}
        for size in (_BLOCK, 1):
            if not left:
                break
            for key, row in _pass(ray, worker, list(left.values()), size, workers, threads):
                if (task := left.pop(key, None)) is not None:  # a block done twice counts once
                    yield task.item, row
        for task in left.values():
            text = "The worker was ended while it worked on this picture, twice."
            yield task.item, {"error": text, "code": "worker-lost"}
    finally:
        if began:
            ray.shutdown()


def _pass(
    ray: Any, worker: Worker, tasks: list[Task], size: int, workers: int, threads: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """All tasks in blocks of a size; what is lost is missing."""
    from ray import data

    context = data.DataContext.get_current()
    context.enable_progress_bars = False
    context.max_errored_blocks = -1  # a lost block is this module's business
    workers = min(workers, -(-len(tasks) // size))
    rows = data.from_items(
        [task.row() for task in tasks], override_num_blocks=-(-len(tasks) // size)
    ).map_batches(
        _BatchWorker,
        fn_constructor_args=(worker,),
        batch_size=1,
        compute=data.ActorPoolStrategy(size=workers),
        num_cpus=threads,
        max_restarts=-1,
        max_task_retries=_TRIES - 1,
    )
    # Where every block was lost, Ray may have nothing to give, and says so by an exception.
    with contextlib.suppress(ray.exceptions.RayError):
        for row in rows.iter_rows():
            yield str(row["key"]), json.loads(row["row"])


class _BatchWorker:
    """A class, as Ray wants one, around an instance that is made already."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> dict[str, list[str]]:
        return self._worker(batch)


def require() -> Any:
    """Ray, told to report to nobody.

    Returns
    -------
    Any
        The module.

    Raises
    ------
    OptionInvalid
        Where it is missing.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError as missing:
        raise OptionInvalid(
            "A batch on many machines needs a further package.", extras.advice("ray", "ray[data]")
        ) from missing
    return ray


def _connect(ray: Any, address: str) -> bool:
    """Whether it was this that connected, and so has to part."""
    if ray.is_initialized():
        return False
    try:
        here = {"include_dashboard": False} if address == "local" else {}
        ray.init(address=address, log_to_driver=False, **here)
    except Exception as failure:  # Ray's own, gRPC's, and ValueError by turns
        why = (str(failure) or type(failure).__name__).splitlines()[0]
        raise OptionInvalid(
            f"No Ray answers at {address}: {why}",
            "Begin one with `ray start --head`, or give `--ray local`.",
        ) from failure
    return True
