# SPDX-License-Identifier: Apache-2.0
"""Where the engine comes from, and fetching from there one file whose hash is known.

An index is any that has the simple repository API of Python's packages: the public one, a
company's mirror, a folder served over HTTP.
"""

import base64
import collections
import hashlib
import os
import re
import sys
import time

from ._client import client
from .errors import EngineDamaged, SourceUnreachable

try:
    import configparser
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.parse import quote, unquote, urljoin, urlparse, urlunparse
    from urllib.request import Request, urlopen
except ImportError:  # Python 2.7, in GIMP 2.10
    from urllib import quote, unquote

    import ConfigParser as configparser
    from httplib import HTTPException
    from urllib2 import HTTPError, Request, urlopen
    from urlparse import urljoin, urlparse, urlunparse

DEFAULT_INDEX = "https://pypi.org/simple"
_VARIABLES = ("MATTEBRUSH_INDEX_URL", "PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL")
_ATTEMPTS = 4
_SECONDS = 30.0  # without a byte
_CHUNK = 1 << 16


class Source(collections.namedtuple("Source", "index folder python_mirror")):
    """Where to fetch from.

    index: address of a package index. folder: with all files (an offline bundle), then nothing is
    fetched from anywhere else. python_mirror: address of a mirror of Python builds for a machine
    that has no Python, as uv's UV_PYTHON_INSTALL_MIRROR. Each "" for the user's own settings.
    """

    __slots__ = ()

    def __new__(cls, index="", folder="", python_mirror=""):
        return super(Source, cls).__new__(cls, index, folder, python_mirror)

    def settled(self):
        """The same with the user's settings in place of what is empty."""
        other = client.Settings.load().other
        return Source(
            self.index or other.get("index") or _environment_index() or DEFAULT_INDEX,
            self.folder or other.get("bundle") or "",
            self.python_mirror or other.get("python_mirror") or "",
        )

    def __str__(self):
        return self.folder or without_password(self.index)


def _environment_index():
    for name in _VARIABLES:
        if os.environ.get(name):
            return os.environ[name]
    return pip_setting("index-url")


def pip_setting(name):
    """What the user's or the machine's pip is set to, "" when nothing."""
    value = ""
    for path in _pip_files():
        parser = configparser.RawConfigParser()
        try:
            parser.read(path)
            if parser.has_option("global", name):
                value = parser.get("global", name).strip()
        except (configparser.Error, UnicodeError):
            continue
    return value


def _pip_files():
    """pip's configuration files in the order in which they overrule each other."""
    if os.name == "nt":
        folders = [os.environ.get("PROGRAMDATA", ""), os.environ.get("APPDATA", "")]
        paths = [os.path.join(folder, "pip", "pip.ini") for folder in folders if folder]
    else:
        config = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
        paths = ["/etc/xdg/pip/pip.conf", "/etc/pip.conf", os.path.expanduser("~/.pip/pip.conf")]
        if sys.platform == "darwin":
            paths.append(os.path.expanduser("~/Library/Application Support/pip/pip.conf"))
        paths.append(os.path.join(config, "pip", "pip.conf"))
    return paths + [os.environ[name] for name in ("PIP_CONFIG_FILE",) if os.environ.get(name)]


def without_password(address):
    """An address that may be shown: without the name and password that it may hold."""
    parts = urlparse(address)
    return urlunparse(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def find_in_index(index, name):
    """The address of the file `name` (of a wheel) in an index. Raises SourceUnreachable."""
    project = name.split("-")[0].lower().replace("_", "-")
    page = index.rstrip("/") + "/" + project + "/"
    try:
        answer = urlopen(_request(page), timeout=_SECONDS)
        try:
            address, text = answer.geturl(), answer.read().decode("utf-8", "replace")
        finally:
            answer.close()
    except (HTTPException, IOError, OSError, ValueError) as why:
        raise _unreachable(index, why)
    for link in re.findall(r"""href\s*=\s*["']([^"'#]+)""", text):
        if unquote(link.replace("&amp;", "&")).rsplit("/", 1)[-1] == name:
            return _with_password(urljoin(address, link.replace("&amp;", "&")), index)
    raise SourceUnreachable(
        "The package index %s does not have %s." % (without_password(index), name),
        "Choose another index, or set the engine up from an offline bundle.",
    )


def fetch(address, target, sha256, progress):
    """Downloads a file; goes on with what has arrived of it before.

    progress: called with the fraction done; may raise, what has arrived is then kept. Raises
    SourceUnreachable, EngineDamaged when the bytes are not those that were published.
    """
    part = target + ".part"
    for attempt in range(_ATTEMPTS):
        try:
            _fetch_rest(address, part, progress)
            break
        except HTTPError as why:
            if why.code < 500 or attempt == _ATTEMPTS - 1:
                raise _unreachable(address, why)
        except (HTTPException, IOError, OSError) as why:
            if attempt == _ATTEMPTS - 1:
                raise _unreachable(address, why)
        progress(None)
        time.sleep(min(0.5 * 2**attempt, 4.0))
    check(part, sha256)
    if os.path.exists(target):
        os.remove(target)
    os.rename(part, target)


def check(path, sha256):
    """Raises EngineDamaged, and deletes the file, unless it is the one that was published."""
    if digest(path) != sha256:
        os.remove(path)
        raise EngineDamaged(
            "%s is not the file that was published." % os.path.basename(path),
            "A proxy or mirror may have changed it. Try again, or use another source.",
        )


def digest(path):
    """The SHA-256 of a file, in hexadecimal digits."""
    sha256 = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            sha256.update(chunk)
    return sha256.hexdigest()


def _fetch_rest(address, part, progress):
    have = os.path.getsize(part) if os.path.exists(part) else 0
    request = _request(address)
    if have:
        request.add_header("Range", "bytes=%d-" % have)
    try:
        answer = urlopen(request, timeout=_SECONDS)
    except HTTPError as why:
        if have and why.code == 416:  # it is complete; its hash will tell
            return
        raise
    try:
        resumed = have and answer.getcode() == 206
        have = have if resumed else 0
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length else 0
        with open(part, "ab" if resumed else "wb") as out:
            while True:
                chunk = answer.read(_CHUNK)
                if not chunk:
                    break
                out.write(chunk)
                have += len(chunk)
                progress(min(float(have) / total, 1.0) if total else None)
        if total and have < total:
            raise IOError("the connection ended early")
    finally:
        answer.close()


def _request(address):
    """A request for an address, its name and password in the header where they belong."""
    parts = urlparse(address)
    secret, _at, place = parts.netloc.rpartition("@")
    headers = {"User-Agent": "mattebrush-setup/" + client.VERSION, "Accept": "text/html, */*"}
    if secret:
        token = base64.b64encode(unquote(secret).encode("utf-8")).decode("ascii")
        headers["Authorization"] = "Basic " + token
    path = quote(parts.path, safe="/%+~:@!$&'()*,;=")
    return Request(
        urlunparse(parts._replace(netloc=place, path=path, fragment="")), headers=headers
    )


def _with_password(address, index):
    """`address` with the index's password, if it is on the same host."""
    secret, _at, place = urlparse(index).netloc.rpartition("@")
    parts = urlparse(address)
    if secret and parts.netloc == place:
        return urlunparse(parts._replace(netloc=secret + "@" + place))
    return address


def _unreachable(address, why):
    reason = getattr(why, "reason", None) or why
    return SourceUnreachable(
        "%s cannot be reached: %s." % (without_password(address), reason),
        "See whether this machine is online and which proxy it needs, or set the engine up from an"
        " offline bundle.",
    )
