# SPDX-License-Identifier: Apache-2.0
"""`mattebrush batch`: a folder in, a folder out; watched, gone on with, and a line a picture."""

from __future__ import annotations

import argparse
import dataclasses
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputInvalid, MattebrushError, OptionInvalid, OutputExists, OutputUnwritable
from . import engine_arguments, recipe_arguments
from .status_line import StatusLine, time_left

if TYPE_CHECKING:
    from ..batch.manifest import Manifest
    from ..batch.places import Folder
    from ..batch.remover import Remover
    from ..batch.sources import Item
    from .command_line import Subparsers

_SCAN = 1.0
"""Seconds between two looks at a watched folder. A file that did not change meanwhile is whole."""


def add_parser(subparsers: Subparsers) -> None:
    """Registers `batch`."""
    parser = subparsers.add_parser(
        "batch",
        help="cut out a folder of pictures into another",
        description="Cuts out every picture of SRC (a folder with its sub-folders, a .txt list, a "
        "wildcard with **, a .tar shard) into the folder DST, with the same tree and names, and "
        "writes a line a picture into DST/manifest.jsonl: certainty, share, box, model, seconds, "
        "warnings, error. A bad file is a line there, never the end. SRC and DST may be URLs "
        "(s3://bucket/photos) with the extra `cloud`.",
    )
    parser.add_argument("source", metavar="SRC")
    parser.add_argument("destination", metavar="DST", help="folder (made if missing) or URL")
    group = parser.add_argument_group("batch")
    group.add_argument(
        "--resume",
        action="store_true",
        help="skip what is done: same picture, same options, result there",
    )
    group.add_argument(
        "--overwrite", action="store_true", help="do everything anew, replacing results"
    )
    group.add_argument(
        "--watch", action="store_true", help="go on as files come into SRC, until Ctrl-C"
    )
    group.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes side by side (default: 1; with --ray as many as there are cores for)",
    )
    group.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="work on the Ray cluster at ADDRESS (auto, HOST:PORT, ray://HOST:PORT, or local for "
        "this machine; extra `ray`); SRC and DST are URLs, or folders that every machine sees",
    )
    group.add_argument(
        "--shard", type=_shard, metavar="I/N", help="only the I-th of N parts, from 1"
    )
    group.add_argument(
        "--manifest",
        metavar="FILE.parquet",
        help="write the manifest's rows there as well, when all is done (extra `parquet`)",
    )
    group.add_argument("-q", "--quiet", action="store_true", help="no progress")
    engine_arguments.add_segmentation(parser)
    engine_arguments.add_edge(parser)
    engine_arguments.add_matting(parser)
    parser.add_argument(
        "--no-decontaminate", action="store_true", help="leave the edge's colors as they are"
    )
    recipe_arguments.add_result(parser)
    recipe_arguments.add_composition(parser)
    recipe_arguments.add_preset(parser)
    recipe_arguments.add_path(parser)
    parser.add_argument("--strip", action="store_true", help="leave out EXIF, XMP and the like")
    parser.add_argument("--quality", type=int, metavar="1..100", help="of JPEG and WebP")
    parser.add_argument("--lossless", action="store_true", help="WebP keeps every value")
    engine_arguments.add_running(parser)
    parser.set_defaults(func=_run)


def _shard(text: str) -> tuple[int, int]:
    parts = text.split("/")
    if len(parts) == 2 and all(part.isdigit() for part in parts):
        number, count = map(int, parts)
        if 1 <= number <= count:
            return number, count
    raise argparse.ArgumentTypeError(f"{text!r} is no shard, such as 2/8")


def _run(arguments: argparse.Namespace) -> int:
    from ..batch import Remover, cluster, manifest, parquet, places, settings

    most = 256 if arguments.ray is None else 100_000
    if arguments.workers is not None and not 1 <= arguments.workers <= most:
        raise OptionInvalid(f"workers is {arguments.workers}.", f"Give a number from 1 to {most}.")
    if arguments.ray is not None:
        if arguments.watch:
            raise OptionInvalid("--watch does not go with --ray.", "Leave one of them out.")
        cluster.require()
    if arguments.watch and not places.local_path(arguments.source).is_dir():
        raise OptionInvalid(f"{arguments.source} is no folder.", "--watch watches a folder.")
    if arguments.manifest is not None:
        _check_table(arguments)
    options = engine_arguments.options_from(arguments)
    workers = arguments.workers or 1
    if options.threads is None and (workers > 1 or arguments.ray is not None):
        # Networks that take every core each would only wait for each other.
        threads = 1 if arguments.ray is not None else max(1, (os.cpu_count() or 1) // workers)
        options = dataclasses.replace(options, threads=threads)
    recipe = recipe_arguments.recipe_from(arguments)
    destination = _destination(arguments)
    record = manifest.opened(destination)
    if record.rows and not (arguments.resume or arguments.overwrite or arguments.watch):
        raise OutputExists(
            f"{record.path} is there already.", "Use --resume to go on, --overwrite to do it anew."
        )
    settings.save(destination, options, recipe, arguments.background)
    run = _Batch(
        arguments,
        destination,
        record,
        Remover(options, recipe),
        f".{recipe.format}",
        manifest.settings_of(options, recipe),
    )
    try:
        run.watch() if arguments.watch else run.once()
    finally:
        run.progress.end()
        record.close()
    if arguments.manifest is not None:
        where, name = _split(arguments.manifest)
        where.write(name, parquet.table(record.rows.values()))
    if run.progress.failed and not arguments.quiet:
        print(f"mattebrush: {run.progress.failed} failed, see {record.path}", file=sys.stderr)
    return InputInvalid.exit_status if run.progress.failed else 0


def _check_table(arguments: argparse.Namespace) -> None:
    """Sees to it that the table can be written, before hours of work."""
    from ..batch import parquet

    if not arguments.manifest.lower().endswith(parquet.ENDING):
        raise OptionInvalid(
            f"--manifest {arguments.manifest} is no .parquet file.",
            "The JSON lines are in DST/manifest.jsonl in any case.",
        )
    parquet.require()
    where, name = _split(arguments.manifest)
    if where.exists(name) and not (arguments.resume or arguments.overwrite or arguments.watch):
        raise OutputExists(f"{arguments.manifest} exists already.", "Give another name.")


def _split(text: str) -> tuple[Folder, str]:
    """A file's folder and name, of a path or URL."""
    from ..batch import places

    if places.is_url(text):
        above, _, name = text.rpartition("/")
        return places.RemoteFolder(above), name
    path = places.local_path(text)
    return places.LocalFolder(path.parent), path.name


def _destination(arguments: argparse.Namespace) -> Folder:
    from ..batch import places

    destination = places.folder(arguments.destination)
    inside = OptionInvalid(
        f"{destination} lies within {arguments.source}.",
        "Give a folder outside: results would be taken for pictures.",
    )
    for text in (arguments.source, arguments.destination):
        if places.is_url(text):
            places.file_system(text)  # says what is missing before anything is written
    if isinstance(destination, places.RemoteFolder):
        if f"{destination.url.rstrip('/')}/".startswith(f"{arguments.source.rstrip('/')}/"):
            raise inside
        return destination
    source = places.local_path(arguments.source)
    here = not places.is_url(arguments.source) and source.is_dir()
    if here and _is_within(destination.path, source):
        raise inside
    try:
        destination.path.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise OutputUnwritable(
            f"Cannot make the folder {destination}: {failure.strerror}."
        ) from failure
    return destination


def _is_within(inner: Path, outer: Path) -> bool:
    inner_path, outer_path = os.path.realpath(inner), os.path.realpath(outer)
    return os.path.commonpath([inner_path, outer_path]) == outer_path


class _Progress:
    """How far the batch is."""

    def __init__(self, visible: bool) -> None:
        self._line, self._began = StatusLine(visible), time.monotonic()
        self.done = self.failed = self.skipped = 0
        self.total = 0

    def add(self, failed: bool) -> None:
        """One more picture is done."""
        self.done += 1
        self.failed += failed
        now = time.monotonic()
        left = self.total - self.done - self.skipped
        if self._line.is_due(now, last=left == 0):
            self._line.show(self._parts(left, self.done / max(now - self._began, 1e-3)))

    def _parts(self, left: int, pace: float) -> list[str]:
        parts = [f"{self.done + self.skipped}/{self.total}", f"{pace:.2f} pictures/s"]
        parts.append(time_left(left, pace))
        if self.skipped:
            parts.append(f"{self.skipped} done before")
        if self.failed:
            parts.append(f"{self.failed} failed")
        return parts

    def end(self) -> None:
        """Leaves the terminal's line."""
        self._line.end()


class _Batch:
    """One run of the command."""

    def __init__(
        self,
        arguments: argparse.Namespace,
        destination: Folder,
        manifest: Manifest,
        remover: Remover,
        ending: str,
        settings: str,
    ) -> None:
        self._arguments, self._destination, self._manifest = arguments, destination, manifest
        self._remover, self._ending, self._settings = remover, ending, settings
        self.progress = _Progress(not arguments.quiet)

    def once(self) -> None:
        """All that the source holds now."""
        from ..batch import sources

        items = sources.find(self._arguments.source)
        results = sources.targets(items, self._ending)
        self._keep_others_files(results)
        if self._arguments.shard:
            number, count = self._arguments.shard
            items = items[number - 1 :: count]
        if self._arguments.ray is None:
            self._do(items, results)
        else:
            self._do_on_ray(items, results)

    def _keep_others_files(self, results: dict[str, str]) -> None:
        """Where no batch has been before, files of a result's name are somebody else's."""
        if not self._manifest.is_new or self._arguments.overwrite:
            return
        for result in results.values():
            if self._destination.exists(result):
                raise OutputExists(
                    f"{self._destination}/{result} exists already.",
                    "Give another folder, or --overwrite to replace it.",
                )

    def watch(self) -> None:
        """What comes into the folder, until Ctrl-C or SIGTERM, which end it well."""
        from ..batch import sources

        signal.signal(signal.SIGTERM, signal.default_int_handler)
        before: dict[str, tuple[int, int]] = {}
        seen: dict[str, tuple[int, int]] = {}
        try:
            while True:
                try:
                    items = sources.find(self._arguments.source)
                except InputInvalid:
                    items = []  # nothing has come yet
                now = {item.key: state for item in items if (state := _state(item)) is not None}
                whole = [
                    item
                    for item in items
                    if item.key in now
                    and now[item.key] == before.get(item.key)
                    and now[item.key] != seen.get(item.key)
                ]
                if whole:
                    self._do(whole, sources.targets(items, self._ending))
                    seen.update({item.key: now[item.key] for item in whole})
                before = now
                time.sleep(_SCAN)
        except KeyboardInterrupt:
            return

    def _do(self, items: list[Item], results: dict[str, str]) -> None:
        from ..batch import processes

        self._sweep(results[item.key] for item in items)
        self.progress.total += len(items)
        pictures = self._to_do(items, results)
        for (item, content), result in processes.each(
            self._remover,
            pictures,
            self._arguments.workers or 1,
        ):
            row = {**_origin(item), "sha256": content, "settings": self._settings, **result.report}
            if result.data:
                row["output"] = results[item.key]
                self._destination.write(results[item.key], result.data)
            self._manifest.add(row)
            self.progress.add(failed=not result.data)

    def _do_on_ray(self, items: list[Item], results: dict[str, str]) -> None:
        from ..batch import cluster

        self._sweep(results[item.key] for item in items)
        self.progress.total += len(items)
        tasks = [cluster.Task(item, results[item.key], self._before(item.key)) for item in items]
        worker = cluster.Worker(self._remover, self._destination)
        arguments = self._arguments
        for item, row in cluster.each(
            worker, tasks, arguments.ray, arguments.workers, arguments.threads or 1
        ):
            if row.get("skipped"):
                self.progress.skipped += 1
                continue
            self._manifest.add({**_origin(item), "settings": self._settings, **row})
            self.progress.add(failed="output" not in row)

    def _sweep(self, names: Iterable[str]) -> None:
        """Where a batch has been before, it may have been killed as it wrote."""
        from ..batch import places

        if isinstance(self._destination, places.LocalFolder) and not self._manifest.is_new:
            self._destination.sweep(names)

    def _before(self, key: str) -> str:
        """The content with which a key was done with these options, "" where it was not."""
        content = str(self._manifest.rows.get(key, {}).get("sha256", ""))
        done = self._manifest.is_done(key, content, self._settings)
        return content if done and not self._arguments.overwrite else ""

    def _to_do(
        self, items: list[Item], results: dict[str, str]
    ) -> Iterator[tuple[tuple[Item, str], bytes]]:
        """Pictures that are not done yet, read as workers become free; one that cannot be read is
        a line at once."""
        from ..batch.manifest import fingerprint

        for item in items:
            try:
                data = item.read()
            except MattebrushError as error:
                failure = {"error": str(error), "code": error.code}
                self._manifest.add({**_origin(item), "settings": self._settings, **failure})
                self.progress.add(failed=True)
                continue
            content = fingerprint(data)
            done = self._manifest.is_done(item.key, content, self._settings)
            if (
                done
                and not self._arguments.overwrite
                and self._destination.exists(results[item.key])
            ):
                self.progress.skipped += 1
                continue
            yield (item, content), data


def _origin(item: Item) -> dict[str, str]:
    """A picture's key, and where it lies, so that it can be looked at again."""
    from ..batch import places

    where = item.path if places.is_url(item.path) else os.path.realpath(item.path)
    origin = {"key": item.key, "source": where}
    return {**origin, "member": item.member} if item.member else origin


def _state(item: Item) -> tuple[int, int] | None:
    """By which a file that is still being written is told; None where it has gone."""
    try:
        state = Path(item.path).stat()
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns
