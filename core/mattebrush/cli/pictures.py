# SPDX-License-Identifier: Apache-2.0
"""Running a command over many pictures: names, progress, reports, and going on after a bad one."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import glob
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from .. import paths
from ..cutout import Progress, Report
from ..errors import (
    DeviceUnavailable,
    InputInvalid,
    MattebrushError,
    ModelUnavailable,
    OptionInvalid,
    OutputExists,
    OutputUnwritable,
)

if TYPE_CHECKING:
    from ..raster import Raster

STREAM = "-"
"""In place of a path: standard input or output."""

_ABOUT_ALL = (ModelUnavailable, DeviceUnavailable)
"""Failures that are no picture's own: where none could be done, the next would fail alike."""


@dataclasses.dataclass(frozen=True)
class Task:
    """One picture to work on. `source` and `target` are paths, or "-" for a stream."""

    source: str
    target: str

    @property
    def name(self) -> str:
        return "standard input" if self.source == STREAM else Path(self.source).name


def add_output_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments every picture command has for where results go and what is told.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Takes the arguments.
    """
    group = parser.add_argument_group("output")
    group.add_argument("-o", "--output", metavar="OUT", help='result file; "-" for standard output')
    group.add_argument("--output-dir", metavar="DIR", help="folder for results (made if missing)")
    group.add_argument("--overwrite", action="store_true", help="replace results that exist")
    group.add_argument(
        "--strip", action="store_true", help="leave out EXIF, XMP and other metadata"
    )
    group.add_argument(
        "--quality", type=int, metavar="1..100", help="of JPEG and WebP (default: 95)"
    )
    group.add_argument(
        "--lossless", action="store_true", help="WebP keeps every value, as masks always do"
    )
    group.add_argument(
        "--json", action="store_true", help="print a report, one JSON line a picture"
    )
    group.add_argument("-q", "--quiet", action="store_true", help="no progress bar, no remarks")


def plan(
    inputs: Sequence[str],
    arguments: argparse.Namespace,
    suffix: str,
    extension: str,
    more_formats: Sequence[str] = (),
    further: Sequence[str] = (),
) -> list[Task]:
    """Tasks for `inputs`, each with its target: `-o`, or the input's name with `suffix`.

    Wildcards the shell did not expand are expanded, `**` through every folder below; what an
    earlier run has written is no picture to work on.

    Parameters
    ----------
    inputs : Sequence[str]
        Paths, wildcards, or "-" for standard input.
    arguments : argparse.Namespace
        The command's, as argparse read them.
    suffix : str
        What is added to the name of a picture where no `-o` names the result.
    extension : str
        Ending of such a result, with its dot.
    more_formats : Sequence[str], optional
        Endings that the command can write beside those of `raster`.
    further : Sequence[str], optional
        Files that it reads besides.

    Returns
    -------
    list[Task]

    Raises
    ------
    OptionInvalid
        When the arguments contradict each other, two results would have one name, or an original
        would be written to.
    OutputUnwritable
        Where `-o` can be seen to lead nowhere.
    """
    if arguments.quality is not None and not 1 <= arguments.quality <= 100:
        raise OptionInvalid(f"quality is {arguments.quality}.", "Give a number from 1 to 100.")
    sources = [path for pattern in inputs for path in _expanded(pattern)]
    if sources.count(STREAM) > 1:
        raise OptionInvalid("Standard input is named twice.", "It can be read once.")
    sources = list(dict.fromkeys(sources))  # a file that two patterns name is done once
    if arguments.output is not None:
        if len(sources) != 1 or arguments.output_dir:
            raise OptionInvalid(
                "-o names one result.",
                "Use --output-dir for several pictures, and only one of both.",
            )
        if arguments.output != STREAM:
            _check_output(arguments.output, more_formats)
        tasks = [Task(sources[0], arguments.output)]
    else:
        tasks = [Task(s, _derived(s, arguments.output_dir, suffix, extension)) for s in sources]
        if not arguments.overwrite:  # where it would be replaced, it is an original to keep
            tasks = _without_results(tasks)
            sources = [task.source for task in tasks]
    _refuse_collisions(tasks)
    for task in tasks:
        _keep_originals(task, [*sources, *further], arguments.overwrite)
    return tasks


def _check_output(output: str, more_formats: Sequence[str]) -> None:
    """Says before the work what would only be said after it."""
    path = Path(output)
    if paths.is_folder(path):
        raise OutputUnwritable(f"{output} is a folder.", "Name a file, or use --output-dir.")
    if not paths.is_folder(path.parent):
        raise OutputUnwritable(f"The folder of {output} does not exist.", "Create it first.")
    if path.suffix.lower() not in more_formats:
        from .. import raster

        raster.format_of(output, more_formats)


def _expanded(pattern: str) -> list[str]:
    if pattern == STREAM or paths.exists(pattern):
        return [pattern]
    from ..batch.sources import natural

    found = glob.glob(pattern, recursive=True)  # noqa: PTH207 - keeps the user's own spelling
    files = [path for path in found if not paths.is_folder(path)]
    return sorted(files, key=natural) or [pattern]


def _without_results(tasks: list[Task]) -> list[Task]:
    """Leaves out pictures that are the results of others among them, from an earlier run."""
    results = {os.path.realpath(task.target): task.source for task in tasks}
    kept = []
    for task in tasks:
        origin = results.get(os.path.realpath(task.source), task.source)
        if origin == task.source:  # nobody's, or what it would itself be written to
            kept.append(task)
        else:
            print(
                f"mattebrush: {task.name} is a result of {Path(origin).name} and left out.",
                file=sys.stderr,
            )
    return kept


def _derived(source: str, folder: str | None, suffix: str, extension: str) -> str:
    if source == STREAM:
        if folder:
            return str(Path(folder) / f"stdin{suffix}{extension}")
        if sys.stdout.isatty():
            raise OptionInvalid(
                "Where should the result go?", "Give -o FILE or redirect the output."
            )
        return STREAM
    path = Path(source)
    return str((Path(folder) if folder else path.parent) / f"{path.stem}{suffix}{extension}")


def _refuse_collisions(tasks: list[Task]) -> None:
    seen: dict[str, str] = {}
    for task in tasks:
        if task.target == STREAM:
            continue
        key = os.path.realpath(task.target)  # Path.resolve raises where links go in circles
        if key in seen:
            raise OptionInvalid(
                f"{seen[key]} and {task.source} would both be written to {task.target}.",
                "Run them apart, or use `mattebrush batch`, which keeps the folders.",
            )
        seen[key] = task.source


def _keep_originals(task: Task, originals: Sequence[str], overwrite: bool) -> None:
    """Raises OptionInvalid where a result would take the place of a file that is read, be it by
    another name of the same file. Other inputs are safe without `overwrite`."""
    if task.target == STREAM:
        return
    for original in originals:
        own = original == task.source
        if original != STREAM and (own or overwrite) and is_same_file(task.target, original):
            raise OptionInvalid(
                f"{task.target} is {'the input' if own else 'an input'} itself.",
                "Name another file: originals are not touched.",
            )


def is_same_file(one: str, other: str) -> bool:
    """Whether two names are of one file, be it through links.

    Parameters
    ----------
    one : str
        A path.
    other : str
        A path.

    Returns
    -------
    bool
        Of files that are not there, whether they would be one.
    """
    # Path.resolve raises where links go in circles; samefile sees hard links and letter case.
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    with contextlib.suppress(OSError, ValueError):
        return Path(one).samefile(other)
    return False


def run(
    tasks: list[Task],
    work: Callable[[Task, Progress], Report],
    arguments: argparse.Namespace,
) -> int:
    """Does `work` on each task, and tells how it went.

    A task that fails does not stop the others, unless they would fail alike (`_ABOUT_ALL`). The
    status is that of the first failure.

    Parameters
    ----------
    tasks : list[Task]
        From `plan`.
    work : Callable[[Task, Progress], Report]
        Does one; called as work(task, progress).
    arguments : argparse.Namespace
        The command's, as argparse read them.

    Returns
    -------
    int
        The exit status.
    """
    if arguments.output_dir:
        _make_folder(Path(arguments.output_dir))
    reports = _reports(tasks, arguments)
    failures: list[tuple[Task, MattebrushError]] = []
    with tidy_end():
        for done, task in enumerate(tasks, 1):
            error = _one(task, work, arguments, reports)
            if error is None:
                continue
            failures.append((task, error))
            if isinstance(error, _ABOUT_ALL) and len(failures) == done:
                tasks = tasks[:done]
                break
    if failures and len(tasks) > 1:
        names = ", ".join(task.name for task, _ in failures)
        print(f"mattebrush: {len(failures)} of {len(tasks)} failed: {names}", file=sys.stderr)
    return failures[0][1].exit_status if failures else 0


def run_sequence(
    tasks: list[Task],
    work: Callable[[Task, Progress], Report],
    arguments: argparse.Namespace,
) -> int:
    """As `run`; to a video model the pictures are frames of one shot, in order.

    Parameters
    ----------
    tasks : list[Task]
        From `plan`.
    work : Callable[[Task, Progress], Report]
        Does one; called as work(task, progress).
    arguments : argparse.Namespace
        The command's, as argparse read them.

    Returns
    -------
    int
        The exit status.
    """
    from ..segmentation import video

    with video.sequence():
        return run(tasks, work, arguments)


@contextlib.contextmanager
def tidy_end() -> Iterator[None]:
    """Inside, SIGTERM and a closed terminal unwind as Ctrl-C does: no unfinished file stays."""

    def end(number: int, frame: object) -> NoReturn:
        raise SystemExit(128 + number)

    ends = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # Not where they are ignored, as after nohup.
    ends = [number for number in ends if signal.getsignal(number) == signal.SIG_DFL]
    for number in ends:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in ends:
            signal.signal(number, signal.SIG_DFL)


def _one(
    task: Task,
    work: Callable[[Task, Progress], Report],
    arguments: argparse.Namespace,
    reports: TextIO | None,
) -> MattebrushError | None:
    """Does `work` on one task and tells how it went; returns the failure, if it was one."""
    bar = _Bar(task.name, visible=sys.stderr.isatty() and not arguments.quiet)
    try:
        if task.target != STREAM and not arguments.overwrite and paths.exists(task.target):
            raise OutputExists(
                f"{task.target} exists already.",
                "Use --overwrite to replace; `mattebrush batch --resume` does what is missing.",
            )
        report = work(task, bar)
    except MattebrushError as error:
        bar.clear()
        message = str(error)
        plain = isinstance(error, _ABOUT_ALL) or message.startswith((task.name, task.source))
        where = "" if plain else f"{task.name}: "
        print(f"mattebrush: {where}{message}", file=sys.stderr)
        _print_json(reports, {"input": task.source, "error": error.to_json()})
        return error
    bar.clear()
    _print_json(reports, {"input": task.source, "output": task.target, **report.to_json()})
    _print_summary(task, report, arguments)
    return None


def _reports(tasks: list[Task], arguments: argparse.Namespace) -> TextIO | None:
    """Where JSON reports go: beside standard output where a picture goes through that."""
    if not arguments.json:
        return None
    return sys.stderr if any(task.target == STREAM for task in tasks) else sys.stdout


def _print_json(reports: TextIO | None, values: dict[str, Any]) -> None:
    if reports is not None:
        print(json.dumps(values), file=reports, flush=True)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputUnwritable(f"Cannot make the folder {folder}: {error.strerror}.") from error


def _print_summary(task: Task, report: Report, arguments: argparse.Namespace) -> None:
    for warning in report.warnings:
        print(f"mattebrush: {task.name}: {warning}", file=sys.stderr)
    wanted = sys.stderr.isatty() and not arguments.json and not arguments.quiet
    if wanted and task.target != STREAM:
        seconds = sum(report.seconds.values())
        by = " + ".join(part for part in (report.model, report.matting) if part)
        print(f"{task.target}  ({by}, {report.device}, {seconds:.1f} s)", file=sys.stderr)


class _Bar:
    """A one-line progress bar on a terminal; a progress callback (`cutout.Progress`)."""

    _WIDTH = 24

    def __init__(self, name: str, visible: bool) -> None:
        self._name = name
        self._visible = visible
        self._last = ""

    def __call__(self, stage: str, fraction: float) -> None:
        if not self._visible:
            return
        full = round(self._WIDTH * min(max(fraction, 0.0), 1.0))
        line = f"{self._name[:32]}  {stage:<16} {'█' * full}{'░' * (self._WIDTH - full)}"
        if line != self._last:
            self._last = line
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._last:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._last = ""


def read_source(source: str) -> Raster:
    """The picture at `source`, a path or "-" for standard input.

    Parameters
    ----------
    source : str
        A path, or "-".

    Returns
    -------
    Raster

    Raises
    ------
    InputInvalid
        Where it cannot be read, or standard input is empty.
    """
    from .. import raster

    if source != STREAM:
        return raster.read(source)
    data = sys.stdin.buffer.read()
    if not data:
        raise InputInvalid("Standard input is empty.", "Pipe a picture into it, or name a file.")
    return raster.read(data)


def write_result(
    task: Task, result: Raster, arguments: argparse.Namespace, *, lossless: bool = False
) -> None:
    """Writes `result` to the task's target; as PNG when that is standard output.

    Parameters
    ----------
    task : Task
        Where it goes.
    result : Raster
        The picture to write.
    arguments : argparse.Namespace
        The command's, as argparse read them.
    lossless : bool, optional
        Whether WebP keeps every value, whatever `--lossless` says; for masks.

    Raises
    ------
    OutputExists, OutputUnwritable
        Where it cannot be written.
    """
    from .. import raster

    if task.target != STREAM:
        raster.write(
            task.target,
            result,
            overwrite=arguments.overwrite,
            strip=arguments.strip,
            quality=raster.QUALITY if arguments.quality is None else arguments.quality,
            lossless=lossless or arguments.lossless,
        )
        return
    send(raster.encode(result, "PNG", strip=arguments.strip))


def send(data: bytes) -> None:
    """Writes a file's bytes to standard output.

    Parameters
    ----------
    data : bytes
        A file's bytes.

    Raises
    ------
    OutputUnwritable
        Where standard output cannot be written.
    BrokenPipeError
        Where its reader has gone.
    """
    rest = memoryview(data)
    try:
        while rest:  # unbuffered (PYTHONUNBUFFERED), one write may do only a part
            rest = rest[sys.stdout.buffer.write(rest) :]
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # whoever read it has gone: the command line ends for that
        raise
    except OSError as error:
        raise OutputUnwritable(
            f"Standard output cannot be written: {error.strerror}.", "Write elsewhere with -o."
        ) from error
