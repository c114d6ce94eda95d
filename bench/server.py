# SPDX-License-Identifier: Apache-2.0
"""What the server costs over the bare engine, and whether it holds under load and faults.

    python -m bench.server --model u2netp throughput overhead cancel memory faults fuzz

The server runs as `mattebrush serve` in its own process; this process is the clients. Where a
ratio is given, both sides were measured in turns.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import contextlib
import dataclasses
import http.client
import io
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

import mattebrush
from mattebrush import Options
from mattebrush.jobs import contract

from . import peers

NPZ = "application/x-npz"
JOBS = {1: 4, 4: 8, 16: 16}
"""Jobs in one run, by number of clients."""

_ENGINE_JOBS = 2
_ROUNDS = 3


def scene(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A subject with a soft, ragged edge before a noisy ground: (H, W, 3) uint8."""
    noise = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    angle = np.arctan2(y - height / 2, x - width / 2)
    radius = np.hypot(y - height / 2, x - width / 2) / min(height, width)
    edge = 0.33 + 0.01 * np.sin(40 * angle) + 0.006 * np.sin(97 * angle)
    alpha = np.clip((edge - radius) * 60 + 0.5, 0, 1)[..., None]
    ground = noise.integers(30, 90, (height, width, 3), np.uint8)
    subject = np.array([225, 160, 70], np.float32)
    return (alpha * subject + (1 - alpha) * ground).astype(np.uint8)


class Server:
    """`mattebrush serve` in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], note: dict[str, Any]) -> None:
        self.pid = process.pid
        self.port = int(note["url"].rpartition(":")[2])
        self._token = note["token"]

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, bytes, dict[str, str]]:
        """One exchange: status, body, headers."""
        sent = {"Authorization": f"Bearer {self._token}"}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        with contextlib.closing(connection):
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()}

    def run(self, body: bytes) -> bytes:
        """Sends a request and waits for its answer, trying again when the server is full."""
        while True:
            status, answer, headers = self.ask(
                "POST", "/v1/jobs", body, Content_Type=NPZ, Prefer="wait"
            )
            if status == 200:
                return answer
            if status != 429:
                raise RuntimeError(f"{status}: {answer[:300]!r}")
            time.sleep(float(headers["retry-after"]) * random.uniform(0.1, 0.3))

    def workers(self) -> list[psutil.Process]:
        """Its worker processes that are alive."""
        processes = []
        for child in psutil.Process(self.pid).children():
            with contextlib.suppress(psutil.Error):
                if "spawn_main" in " ".join(child.cmdline()):
                    processes.append(child)
        return processes

    def processor_seconds(self) -> float:
        """Processor time that the server and its workers have taken."""
        times = [each.cpu_times() for each in (psutil.Process(self.pid), *self.workers())]
        return sum(each.user + each.system for each in times)

    def megabytes(self) -> float:
        """Resident memory of the server and its workers."""
        processes = [psutil.Process(self.pid), *self.workers()]
        return sum(each.memory_info().rss for each in processes) / 1e6


@contextlib.contextmanager
def serving(*arguments: str) -> Iterator[Server]:
    """Starts a server, waits until it answers, and ends it."""
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "XDG_RUNTIME_DIR": home,
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "mattebrush", "serve", *arguments],
            env=environment,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        try:
            note = Path(home) / "mattebrush" / f"server-{process.pid}.json"
            while not note.exists():
                if process.poll() is not None:
                    raise RuntimeError("the server did not start")
                time.sleep(0.05)
            yield Server(process, json.loads(note.read_text()))
        finally:
            process.terminate()
            process.wait(20)


def throughput(model: str) -> None:
    """Jobs per second at several numbers of clients, as a share of the bare engine's.

    Beside it the processor time of a job, which other work on the machine disturbs less.
    """
    image = scene(800, 1250)
    options = {"op": "remove", "force": True, "model": model}
    body = contract.encode_request(options, image=image)
    bare = Options(model=model)
    mattebrush.remove_background(image, bare)
    runs: dict[int, list[_Run]] = {clients: [] for clients in JOBS}
    with serving() as server:
        server.run(body)
        for _ in range(_ROUNDS):
            for clients, jobs in JOBS.items():
                runs[clients].append(_Run.measured(server, body, clients, jobs, image, bare))
    print(f"\nthroughput, {model}, 1 megapixel, NPZ in and out; engine = 100 %")
    print("| clients | of the bare engine | processor time of a job | p50 | p99 |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for clients, each in runs.items():
        times = sorted(second for run in each for second in run.seconds)
        p99 = times[min(len(times) - 1, int(0.99 * len(times)))]
        print(
            f"| {clients} | {statistics.median(run.rate for run in each):.0%} "
            f"| {statistics.median(run.processor for run in each):.0%} "
            f"| {statistics.median(times):.2f} s | {p99:.2f} s |"
        )


@dataclasses.dataclass(frozen=True)
class _Run:
    """rate: jobs per second, over the engine's; processor: its seconds a job, over the engine's;
    seconds: how long each client waited."""

    rate: float
    processor: float
    seconds: list[float]

    @classmethod
    def measured(
        cls, server: Server, body: bytes, clients: int, jobs: int, image: np.ndarray, bare: Options
    ) -> _Run:
        # The engine before and after: other work on the machine comes and goes.
        before = _engine(image, bare)
        busy, start = server.processor_seconds(), time.perf_counter()
        seconds = _load(server, body, clients, jobs)
        rate = jobs / (time.perf_counter() - start)
        busy = (server.processor_seconds() - busy) / jobs
        after = _engine(image, bare)
        return cls(2 * rate / (before[0] + after[0]), 2 * busy / (before[1] + after[1]), seconds)


def _engine(image: np.ndarray, options: Options) -> tuple[float, float]:
    """Pictures per second of the bare engine, in this process; processor seconds of each."""
    start, busy = time.perf_counter(), time.process_time()
    for _ in range(_ENGINE_JOBS):
        mattebrush.remove_background(image, options)
    wall, busy = time.perf_counter() - start, time.process_time() - busy
    return _ENGINE_JOBS / wall, busy / _ENGINE_JOBS


def _load(server: Server, body: bytes, clients: int, jobs: int) -> list[float]:
    def timed(_: int) -> float:
        start = time.perf_counter()
        server.run(body)
        return time.perf_counter() - start

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        return list(pool.map(timed, range(jobs)))


def overhead(model: str) -> None:
    """Seconds that the NPZ route adds at 24 megapixels to the time the engine says it took.

    The yardstick for a machine with other work to do: one plain copy of the same bytes.
    """
    options = {"op": "remove", "force": True, "model": model}
    body = contract.encode_request(options, image=scene(4000, 6000))
    added, copies = [], []
    with serving() as server:
        server.run(body)
        for _ in range(5):
            start = time.perf_counter()
            answer = server.run(body)
            whole = time.perf_counter() - start
            added.append(whole - _engine_seconds(answer))
            start = time.perf_counter()
            both = bytearray(body), bytearray(answer)
            copies.append(time.perf_counter() - start)
            del both
    sizes = f"{len(body) / 1e6:.0f} MB in, {len(answer) / 1e6:.0f} MB out"
    print(f"\noverhead of the NPZ route at 24 megapixels ({sizes}):")
    print(f"median {statistics.median(added):.3f} s, least {min(added):.3f} s; ", end="")
    ratios = [more / copy for more, copy in zip(added, copies, strict=True)]
    print(f"{statistics.median(ratios):.1f} times a plain copy of the same bytes")


def _engine_seconds(answer: bytes) -> float:
    with np.load(io.BytesIO(answer)) as members:
        report = json.loads(members["report"].tobytes())
    return float(sum(report["seconds"].values()))


CANCELS = 12


def cancel(model: str) -> None:
    """Seconds from DELETE until the work on a 24 megapixel picture has really ended."""
    options = {"op": "remove", "force": True, "model": model}
    body = contract.encode_request(options, image=scene(4000, 6000))
    chance = random.Random(3)
    seconds = []
    with serving() as server:
        start = time.perf_counter()
        server.run(body)
        whole = time.perf_counter() - start
        for _ in range(CANCELS):
            _, answer, _ = server.ask("POST", "/v1/jobs", body, Content_Type=NPZ)
            time.sleep(chance.uniform(0, whole))
            start = time.perf_counter()
            server.ask("DELETE", f"/v1/jobs/{json.loads(answer)['id']}")
            seconds.append(time.perf_counter() - start)
    print(f"\n{CANCELS} jobs of 24 megapixels ({whole:.1f} s each) cancelled at random times:")
    print(f"ended after {statistics.median(seconds):.2f} s (median), {max(seconds):.2f} s at most")


def memory(model: str) -> None:
    """Memory after 1,000 jobs against that after 50."""
    bodies = [
        contract.encode_request(
            {"op": "remove", "force": True, "model": model}, image=scene(h, w, h)
        )
        for h, w in ((100, 150), (210, 180), (320, 240), (45, 400))
    ]
    with serving() as server:
        done, after = 0, {}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for goal in (50, 1000):
                list(pool.map(lambda n: server.run(bodies[n % 4]), range(done, goal)))
                done, after[goal] = goal, server.megabytes()
    print(f"\nmemory after 50 jobs {after[50]:.0f} MB, after 1000 {after[1000]:.0f} MB: ", end="")
    print(f"{after[1000] / after[50] - 1:+.1%}")


FAULTS = 200


def faults(model: str) -> None:
    """Random faults under load; every answer that comes is compared with the right one."""
    images = [scene(100 + 40 * n, 150, n) for n in range(4)]
    options = {"op": "remove", "force": True, "model": model}
    bodies = [contract.encode_request(options, image=image) for image in images]
    chance = random.Random(9)
    counts: collections.Counter[str] = collections.Counter()
    with serving() as server:
        right = [_alpha(server.run(body)) for body in bodies]
        stop = threading.Event()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            steady = [pool.submit(_steady, server, bodies, right, stop, n) for n in range(3)]
            try:
                for _ in range(FAULTS):
                    name, fault = chance.choice(_FAULTS)
                    fault(server, bodies[chance.randrange(4)], chance)
                    counts[name] += 1
            finally:
                stop.set()
            for each in steady:
                counts.update(each.result())
        for body, alpha in zip(bodies, right, strict=True):
            if not np.array_equal(_alpha(server.run(body)), alpha):
                raise RuntimeError("a wrong answer after the faults")
        unfinished = _gauge(server, "mattebrush_jobs_held")
    print(f"\n{FAULTS} random faults under load, not one wrong or lost answer:")
    print(", ".join(f"{name} {count}" for name, count in counts.items()))
    print(f"slowest cancel {max(_cancels):.2f} s; jobs still held at the end: {unfinished:g}")


def _steady(
    server: Server, bodies: list[bytes], right: list[np.ndarray], stop: threading.Event, n: int
) -> collections.Counter[str]:
    """Sends good requests all the while; each must be answered rightly, or fail as a crash."""
    counts: collections.Counter[str] = collections.Counter()
    while not stop.is_set():
        n = (n + 1) % len(bodies)
        try:
            answer = server.run(bodies[n])
        except RuntimeError as error:
            if "engine-crashed" not in str(error):
                raise
            counts["answered: the engine crashed"] += 1
            continue
        if not np.array_equal(_alpha(answer), right[n]):
            raise RuntimeError("a wrong answer")
        counts["answered rightly"] += 1
    return counts


def _alpha(answer: bytes) -> np.ndarray:
    with np.load(io.BytesIO(answer)) as members:
        alpha: np.ndarray = members["alpha"]
    return alpha


def _gauge(server: Server, name: str) -> float:
    text = server.ask("GET", "/metrics")[1].decode()
    return float(next(line for line in text.splitlines() if line.startswith(name)).split()[1])


def _kill_worker(server: Server, body: bytes, chance: random.Random) -> None:
    time.sleep(chance.uniform(0, 0.3))
    for worker in server.workers()[:1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            worker.send_signal(chance.choice([signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT]))


def _cut_connection(server: Server, body: bytes, chance: random.Random) -> None:
    head = (
        f"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server._token}\r\n"
        f"Prefer: wait\r\nContent-Type: {NPZ}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    sent = (head + body)[: chance.choice([10, len(head), len(head) + len(body) // 2, None])]
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(sent)
        time.sleep(chance.uniform(0, 0.2))


def _cancel(server: Server, body: bytes, chance: random.Random) -> None:
    status, answer, _ = server.ask("POST", "/v1/jobs", body, Content_Type=NPZ)
    if status == 202:
        time.sleep(chance.uniform(0, 0.2))
        start = time.perf_counter()
        server.ask("DELETE", f"/v1/jobs/{json.loads(answer)['id']}")
        _cancels.append(time.perf_counter() - start)


_cancels: list[float] = []


def _bad_input(server: Server, body: bytes, chance: random.Random) -> None:
    damaged = bytearray(body)
    for _ in range(8):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    status, answer, _ = server.ask(
        "POST", "/v1/jobs", bytes(damaged), Content_Type=NPZ, Prefer="wait"
    )
    if status == 500 and b"engine-crashed" not in answer:
        raise RuntimeError(f"bad input was not told apart: {answer!r}")


FUZZED = 10_000
_ROUTES = ("/v1/jobs", "/api/remove", "/v1.0/removebg", "/v1/pictures", "/v1/sessions", "/v1/links")
_METHODS = ("POST", "GET", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "*")
_TYPES = (NPZ, "image/png", "image/x", "application/json", "multipart/form-data; boundary=x", "x")
_OPTIONS = ("op", "model", "prompt", "feather", "size", "format", "bg_color", "roi", "crop", "bgc")
_VALUES = ("remove", "-1", "1e999", "NaN", "[[1,2]]", "{", "../..", "0% 101%", "255,0", "\u0000")


def fuzz(model: str) -> None:
    """Random and damaged requests: none may be answered by an error of the server's own."""
    chance = random.Random(11)
    image = scene(24, 32)
    request = contract.encode_request({"op": "remove", "force": True, "model": model}, image=image)
    files = [_picture_file(image, name) for name in ("PNG", "JPEG", "TIFF", "GIF", "WEBP")]
    counts: collections.Counter[int] = collections.Counter()
    with serving() as server:
        server.run(request)
        for _ in range(FUZZED):
            method, path, body, kind = _random_request(chance, request, files)
            status, answer, _ = server.ask(method, path, body, Content_Type=kind, Prefer="wait")
            counts[status] += 1
            if status >= 500:
                raise RuntimeError(f"{status} for {method} {path} {kind}: {answer[:300]!r}")
        server.run(request)
    print(f"\n{FUZZED} random and damaged requests, none answered by 500 or above:")
    print(", ".join(f"{status}: {count}" for status, count in sorted(counts.items())))


def _picture_file(image: np.ndarray, name: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, name)
    return file.getvalue()


def _random_request(
    chance: random.Random, request: bytes, files: list[bytes]
) -> tuple[str, str, bytes, str]:
    """(method, path, body, content type): damaged requests and files, or anything at all."""
    if chance.random() < 0.3:
        return "POST", "/v1/jobs", _damaged(chance, request), NPZ
    if chance.random() < 0.4:
        path = chance.choice(("/v1/jobs?options=%7B%22force%22:true%7D", "/v1/pictures"))
        return "POST", path, _damaged(chance, chance.choice(files)), "image/x"
    names = [chance.choice(_OPTIONS) for _ in range(chance.randrange(4))]
    query = urllib.parse.urlencode([(name, chance.choice(_VALUES)) for name in names])
    part = b'--x\r\nContent-Disposition: form-data; name="image_file"; filename="a"\r\n\r\n'
    body = chance.choice((b"", b"{}", chance.randbytes(chance.randrange(500)), request, files[0]))
    body = chance.choice((body, part + body + b"\r\n--x--\r\n"))
    path = chance.choice(_ROUTES) + chance.choice(("", f"?{query}"))
    return chance.choice(_METHODS), path, body, chance.choice(_TYPES)


def _damaged(chance: random.Random, data: bytes) -> bytes:
    damaged = bytearray(data)
    for _ in range(chance.randrange(1, 7)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged[: chance.randrange(len(data) // 2, len(data) + 1)])


_FAULTS: list[tuple[str, Callable[[Server, bytes, random.Random], None]]] = [
    ("worker killed", _kill_worker),
    ("connection cut", _cut_connection),
    ("cancelled", _cancel),
    ("bad input", _bad_input),
]

_MEASURES = {
    "throughput": throughput,
    "overhead": overhead,
    "cancel": cancel,
    "memory": memory,
    "faults": faults,
    "fuzz": fuzz,
}


def main() -> None:
    """Runs the measures named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("measures", nargs="+", choices=list(_MEASURES))
    parser.add_argument("--model", default=Options().model)
    arguments = parser.parse_args()
    if arguments.model == "u2netp":
        os.environ["U2NET_HOME"] = peers.u2net_home()
    for name in arguments.measures:
        _MEASURES[name](arguments.model)


if __name__ == "__main__":
    main()
