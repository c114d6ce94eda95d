# SPDX-License-Identifier: Apache-2.0
"""Sends jobs to a Mattebrush engine: what the GIMP, Krita and Blender plug-ins share.

One module, standard library only, for Python 2.7 and 3.8 to 3.14; it is copied into each plug-in
when that is packaged. It finds an engine (a running server, else a child process), sends a job
without blocking, reports progress, can be cancelled, and fails with sentences a person can act
on. It knows no host and no image library: pixels are bytes with a shape (`Array`).

    engine = connect()
    job = engine.start({"op": "remove"}, image=Array(pixels, (height, width, 4), "uint8"))
    while not job.wait(0.05):          # or poll() from a timer
        show(job.stage, job.fraction)  # and job.cancel() when the user asks for it
    answer = job.result()              # answer.alpha, answer.foreground, answer.report

docs/job-contract.md describes the bytes that go to and fro.
"""

import ast
import collections
import io
import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
import zipfile
import zlib

try:
    from http.client import HTTPConnection, HTTPException, HTTPSConnection
    from urllib.parse import urlparse
except ImportError:  # Python 2.7, in GIMP 2.10
    from httplib import HTTPConnection, HTTPException, HTTPSConnection
    from urlparse import urlparse

VERSION = "0.1.0"

INSTALL_HINT = (
    'Install it with "pipx install mattebrush" and then "mattebrush plugin install",'
    " or set its Python interpreter in Mattebrush's settings."
)
SERVER_HINT = 'Start it in a terminal with "mattebrush serve", then try again.'

INSTALLED_FILE = "mattebrush_engine.json"
"""Beside this module and in the settings folder, written by `mattebrush plugin install`: where
the engine is. The one beside the module goes first."""

ENGINES = ("auto", "server", "process")
"""Values of the setting `engine`: a running server else a child process, or only one of them."""

_FOREIGN_VARIABLES = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "GI_TYPELIB_PATH",
    "GEGL_PATH",
    "BABL_PATH",
    "QT_PLUGIN_PATH",
)
_ITEM_SIZES = {"uint8": 1, "uint16": 2, "float32": 4}
_DESCRIPTIONS = {"uint8": "|u1", "uint16": "<u2", "float32": "<f4"}
_TYPE_NAMES = {description: name for name, description in _DESCRIPTIONS.items()}
_UNREADABLE = (
    getattr(zipfile, "BadZipFile", None) or zipfile.BadZipfile,
    EOFError,
    KeyError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
)
_CREATE_NO_WINDOW = 0x08000000
_LAST_WORDS = 20  # lines of the engine's stderr kept for the message when it dies
_LAST_WORD_SECONDS = 0.5
_PROBE_SECONDS = 2.0
_REQUEST_SECONDS = 60.0
_POLL_SECONDS = (0.02, 0.25)  # first and longest pause between two looks at a server's job


# ------------------------------------------------------------------------------------ failures


class ClientError(Exception):
    """What went wrong, in one sentence, and in `fix` the way out (may be empty)."""

    code = "client-error"

    def __init__(self, message, fix=""):
        Exception.__init__(self, message)
        self.message = message
        self.fix = fix

    def __str__(self):
        return _native(("%s %s" % (self.message, self.fix)).strip())


class EngineNotFound(ClientError):
    """There is no server to be found and no interpreter that could run the engine."""

    code = "engine-not-found"


class EngineDied(ClientError):
    """The child process ended without an answer, or the server went away."""

    code = "engine-died"


class EngineRefused(ClientError):
    """The engine answered with a failure; `code` is the engine's own (see docs/job-contract.md)."""

    def __init__(self, code, message, fix=""):
        ClientError.__init__(self, message, fix)
        self.code = code


class AnswerInvalid(ClientError):
    """What came back is not an answer of the job contract."""

    code = "answer-invalid"


class Cancelled(ClientError):
    """The user, or the host, ended the job."""

    code = "cancelled"

    def __init__(self):
        ClientError.__init__(self, "Cancelled.")


class TimedOut(ClientError):
    """The job took longer than it was given."""

    code = "timed-out"


def _native(text):
    """`text` as this Python's `str`, which in Python 2.7 is bytes."""
    return text if isinstance(text, str) else text.encode("utf-8")


# --------------------------------------------------------------------------------- NPZ to and fro


class Array(collections.namedtuple("Array", "data shape dtype")):
    """Pixels as bytes in row order, their shape such as (H, W, 4), and their type, one of
    "uint8", "uint16" and "float32", little-endian. What is sent may be a list of bytes, one
    after the other."""

    __slots__ = ()


class Answer(collections.namedtuple("Answer", "alpha foreground report state masks")):
    """What the engine gave back.

    alpha: an `Array` (H, W) in the depth asked for, or None. foreground: an `Array` (H, W, C), or
    None. report: what was done, a dictionary (docs/job-contract.md). masks: of the operation
    `objects` an `Array` (N, H, W), one for each that the report lists; else None.
    """

    __slots__ = ()


def encode_request(options, **arrays):
    """The NPZ bytes of a request.

    options: dictionary, `op` and the engine's options. arrays: `Array` by member name (image,
    mask, previous, region); None is left out. Raises ValueError when an array's bytes do not
    fit its shape.
    """
    return b"".join(request_chunks(options, **arrays))


def request_chunks(options, **arrays):
    """As `encode_request`, in pieces, so that the pixels are not copied on their way."""
    text = json.dumps(options).encode("utf-8")
    members = dict(arrays, options=Array(text, (len(text),), "uint8"))
    names = sorted(name for name in members if members[name] is not None)
    return _zip([(name + ".npy", _npy(name, members[name])) for name in names])


def _zip(members):
    """The pieces of a zip file that holds `members`, (name, pieces) each, stored.

    zipfile would copy every pixel three times, half a second at 24 megapixels.
    """
    chunks, directory, offset = [], [], 0
    for name, pieces in members:
        name = name.encode("ascii")
        size = sum(len(piece) for piece in pieces)
        checksum = 0
        for piece in pieces:
            checksum = zlib.crc32(piece, checksum) & 0xFFFFFFFF
        # Both sizes stand in the ZIP64 field, always: a picture may be beyond four gigabytes.
        fields = struct.pack("<5H3L", 45, 0, 0, 0, 33, checksum, 0xFFFFFFFF, 0xFFFFFFFF)
        extra = struct.pack("<2H2Q", 1, 16, size, size)
        local = b"PK\x03\x04" + fields + struct.pack("<2H", len(name), len(extra)) + name + extra
        chunks.append(local)
        chunks.extend(pieces)
        extra = struct.pack("<2H3Q", 1, 24, size, size, offset)
        tail = struct.pack("<5H2L", len(name), len(extra), 0, 0, 0, 0, 0xFFFFFFFF)
        directory.append(b"PK\x01\x02" + struct.pack("<H", 45) + fields + tail + name + extra)
        offset += len(local) + size
    count, length = len(directory), sum(len(entry) for entry in directory)
    chunks.extend(directory)
    end = struct.pack("<Q2H2L4Q", 44, 45, 45, 0, 0, count, count, length, offset)
    chunks.append(b"PK\x06\x06" + end)
    chunks.append(b"PK\x06\x07" + struct.pack("<LQL", 0, offset + length, 1))
    chunks.append(b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, count, count, length, 0xFFFFFFFF, 0))
    return chunks


def decode_answer(data):
    """The `Answer` in the NPZ bytes `data`.

    Raises EngineRefused when they are a failure object instead, AnswerInvalid when neither.
    """
    data = bytes(data)
    if data[:1] == b"{":
        raise _refusal(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {
                info.filename[:-4]: _array(_member(archive, info, data))
                for info in archive.infolist()
            }
        report = json.loads(bytes(members["report"].data).decode("utf-8"))
    except _UNREADABLE as why:
        raise AnswerInvalid(
            "Mattebrush's engine gave an answer that cannot be read (%s)." % why,
            "The plug-in and the engine may be of different versions: run"
            ' "mattebrush plugin install" again.',
        )
    names = ("alpha", "foreground", "state", "masks")
    return Answer(report=report, **{name: members.get(name) for name in names})


def _member(archive, info, data):
    """The bytes of one member of the zip file `data`."""
    if info.compress_type != zipfile.ZIP_STORED:
        return archive.read(info)
    # Cut out directly: reading through zipfile takes five times as long.
    name, extra = struct.unpack_from("<2H", data, info.header_offset + 26)
    start = info.header_offset + 30 + name + extra
    return memoryview(data)[start : start + info.file_size]


def _npy(name, array):
    """The .npy form of `array` (version 1.0): header and data."""
    size = _ITEM_SIZES[array.dtype]
    for side in array.shape:
        size *= side
    pieces = array.data if isinstance(array.data, list) else [array.data]
    pieces = [piece if isinstance(piece, bytes) else bytes(piece) for piece in pieces]
    length = sum(len(piece) for piece in pieces)
    if length != size:
        raise ValueError("%s has %d bytes, its shape asks for %d" % (name, length, size))
    header = "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }" % (
        _DESCRIPTIONS[array.dtype],
        "".join("%d, " % side for side in array.shape),
    )
    header += " " * (-(len(header) + 11) % 64) + "\n"
    magic = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header))
    return [magic + header.encode("ascii")] + pieces


def _array(data):
    """The `Array` in the .npy bytes `data`. Raises ValueError when they are not of that form."""
    head = bytes(bytearray(data[:12]))
    if head[:6] != b"\x93NUMPY":
        raise ValueError("a member is not an array")
    wide = head[6:7] != b"\x01"
    length = struct.unpack("<I", head[8:12])[0] if wide else struct.unpack("<H", head[8:10])[0]
    start = (12 if wide else 10) + length
    text = bytes(bytearray(data[start - length : start]))
    header = ast.literal_eval(text.decode("latin-1").strip())
    if header["fortran_order"] or header["descr"] not in _TYPE_NAMES:
        raise ValueError("an array is of a kind not agreed on: %s" % header["descr"])
    pixels = data[start:]
    pixels = pixels.tobytes() if isinstance(pixels, memoryview) else pixels
    array = Array(pixels, tuple(header["shape"]), _TYPE_NAMES[header["descr"]])
    size = _ITEM_SIZES[array.dtype]
    for side in array.shape:
        size *= side
    if len(array.data) != size:
        raise ValueError("an array is cut short")
    return array


def _refusal(data):
    """The failure object in the JSON bytes `data`, as an exception."""
    try:
        failure = json.loads(bytes(data).decode("utf-8"))
        failure = failure.get("error", failure)
        return EngineRefused(failure["code"], failure["message"], failure.get("fix", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return AnswerInvalid("Mattebrush's engine gave a failure that cannot be read.")


# ------------------------------------------------------------------------------------- settings


def settings_folder():
    """The user's folder for Mattebrush's settings, the same for every host."""
    if os.name == "nt":
        base = os.environ.get("APPDATA") or os.path.expanduser("~")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Application Support")
    else:
        base = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return os.path.join(base, "mattebrush")


def runtime_folder():
    """Where running servers leave a note of their address (mattebrush/server-PID.json)."""
    if os.environ.get("XDG_RUNTIME_DIR"):
        base = os.environ["XDG_RUNTIME_DIR"]
    elif os.name == "nt":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "mattebrush")


class Settings(object):
    """Which engine to use: what the installer wrote down, overlaid by what the user chose.

    engine: one of `ENGINES`. python: the interpreter that runs the engine as a child process.
    python_path: folder with the engine's source when it is not installed in that interpreter.
    server, token: address of a server to use instead of looking for one. other: the plug-ins'
    own choices (model, device, ...), kept as they are.
    """

    _NAMES = ("engine", "python", "python_path", "server", "token")

    def __init__(self, values=None):
        values = dict(values or {})
        self.engine = values.pop("engine", "auto")
        if self.engine not in ENGINES:
            self.engine = "auto"
        self.python = values.pop("python", "")
        self.python_path = values.pop("python_path", "")
        self.server = values.pop("server", "")
        self.token = values.pop("token", "")
        self.other = values

    @classmethod
    def load(cls, folder=None):
        """Reads what there is; `folder` is the user's, by default `settings_folder()`."""
        folder = folder or settings_folder()
        values = _installed(folder)
        chosen = _read_json(os.path.join(folder, "plugins.json"))
        if chosen.get("python"):
            values.pop("python_path", None)  # belongs to the interpreter the installer knew
        values.update({name: value for name, value in chosen.items() if value != ""})
        return cls(values)

    def save(self, folder=None):
        """Writes the user's file, whole or not at all. Raises ClientError when it cannot."""
        folder = folder or settings_folder()
        path = os.path.join(folder, "plugins.json")
        known = _installed(folder)
        values = {name: getattr(self, name) for name in self._NAMES}
        if self.python == known.get("python"):
            # What the installer wrote stays its own, so that a later installation is heeded.
            values = {k: v for k, v in values.items() if known.get(k) != v}
        values = {k: v for k, v in values.items() if v != ""}
        values.update(self.other)
        try:
            if not os.path.isdir(folder):
                os.makedirs(folder)
            with open(path + ".new", "wb") as out:
                out.write(json.dumps(values, indent=2, sort_keys=True).encode("utf-8"))
            if os.name == "nt" and os.path.exists(path):
                os.remove(path)  # Python 2.7 cannot replace a file there
            else:
                os.chmod(path + ".new", 0o600)  # it may hold a token
            os.rename(path + ".new", path)
        except (IOError, OSError) as why:
            raise ClientError("Mattebrush's settings cannot be written: %s." % why)


def _installed(folder):
    """What the installer wrote down: the interpreter, and the folder of the engine's source.

    Beside this module, else in the settings folder; one whose interpreter is gone does not count
    where the other's is there.
    """
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), INSTALLED_FILE)
    notes = [_read_json(beside), _read_json(os.path.join(folder, INSTALLED_FILE))]
    notes = [note for note in notes if note.get("python")]
    present = [note for note in notes if os.path.isfile(note["python"])]
    values = (present or notes or [{}])[0]
    return {name: values[name] for name in ("python", "python_path") if values.get(name)}


def _read_json(path):
    """The JSON object in the file at `path`; an empty one when there is none to be read."""
    try:
        with open(path, "rb") as file:
            values = json.loads(file.read().decode("utf-8"))
    except (IOError, OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


# ------------------------------------------------------------------------------ finding an engine


def connect(settings=None):
    """The engine to use: a `ServerEngine` or a `ProcessEngine`.

    Raises EngineNotFound when neither is to be had.
    """
    settings = settings or Settings.load()
    if settings.engine != "process":
        server = _find_server(settings)
        if server is not None:
            return server
    sandbox = sandbox_name()
    if settings.engine == "server" or settings.server or (sandbox and not settings.python):
        raise _no_server(settings, sandbox)
    if not settings.python:
        raise EngineNotFound("Mattebrush's engine was not found.", INSTALL_HINT)
    if not os.path.isfile(settings.python):
        if sandbox:
            raise _no_server(settings, sandbox)
        raise EngineNotFound(
            "Mattebrush's engine was not found: there is no Python interpreter at %s (any more)."
            % settings.python,
            INSTALL_HINT,
        )
    return ProcessEngine(settings.python, settings.python_path)


def sandbox_name():
    """The kind of sandbox this program runs in, where the machine's programs are out of reach.

    Returns "Flatpak", "Snap" or "".
    """
    if os.path.exists("/.flatpak-info"):
        return "Flatpak"
    if os.environ.get("SNAP") and os.path.abspath(sys.executable).startswith(os.environ["SNAP"]):
        return "Snap"
    return ""


def _no_server(settings, sandbox):
    where = " at %s" % settings.server if settings.server else ""
    why = ""
    if sandbox:
        why = " Inside a %s the engine can only be reached as a server." % sandbox
    return EngineNotFound("No Mattebrush server%s was found.%s" % (where, why), SERVER_HINT)


def _find_server(settings):
    """A server that answers: the one the user named, else the newest that left a note."""
    if settings.server:
        candidates = [ServerEngine(settings.server, settings.token)]
    else:
        candidates = [ServerEngine(note["url"], note["token"]) for note in _server_notes()]
    for server in candidates:
        if server.answers():
            return server
    return None


def _server_notes():
    """What running servers left in the runtime folder, newest first."""
    folder = runtime_folder()
    try:
        names = [n for n in os.listdir(folder) if n.startswith("server-") and n.endswith(".json")]
        paths = [os.path.join(folder, name) for name in names]
        paths.sort(key=os.path.getmtime, reverse=True)
        if hasattr(os, "getuid"):
            # A note of somebody else's would send the user's picture to them.
            paths = [path for path in paths if os.stat(path).st_uid == os.getuid()]
    except OSError:
        return []
    notes = [_read_json(path) for path in paths]
    return [note for note in notes if "url" in note and "token" in note]


# ---------------------------------------------------------------------------------------- engines


class ProcessEngine(object):
    """Runs each job in a child process of its own."""

    def __init__(self, python, python_path=""):
        self.python = _native(python)
        self.python_path = _native(python_path)

    def __str__(self):
        return "child process of %s" % self.python

    def command(self, arguments=("job",)):
        """Program and arguments that run one job, or another of the engine's commands."""
        return [self.python, "-m", "mattebrush"] + [_native(each) for each in arguments]

    def spawn(self, command):
        """Starts a `command` with three pipes; returns the Popen. Raises EngineNotFound."""
        windows = os.name == "nt"
        pipe = subprocess.PIPE
        try:
            return subprocess.Popen(
                command,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                env=self.environment(),
                # "-m" looks in the current folder first: not in one with the user's files.
                cwd=os.path.dirname(os.path.abspath(self.python)),
                creationflags=_CREATE_NO_WINDOW if windows else 0,
                close_fds=not windows,
            )
        except (OSError, ValueError) as why:
            raise EngineNotFound(
                "Mattebrush's engine could not be started with %s: %s." % (self.python, why),
                INSTALL_HINT,
            )

    def environment(self):
        """This process's environment without what would lead another Python astray."""
        env = {
            name: value
            for name, value in os.environ.items()
            if name not in _FOREIGN_VARIABLES and not name.startswith("DYLD_")
        }
        if self.python_path:
            env["PYTHONPATH"] = self.python_path
        return env

    def start(self, options, timeout=None, **arrays):
        """Starts a job and returns the `Job` at once. See `encode_request` for the arguments.

        timeout: seconds after which the job is ended; None waits as long as it takes.
        """
        return _ProcessJob(self, options, arrays, timeout)


class ServerEngine(object):
    """Sends jobs to a running `mattebrush serve`."""

    def __init__(self, url, token=""):
        url = _native(url).rstrip("/")
        self.url = url if "//" in url else "http://" + url
        self.token = _native(token)

    def __str__(self):
        return "server at %s" % self.url

    def answers(self):
        """Whether a Mattebrush server answers at that address."""
        connection = self.connection(_PROBE_SECONDS)
        try:
            connection.request("GET", self.path("/healthz"), headers={"Connection": "close"})
            response = connection.getresponse()
            response.read()
            return response.status == 200
        except (HTTPException, IOError, OSError, ValueError):
            return False
        finally:
            connection.close()

    def connection(self, timeout):
        """A new HTTP connection to the server (not yet open)."""
        address = urlparse(self.url)
        kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
        return kind(address.hostname or "localhost", address.port, timeout=timeout)

    def path(self, route):
        """The path of `route` below the server's address."""
        return urlparse(self.url).path + route

    def headers(self):
        """The headers every request of a job carries."""
        # A server takes turns between its clients, and tells them apart by this name.
        name = "mattebrush-client/%s (%d)" % (VERSION, os.getpid())
        headers = {"Connection": "close", "User-Agent": name}
        if self.token:
            headers["Authorization"] = "Bearer %s" % self.token
        return headers

    def json(self, route, method="GET"):
        """The JSON that the server answers with. Raises ClientError."""
        try:
            return json.loads(self.ask(method, route)[1].decode("utf-8"))
        except ValueError:
            raise AnswerInvalid("%s is no Mattebrush server of this version." % self.url)

    def ask(self, method, route, body=(), headers=None, busy_ok=False):
        """One exchange: (status, body, headers by lower-case name). Raises what it failed with.

        body: pieces of bytes. busy_ok: a full queue is an answer, too.
        """
        headers = dict(self.headers(), **(headers or {}))
        if body:
            headers["Content-Length"] = str(sum(len(piece) for piece in body))
        connection = self.connection(_REQUEST_SECONDS)
        try:
            connection.putrequest(method, self.path(route))
            for name in headers:
                connection.putheader(name, headers[name])
            connection.endheaders()
            for piece in body:
                connection.send(piece)
            response = connection.getresponse()
            content = response.read()
        except (HTTPException, IOError, OSError) as why:
            raise EngineDied("The Mattebrush %s went away (%s)." % (self, why), SERVER_HINT)
        finally:
            connection.close()
        if response.status == 401:
            raise EngineRefused(
                "unauthorized",
                "The Mattebrush %s does not accept the token." % self,
                "Set the token that it printed at its start in Mattebrush's settings.",
            )
        if response.status >= 400 and not (busy_ok and response.status == 429):
            raise _refusal(content)
        return response.status, content, {k.lower(): v for k, v in response.getheaders()}

    def start(self, options, timeout=None, **arrays):
        """As `ProcessEngine.start`."""
        return _ServerJob(self, options, arrays, timeout)


def run(options, progress=None, timeout=None, settings=None, **arrays):
    """Finds an engine, runs one job and waits for it: for batch modes without an event loop.

    progress: called as progress(stage, fraction), first at once; may raise to cancel.
    """
    job = connect(settings).start(options, timeout=timeout, **arrays)
    try:
        ended = False
        while not ended:
            if progress is not None:
                progress(job.stage, job.fraction)
            ended = job.wait(0.05)
    except BaseException:
        job.cancel()
        raise
    return job.result()


# ------------------------------------------------------------------------------------------- jobs


class Job(object):
    """One job under way. Nothing here blocks but `wait` and `result`.

    stage, fraction: what the engine is doing and how much of it is done, 0 to 1.
    """

    first_stage = "start"

    def __init__(self, timeout):
        self.stage = self.first_stage
        self.fraction = 0.0
        self._timeout = timeout
        self._started = time.time()
        self._done = threading.Event()
        self._stop = threading.Event()
        self._answer = None
        self._error = None
        self._worker = threading.Thread(target=self._run)
        self._worker.daemon = True
        self._worker.start()

    def poll(self):
        """Whether the job has ended, in whatever way. Call it from the host's timer."""
        if self._timeout is not None and time.time() - self._started > self._timeout:
            self._end(
                TimedOut(
                    "Mattebrush's engine did not finish within %g seconds." % self._timeout,
                    "Try a smaller selection, or a lighter model.",
                )
            )
        return self._done.is_set()

    def wait(self, seconds):
        """Waits at most `seconds`; returns whether the job has ended."""
        self._done.wait(seconds)
        return self.poll()

    def result(self):
        """Waits for the end and returns the `Answer`; raises the ClientError it ended with."""
        while not self.wait(0.1):
            pass
        if self._error is not None:
            raise self._error
        return self._answer

    def cancel(self):
        """Ends the job; `result` then raises Cancelled. Harmless when it has ended already."""
        self._end(Cancelled())

    def _end(self, error):
        if not self._done.is_set():
            self._error = error
            self._done.set()
            self._stop.set()
            self._kill()
            # A moment for the engine to hear of it, should this program end right after.
            self._worker.join(_LAST_WORD_SECONDS)

    def _run(self):
        try:
            answer, error = self._work(), None
        except ClientError as why:
            answer, error = None, why
        except MemoryError:
            answer, error = None, ClientError("There is not enough memory to send this picture.")
        except Exception as why:  # the thread has nobody else to tell
            answer, error = None, ClientError("Unexpected: %s: %s" % (type(why).__name__, why))
        if not self._done.is_set():
            self._answer, self._error = answer, error
            self._done.set()

    def _report(self, stage, fraction):
        self.stage, self.fraction = stage, min(max(float(fraction), 0.0), 1.0)


class _ProcessJob(Job):
    """A job in a child process: `mattebrush job`."""

    def __init__(self, engine, options, arrays, timeout):
        self._engine = engine
        self._request = (options, arrays)
        self._process = None
        self._words = collections.deque(maxlen=_LAST_WORDS)
        Job.__init__(self, timeout)

    def _work(self):
        options, arrays = self._request
        request, self._request = request_chunks(options, **arrays), None
        process = self._process = self._engine.spawn(self._engine.command())
        if self._stop.is_set():  # cancelled while the request was being made
            self._kill()
        # Three pipes, three threads: a full one would stop both sides for ever.
        helpers = [
            threading.Thread(target=self._send, args=(process.stdin, request)),
            threading.Thread(target=self._listen, args=(process.stderr,)),
        ]
        for helper in helpers:
            helper.daemon = True
            helper.start()
        answer = process.stdout.read()
        process.stdout.close()
        status = process.wait()
        for helper in helpers:
            helper.join()
        if answer:
            return decode_answer(answer)
        raise _death(self._engine, status, self._words)

    @staticmethod
    def _send(stdin, request):
        _survive_broken_pipes()
        try:
            while request:
                stdin.write(request.pop(0))
            stdin.close()
        except (IOError, OSError, ValueError):
            pass  # it ended before it had read everything; its answer or status says why

    def _listen(self, stderr):
        for line in iter(stderr.readline, b""):
            progress = parse_progress(line)
            if progress is None:
                self._words.append(line.decode("utf-8", "replace").rstrip())
            else:
                self._report(*progress)
        stderr.close()

    def _kill(self):
        end(self._process)


class FrameSession(object):
    """A session over the frames of a video, in one child process that stays warm.

        session = FrameSession(engine, {"op": "open", "prompt": {"boxes": [[10, 10, 90, 90]]}})
        job = session.ask({"op": "frame", "frame": 0}, image=pixels)   # a `Job`, as ever
        answer = job.result()          # answer.report["frame"] says which frame it is, or None
        session.close()

    One question at a time. engine: a `ProcessEngine`. Raises EngineNotFound.
    """

    def __init__(self, engine, options, timeout=None, **arrays):
        self.engine = engine
        self.words = collections.deque(maxlen=_LAST_WORDS)
        self.job = None
        self.process = engine.spawn(engine.command(("job", "--session")))
        listener = threading.Thread(target=self._listen)
        listener.daemon = True
        listener.start()
        self.ask(options, timeout=timeout, **arrays).result()

    def ask(self, options, timeout=None, **arrays):
        """Sends a request of the session (docs/job-contract.md); returns its `Job` at once. To
        cancel it ends the session, as does a timeout; a state asked for before goes on from there.
        """
        self.job = _SessionJob(self, options, arrays, timeout)
        return self.job

    def close(self):
        """Ends the session. Harmless when it has ended already."""
        end(self.process)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe.close()
            except (IOError, OSError):
                pass  # what was left to be written has no reader

    def _listen(self):
        for line in iter(self.process.stderr.readline, b""):
            progress = parse_progress(line)
            if progress is None:
                self.words.append(line.decode("utf-8", "replace").rstrip())
            elif self.job is not None:
                self.job._report(*progress)
        self.process.stderr.close()


class _SessionJob(Job):
    """One question to a `FrameSession`."""

    def __init__(self, session, options, arrays, timeout):
        self._session = session
        self._request = (options, arrays)
        Job.__init__(self, timeout)

    def _work(self):
        options, arrays = self._request
        request, self._request = request_chunks(options, **arrays), None
        _survive_broken_pipes()
        process = self._session.process
        try:
            process.stdin.write(struct.pack("<Q", sum(len(piece) for piece in request)))
            while request:
                process.stdin.write(request.pop(0))
            process.stdin.flush()
            head = process.stdout.read(8)
            answer = process.stdout.read(struct.unpack("<Q", head)[0]) if len(head) == 8 else b""
        except (IOError, OSError, ValueError):
            answer = b""
        if answer:
            return decode_answer(answer)
        raise _death(self._session.engine, process.wait(), self._session.words)

    def _kill(self):
        end(self._session.process)


def _death(engine, status, words):
    """The error that says how an engine's process ended, and what it said last."""
    words = "\n".join(words)
    if "No module named" in words and "mattebrush" in words.split("No module named")[-1]:
        return EngineNotFound(
            "The Python interpreter %s has no Mattebrush engine." % engine.python,
            INSTALL_HINT,
        )
    how = "was killed by signal %d" % -status if status < 0 else "ended with status %d" % status
    last = "\nIts last words were:\n%s" % words if words else ""
    return EngineDied(
        "Mattebrush's engine %s in the middle of the job.%s" % (how, last),
        "The picture is as it was. If memory ran out, close other programs; then try again.",
    )


def end(process):
    """Ends a child process, if there is one that runs."""
    if process is not None and process.poll() is None:
        try:
            process.kill()
        except OSError:
            pass  # it ended by itself in between


def _survive_broken_pipes():
    """In this thread, writing to what nobody reads is an error, not the end of the program.

    Python sees to that for the whole process, but not where a host such as Krita embeds it.
    """
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPIPE])


def parse_progress(line):
    """(stage, fraction) from one line of the engine's stderr, or None when it is something else."""
    try:
        values = json.loads(line.decode("utf-8"))
        return values["stage"], float(values["fraction"])
    except (ValueError, KeyError, TypeError):
        return None


class _ServerJob(Job):
    """A job on a server: posted, looked after until it is done, fetched."""

    def __init__(self, engine, options, arrays, timeout):
        self._engine = engine
        self._request = (options, arrays)
        Job.__init__(self, timeout)

    def _work(self):
        _survive_broken_pipes()
        options, arrays = self._request
        request, self._request = request_chunks(options, **arrays), None
        url = "/v1/jobs/%s" % _native(self._post(request))
        del request
        pause, longest = _POLL_SECONDS
        while True:
            state = self._engine.json(url)
            self._report(state.get("stage") or self.stage, state.get("fraction") or 0.0)
            if state.get("state") not in ("queued", "running"):
                return decode_answer(self._engine.ask("GET", url + "/result")[1])
            if self._stop.wait(pause) or self._stop.is_set():
                self._engine.ask("DELETE", url)
                raise Cancelled()
            pause = min(pause * 1.5, longest)

    def _post(self, request):
        """Sends the request, waiting while the server's queue is full; returns the job's id."""
        while True:
            status, body, headers = self._engine.ask(
                "POST", "/v1/jobs", request, {"Content-Type": "application/x-npz"}, busy_ok=True
            )
            if status != 429:
                break
            self._report("waiting for the server", 0.0)
            if self._stop.wait(min(float(headers.get("retry-after", 1)), 10.0)):
                raise Cancelled()
        try:
            return json.loads(body.decode("utf-8"))["id"]
        except (ValueError, KeyError, TypeError):
            raise AnswerInvalid("%s is no Mattebrush server of this version." % self._engine.url)

    def _kill(self):
        pass  # the worker sees `_stop` at its next look and tells the server
