# SPDX-License-Identifier: Apache-2.0
"""Downloads against a real server: resumed, redirected, through a proxy, cut, refused, too big."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mattebrush.errors import Cancelled, DownloadFailed, OutputUnwritable
from mattebrush.models import download
from tests.models.webserver import File, serving

CONTENT = bytes(range(256)) * 4096  # 1 MiB


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "file.part"


def test_a_file_arrives_and_says_how_far_it_is(part: Path) -> None:
    seen: list[float] = []
    with serving({"/f": File(CONTENT)}) as site:
        download.fetch(f"{site.url}/f", part, lambda stage, fraction: seen.append(fraction))
    assert part.read_bytes() == CONTENT
    assert seen == sorted(seen) and seen[-1] == 1.0


def test_what_has_arrived_is_kept_at_once(part: Path) -> None:
    """A slow connection would lose it when interrupted."""
    gate, kept = threading.Event(), []

    def progress(stage: str, fraction: float) -> None:
        kept.append(part.stat().st_size)
        gate.set()

    with serving({"/f": File(CONTENT[:2000], held=gate)}) as site:
        download.fetch(f"{site.url}/f", part, progress)
    assert kept == [1000, 2000]


def test_a_broken_connection_is_taken_up_where_it_broke(part: Path) -> None:
    with serving({"/f": File(CONTENT, cut_after=300_000, cuts=2)}) as site:
        download.fetch(f"{site.url}/f", part)
    assert part.read_bytes() == CONTENT
    assert [headers.get("Range") for _, headers in site.log] == [
        None,
        "bytes=300000-",
        "bytes=600000-",
    ]
    assert site.log[1][1]["If-Range"] == '"one"'


def test_an_interrupted_download_goes_on_next_time(part: Path) -> None:
    def stop(stage: str, fraction: float) -> None:
        raise Cancelled("enough")

    with serving({"/f": File(CONTENT * 3)}) as site:
        with pytest.raises(Cancelled):
            download.fetch(f"{site.url}/f", part, stop)
        have = part.stat().st_size
        assert 0 < have < len(CONTENT) * 3
        download.fetch(f"{site.url}/f", part)
    assert part.read_bytes() == CONTENT * 3
    assert site.log[1][1]["Range"] == f"bytes={have}-"


def test_a_file_that_changed_in_between_is_fetched_anew(part: Path) -> None:
    files = {"/f": File(CONTENT, cut_after=1000, cuts=download.ATTEMPTS, ranges=False)}
    with serving(files) as site:
        with pytest.raises(DownloadFailed):
            download.fetch(f"{site.url}/f", part)
        files["/f"] = File(CONTENT[::-1], etag='"two"')
        download.fetch(f"{site.url}/f", part)
    assert part.read_bytes() == CONTENT[::-1]


def test_a_file_that_shrank_is_fetched_anew(part: Path) -> None:
    files = {"/f": File(CONTENT)}
    with serving(files) as site:
        download.fetch(f"{site.url}/f", part)
        files["/f"] = File(CONTENT[:1000])
        download.fetch(f"{site.url}/f", part)
    assert part.read_bytes() == CONTENT[:1000]


def test_a_whole_part_is_not_fetched_again(part: Path) -> None:
    with serving({"/f": File(CONTENT)}) as site:
        download.fetch(f"{site.url}/f", part)
        download.fetch(f"{site.url}/f", part)
    assert part.read_bytes() == CONTENT
    assert [headers.get("Range") for _, headers in site.log] == [None, f"bytes={len(CONTENT)}-"]


def test_without_an_etag_nothing_old_is_trusted(part: Path) -> None:
    part.write_bytes(b"something else")
    with serving({"/f": File(CONTENT, etag="")}) as site:
        download.fetch(f"{site.url}/f", part)
    assert part.read_bytes() == CONTENT


def test_redirects_are_followed(part: Path) -> None:
    with serving({"/f": File(CONTENT)}) as there:
        links = {"/a": File(location="/b"), "/b": File(location=f"{there.url}/f")}
        with serving(links) as here:
            download.fetch(f"{here.url}/a", part)
    assert part.read_bytes() == CONTENT


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/f"])
def test_redirects_out_of_the_web_are_refused(part: Path, target: str) -> None:
    with (
        serving({"/f": File(location=target)}) as site,
        pytest.raises(DownloadFailed, match=r"not secure|302"),
    ):
        download.fetch(f"{site.url}/f", part)
    assert not part.exists()


def test_a_proxy_is_honored(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving({"/f": File(CONTENT)}) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        download.fetch("http://models.invalid/f", part)
    assert part.read_bytes() == CONTENT
    assert proxy.log[0][0] == "http://models.invalid/f"


@pytest.mark.parametrize(("status", "fix"), [(404, "--mirror"), (401, "sign in"), (403, "sign in")])
def test_a_refusal_is_final_and_says_what_to_do(part: Path, status: int, fix: str) -> None:
    with (
        serving({"/f": File(status=status)}) as site,
        pytest.raises(DownloadFailed, match=str(status)) as caught,
    ):
        download.fetch(f"{site.url}/f", part)
    assert fix in caught.value.fix
    assert len(site.log) == 1


def test_a_busy_server_is_asked_again(part: Path) -> None:
    with (
        serving({"/f": File(status=503)}) as site,
        pytest.raises(DownloadFailed, match="did not arrive whole"),
    ):
        download.fetch(f"{site.url}/f", part)
    assert len(site.log) == download.ATTEMPTS


def test_nobody_there_is_a_clear_error(part: Path) -> None:
    with serving({}) as site:
        pass
    with pytest.raises(DownloadFailed, match="refused"):
        download.fetch(f"{site.url}/f", part)


def test_what_cannot_fit_on_the_disk_is_not_begun(part: Path) -> None:
    huge = 1 << 60
    with (
        serving({"/f": File(CONTENT, declared=huge)}) as site,
        pytest.raises(OutputUnwritable, match="are free"),
    ):
        download.fetch(f"{site.url}/f", part)
    assert not part.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_disk_that_fills_up_is_a_clear_error_and_the_part_stays(part: Path) -> None:
    """A child process may write no more than 100 kB to a file: the system refuses the rest."""
    code = """if True:
        import resource, sys
        from pathlib import Path
        from mattebrush.errors import OutputUnwritable
        from mattebrush.models import download
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            download.fetch(sys.argv[1], Path(sys.argv[2]))
        except OutputUnwritable as error:
            print(error)
    """
    with serving({"/f": File(CONTENT)}) as site:
        child = subprocess.run(
            [sys.executable, "-c", code, f"{site.url}/f", str(part)],
            capture_output=True,
            text=True,
            check=True,
        )
    assert "cannot be written" in child.stdout and "pull again" in child.stdout
    assert part.stat().st_size <= 100_000


def test_only_web_addresses_are_fetched(part: Path) -> None:
    with pytest.raises(DownloadFailed, match="no web address"):
        download.fetch("file:///etc/passwd", part)
