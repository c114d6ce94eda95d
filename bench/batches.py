# SPDX-License-Identifier: Apache-2.0
"""What a batch promises, tried: flat memory, kills, Ray, a watched folder, an object store, pace.

    python -m bench.batches memory              2,000 pictures, two workers
    python -m bench.batches kills watch ray store
    python -m bench.batches pace                beside the bare engine, alternately

Each trial makes its pictures (small ones, of several formats and sizes), runs `mattebrush batch` as
a person does, and ends with `holds` or `FAILS` and its figures; the exit status tells, too.

memory: the workers' and the command's memory together, looked at twice a second, may not grow from
the second tenth of the pictures to the last. kills: SIGKILL to the whole process group at random
moments, then --resume; every key has one line, every file the bytes of a run that nobody disturbed.
watch: files dropped in bursts, some of them slowly, some renamed into place. ray: two raylets on
this machine, a file that is no picture, an actor killed, a node lost. store: from and into a moto
server on loopback, killed once. pace: pictures a second of the command against processes of the
same number that only call the engine on the same files, each side in turn, and the processor time
that each takes for a picture.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import io
import json
import multiprocessing
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

from mattebrush.batch import manifest, settings

_ENDINGS = {".png": "PNG", ".jpg": "JPEG", ".webp": "WEBP", ".tif": "TIFF"}
_SIDES = (64, 80, 96, 128)
_LOOK = 0.5
"""Seconds between two looks at memory."""

_GROWN = 0.05
"""By which memory may be larger at the end than near the beginning, and still count as flat."""

_PACE = 0.95
_LONGEST = 3600.0
"""Seconds without a single row after which a trial counts as stuck."""

Row = dict[str, Any]


class Failed(Exception):
    """A trial's promise does not hold."""


@dataclasses.dataclass(frozen=True)
class Trial:
    """A folder to work in, how many pictures, workers, and the draws that make it repeatable."""

    folder: Path
    count: int
    workers: int
    draws: random.Random
    side: int | None = None  # of every picture; None for small ones of several sizes


def drawn(number: int, ending: str, side: int) -> bytes:
    """A picture file: a disc on a noisy ground, another one for every number.

    Parameters
    ----------
    number : int
        Which one.
    ending : str
        Of its format, with the dot.
    side : int
        Its longer side in pixels.

    Returns
    -------
    bytes
    """
    draws = np.random.default_rng(number)
    height = round(side * draws.uniform(0.7, 1))
    y, x = np.mgrid[:height, :side]
    middle = draws.uniform(0.4, 0.6, 2) * (height, side)
    disc = np.hypot(y - middle[0], x - middle[1]) < side * draws.uniform(0.2, 0.3)
    image = draws.integers(0, 60, (height, side, 3)) + disc[..., None] * draws.integers(90, 190, 3)
    buffer = io.BytesIO()
    Image.fromarray(image.astype(np.uint8)).save(buffer, _ENDINGS[ending])
    return buffer.getvalue()


def pictures(trial: Trial, count: int | None = None) -> dict[str, bytes]:
    """Files by their names in a tree of folders.

    Parameters
    ----------
    trial : Trial
        What is tried.
    count : int or None, optional
        How many in place of the trial's.

    Returns
    -------
    dict[str, bytes]
    """
    endings, out = list(_ENDINGS), {}
    for number in range(trial.count if count is None else count):
        ending = endings[number % len(endings)]
        side = trial.side or trial.draws.choice(_SIDES)
        name = f"{number // 100}/{'ab'[number % 2]}/photo {number}{ending}"
        out[name] = drawn(number, ending, side)
    return out


def _written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def _command(*words: object) -> list[str]:
    return [sys.executable, "-m", "mattebrush", "batch", *map(str, words), "--threads", "1", "-q"]


@contextlib.contextmanager
def _running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process group of its own, whose end is seen to."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, start_new_session=True, stdout=output, stderr=output)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _run(command: list[str], log: Path) -> int:
    with _running(command, log) as process:
        return process.wait()


def _lines(out: Path) -> list[Row]:
    """The manifest's whole lines."""
    path = out / manifest.NAME
    text = path.read_bytes() if path.exists() else b""
    return [json.loads(line) for line in text.split(b"\n")[:-1]]


def _results(out: Path) -> dict[str, bytes]:
    own = (manifest.NAME, settings.NAME)
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name not in own
    }


def _wait(happens: Callable[[], bool], progress: Callable[[], int], what: str) -> None:
    """Until something happens; as long as there is progress, however slow the machine."""
    last, since = progress(), time.monotonic()
    while not happens():
        if (now := progress()) != last:
            last, since = now, time.monotonic()
        if time.monotonic() - since > _LONGEST:
            raise Failed(f"stuck, waiting for {what}")
        time.sleep(0.01)


def _check(right: bool, problem: str) -> None:
    if not right:
        raise Failed(problem)


def _once(rows: list[Row], keys: set[str]) -> None:
    """Every key has one line."""
    counts = collections.Counter(row["key"] for row in rows)
    twice = [key for key, count in counts.items() if count > 1]
    _check(not twice, f"{len(twice)} keys were done more than once, {twice[:1]} for one")
    _check(set(counts) == keys, f"{len(keys - set(counts))} keys are missing")


def _same(out: dict[str, bytes], clean: dict[str, bytes]) -> None:
    _check(out.keys() == clean.keys(), f"other files: {sorted(out.keys() ^ clean.keys())[:3]}")
    other = [name for name in clean if out[name] != clean[name]]
    _check(not other, f"{len(other)} files have other bytes than a clean run's: {other[:1]}")


def memory(trial: Trial) -> str:
    """Flat memory over many pictures.

    Parameters
    ----------
    trial : Trial
        What is tried.

    Returns
    -------
    str
    """
    files = pictures(trial)
    source, out = _written(trial.folder / "in", files), trial.folder / "out"
    path, looks = out / manifest.NAME, list[tuple[int, int]]()
    begun = time.monotonic()
    command = _command(source, out, "--workers", trial.workers)
    with _running(command, trial.folder / "log") as process:
        while process.poll() is None:
            with contextlib.suppress(psutil.Error, OSError):
                whole = psutil.Process(process.pid)
                resident = sum(
                    p.memory_info().rss for p in [whole, *whole.children(recursive=True)]
                )
                looks.append((path.read_bytes().count(b"\n") if path.exists() else 0, resident))
            time.sleep(_LOOK)
        _check(process.returncode == 0, f"exit status {process.returncode}")
    seconds = time.monotonic() - begun
    _once(_lines(out), set(files))

    def between(first: float, last: float) -> float:
        inside = [m for n, m in looks if first * trial.count <= n < last * trial.count]
        _check(bool(inside), "memory was not looked at often enough: more pictures")
        return statistics.median(inside) / 1e6

    early, late, most = between(0.1, 0.2), between(0.9, 1), max(m for _, m in looks) / 1e6
    figures = (
        f"{trial.count:,} pictures, {trial.workers} workers, {seconds:.0f} s; processes "
        f"together {early:.0f} MB in the 2nd tenth, {late:.0f} MB in the last, at most {most:.0f}"
    )
    _check(late <= early * (1 + _GROWN), figures)
    return figures


def kills(trial: Trial) -> str:
    """Killed five times at random and gone on with.

    Parameters
    ----------
    trial : Trial
        What is tried.

    Returns
    -------
    str
    """
    files, log = pictures(trial), trial.folder / "log"
    source, clean, out = trial.folder / "in", trial.folder / "clean", trial.folder / "out"
    _written(source, files)
    workers = ("--workers", trial.workers)
    _check(_run(_command(source, clean, *workers), log) == 0, "the clean run fails")
    command = _command(source, out, *workers, "--resume")
    moments = sorted(trial.draws.sample(range(trial.count * 6 // 10), 5))
    for moment in moments:
        with _running(command, log) as process:
            _wait(
                lambda n=moment, p=process: len(_lines(out)) >= n or p.poll() is not None,  # type: ignore[misc]
                lambda: len(_lines(out)),
                "a moment to kill",
            )
            time.sleep(trial.draws.uniform(0, 0.1))  # anywhere in a picture
            _check(process.poll() is None, "it had ended before it was killed: more pictures")
    _check(_run(command, log) == 0, "the last run fails")
    _once(_lines(out), set(files))
    _same(_results(out), _results(clean))
    return f"{trial.count} pictures, killed at about {', '.join(map(str, moments))} of them"


def watch(trial: Trial) -> str:
    """A watched folder that takes bursts.

    Parameters
    ----------
    trial : Trial
        What is tried.

    Returns
    -------
    str
    """
    files, log = pictures(trial), trial.folder / "log"
    source, clean, out = trial.folder / "in", trial.folder / "clean", trial.folder / "out"
    source.mkdir()
    names, bursts, slow = list(files), 0, 0
    command = _command(source, out, "--watch", "--workers", trial.workers)
    writers = []
    with _running(command, log) as process:
        while names:
            size = trial.draws.randint(1, max(2, trial.count // 5))
            burst, names = names[:size], names[size:]
            bursts += 1
            for name in burst:
                path = source / name
                path.parent.mkdir(parents=True, exist_ok=True)
                way = trial.draws.random()
                if way < 0.15:
                    slow += 1
                    pause = trial.draws.uniform(0.1, 0.8)
                    writers.append(
                        threading.Thread(target=_write_slowly, args=(path, files[name], pause))
                    )
                    writers[-1].start()
                elif way < 0.3:
                    part = path.with_name(path.name + ".part")
                    part.write_bytes(files[name])
                    part.replace(path)
                else:
                    path.write_bytes(files[name])
            time.sleep(trial.draws.uniform(0, 4))
        for writer in writers:
            writer.join()

        def good() -> int:
            return len({row["key"] for row in _lines(out) if "output" in row})

        _wait(lambda: good() == trial.count, lambda: len(_lines(out)), "all files")
        process.terminate()
        _check(process.wait() == 0, f"exit status {process.returncode}")
    rows = _lines(out)
    last = {row["key"]: row for row in rows}
    _check(set(last) == set(files), "other keys")
    _check(not any("error" in row for row in last.values()), "a file that is whole counts as bad")
    _check(_run(_command(source, clean, "--workers", trial.workers), log) == 0, "clean run fails")
    _same(_results(out), _results(clean))
    early = sum("error" in row for row in rows)
    return (
        f"{trial.count} files in {bursts} bursts, {slow} of them written slowly; "
        f"{early} taken before they were whole and then again, {len(rows) - trial.count} lines more"
    )


def _write_slowly(path: Path, data: bytes, pause: float) -> None:
    step = -(-len(data) // 6)
    with path.open("wb") as file:
        for start in range(0, len(data), step):
            file.write(data[start : start + step])
            file.flush()
            time.sleep(pause)


def ray(trial: Trial) -> str:
    """Two raylets, a broken file, an actor killed, a node lost.

    Parameters
    ----------
    trial : Trial
        What is tried.

    Returns
    -------
    str
    """
    from mattebrush.batch import cluster

    # A busy machine takes its time to start a node.
    os.environ.setdefault("RAY_raylet_start_wait_time_s", "600")
    module = cluster.require()
    from ray.cluster_utils import Cluster

    files, log = {**pictures(trial), "broken.jpg": b"no picture"}, trial.folder / "log"
    source, clean, out = trial.folder / "in", trial.folder / "clean", trial.folder / "out"
    _written(source, files)
    _check(_run(_command(source, clean, "--workers", trial.workers), log) != 0, "broken passes")
    nodes = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False}
    )
    try:
        second = nodes.add_node(num_cpus=1)
        # Two workers on three cores, one of which Ray needs: one on either node at least.
        command = _command(source, out, "--ray", nodes.address, "--workers", 2)
        with _running(command, log) as process:

            def done() -> int:
                if process.poll() is not None and len(_lines(out)) < len(files):
                    raise Failed(f"ended early with {process.returncode}, see {log}")
                return len(_lines(out))

            _wait(lambda: done() >= trial.count // 5, done, "the first rows")
            victims = _actors()
            _check(bool(victims), "no actor of the batch is found")
            trial.draws.choice(victims).kill()
            _wait(lambda: done() >= trial.count // 2, done, "rows after an actor was killed")
            nodes.remove_node(second, allow_graceful=False)
            at = done()
            _check(at < trial.count, "all was done before the node was lost: more pictures")
            status = process.wait()
        _check(status != 0, "a broken file passes")
    finally:
        nodes.shutdown()  # type: ignore[no-untyped-call,unused-ignore]
        module.shutdown()
    rows = _lines(out)
    _once(rows, set(files))
    bad = [row["key"] for row in rows if "error" in row]
    _check(bad == ["broken.jpg"], f"{bad} failed")
    _same(_results(out), _results(clean))
    return (
        f"{trial.count} pictures and a broken file on two nodes; {len(victims)} actors, one "
        f"killed, the second node lost after {at} rows"
    )


def _actors() -> list[psutil.Process]:
    """The batch's actors, children of this process's raylets."""
    actors = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "_BatchWorker" in " ".join(process.cmdline()):
                actors.append(process)
    return actors


def store(trial: Trial) -> str:
    """From and into an S3 server, killed once.

    Parameters
    ----------
    trial : Trial
        What is tried.

    Returns
    -------
    str
    """
    import fsspec
    from moto.server import ThreadedMotoServer

    files, log = pictures(trial), trial.folder / "log"
    source, clean = _written(trial.folder / "in", files), trial.folder / "clean"
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        os.environ |= {
            "AWS_ACCESS_KEY_ID": "trial",
            "AWS_SECRET_ACCESS_KEY": "trial",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "no_proxy": "127.0.0.1",
        }
        system = fsspec.filesystem("s3", skip_instance_cache=True)
        system.mkdir("shop")
        for name, data in files.items():
            system.pipe_file(f"shop/in/{name}", data)

        def rows() -> list[Row]:
            system.invalidate_cache()
            with contextlib.suppress(FileNotFoundError):
                text = b"".join(system.cat_file(path) for path in sorted(system.find(parts)))
                return [json.loads(line) for line in text.splitlines()]
            return []

        parts = f"shop/out/{manifest.PARTS}"
        workers = ("--workers", trial.workers)
        command = _command("s3://shop/in", "s3://shop/out", *workers, "--resume")
        with _running(command, log) as process:
            _wait(
                lambda: bool(rows()) or process.poll() is not None,
                lambda: len(rows()),
                "the first rows",
            )
        killed = len(rows())
        _check(killed < trial.count, "it had ended before it was killed: more pictures")
        _check(_run(command, log) == 0, "the run after the kill fails")
        _once(rows(), set(files))
        _check(_run(_command(source, clean, *workers), log) == 0, "the clean run fails")
        out = {
            path.removeprefix("shop/out/"): system.cat_file(path)
            for path in system.find("shop/out")
            if not path.startswith(parts) and not path.endswith(settings.NAME)
        }
        _same(out, _results(clean))
    finally:
        server.stop()
    return f"{trial.count} pictures from s3:// to s3://, killed after {killed} rows"


def pace(trial: Trial) -> str:
    """The command beside the bare engine, with as many processes.

    Parameters
    ----------
    trial : Trial
        What is tried.

    Returns
    -------
    str
    """
    side = trial.side or 1024
    files = pictures(dataclasses.replace(trial, side=side))
    source = _written(trial.folder / "in", files)
    ratios, paces = [], []
    for number in range(3):
        bare = _bare(source, trial.workers)
        ours = _ours(source, trial.folder / f"out{number}", trial.workers)
        ratios.append((ours[0] / bare[0], bare[1] / ours[1]))
        paces.append(f"{ours[0]:.2f} and {bare[0]:.2f}")
        print(f"pace: {paces[-1]} pictures/s, {ours[1]:.3f} and {bare[1]:.3f} s", flush=True)
    by_clock, by_processor = (statistics.median(each) for each in zip(*ratios, strict=True))
    figures = (
        f"{trial.count} pictures of {side} px, {trial.workers} processes; pictures a second of the "
        f"batch and of the bare engine: {'; '.join(paces)}; by the clock {by_clock:.1%} of it, by "
        f"processor time {by_processor:.1%} (medians); load {os.getloadavg()[0]:.1f}"
    )
    # Other work on the machine makes the clock's ratio a matter of luck.
    _check(min(by_clock, by_processor) >= _PACE, figures)
    return figures


def _ours(source: Path, out: Path, workers: int) -> tuple[float, float]:
    """Pictures a second while all workers are at work, and processor seconds a picture."""
    used = _used()
    path = out / manifest.NAME
    moments: list[float] = []
    size = 0
    with _running(_command(source, out, "--workers", workers), out.with_suffix(".log")) as process:
        while process.poll() is None:
            # Seldom and by its size: the processors are the workers'.
            if path.exists() and path.stat().st_size != size:
                lines = path.read_bytes()
                size = len(lines)
                moments += [time.monotonic()] * (lines.count(b"\n") - len(moments))
            time.sleep(0.03)
    count = len(_lines(out))
    _check(process.returncode == 0 and count > 2 * workers, f"see {out.with_suffix('.log')}")
    moments += [time.monotonic()] * (count - len(moments))
    return _rate(moments, workers), (_used() - used) / count


def _bare(source: Path, workers: int) -> tuple[float, float]:
    """The same of processes that only read, cut out and encode."""
    used = _used()
    context = multiprocessing.get_context("spawn")
    done: Any = context.Queue()
    paths = sorted(str(path) for path in source.rglob("*") if path.is_file())
    processes = [
        context.Process(target=_cut_out, args=(paths[number::workers], done))
        for number in range(workers)
    ]
    for process in processes:
        process.start()
    moments = [done.get() for _ in paths]
    for process in processes:
        process.join()
    return _rate(sorted(moments), workers), (_used() - used) / len(paths)


def _cut_out(paths: list[str], done: Any) -> None:
    from mattebrush import engine, raster, render
    from mattebrush.options import Options

    for path in paths:
        source = raster.read(Path(path).read_bytes())
        cutout = engine.remove_background(
            source.image(), Options(threads=1), display=raster.display_referred(source)
        )
        Path(os.devnull).write_bytes(render.encode(source, cutout, render.Recipe()))
        done.put(time.monotonic())


def _rate(moments: list[float], workers: int) -> float:
    """After the models are open, and before the last workers run out of pictures."""
    first, last = moments[workers - 1], moments[-workers]
    return (len(moments) - 2 * workers + 1) / (last - first)


def _used() -> float:
    """Processor seconds of the processes that have ended."""
    times = os.times()
    return times.children_user + times.children_system


TRIALS: dict[str, tuple[Callable[[Trial], str], int]] = {
    "memory": (memory, 2000),
    "kills": (kills, 200),
    "watch": (watch, 200),
    "ray": (ray, 120),
    "store": (store, 200),
    "pace": (pace, 100),
}
"""By name: the trial, and of how many pictures."""


def tried(name: str, folder: Path, count: int | None, workers: int, seed: int) -> str:
    """Runs one trial.

    Parameters
    ----------
    name : str
        One of `TRIALS`.
    folder : Path
        To work in, empty.
    count : int or None
        How many pictures; None for as many as the promise says.
    workers : int
        How many processes.
    seed : int
        Of what is random.

    Returns
    -------
    str
        Figures.

    Raises
    ------
    Failed
        Where the promise does not hold.
    """
    trial, usual = TRIALS[name]
    return trial(Trial(folder, count or usual, workers, random.Random(seed)))


def main() -> int:
    """Runs the trials asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trials", nargs="+", choices=TRIALS, metavar="|".join(TRIALS))
    parser.add_argument("--count", type=int, help="pictures (default: as the promise says)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    arguments = parser.parse_args()
    failed = False
    for name in arguments.trials:
        with tempfile.TemporaryDirectory() as folder:
            begun = time.monotonic()
            try:
                line = "holds: " + tried(
                    name, Path(folder), arguments.count, arguments.workers, arguments.seed
                )
            except Failed as failure:
                failed, line = True, f"FAILS: {failure}"
                for log in Path(folder).glob("*log"):
                    print(log.read_text(errors="replace")[-2000:], file=sys.stderr)
            took = time.monotonic() - begun
        print(f"{name} {line} (seed {arguments.seed}, {took:.0f} s)", flush=True)
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
