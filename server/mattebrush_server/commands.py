# SPDX-License-Identifier: Apache-2.0
"""`mattebrush serve` and `mattebrush page`, for the command line's parser."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mattebrush.errors import OptionInvalid, OutputUnwritable

from . import starting

if TYPE_CHECKING:
    from .serving import Server

TOKEN_VARIABLE = "MATTEBRUSH_TOKEN"


def add_parser(subparsers: Any) -> None:
    """Registers the commands; imports nothing of the server until one runs."""
    serve = subparsers.add_parser(
        "serve",
        help="keep the engine warm for plug-ins, scripts and a browser",
        description="Serves plug-ins, scripts and a browser on this machine. Manual: "
        "docs/server.md.",
    )
    serve.set_defaults(func=_serve)
    _add_address(serve)
    _add_limits(serve)
    page = subparsers.add_parser(
        "page",
        help="open the page of a running server in the browser",
        description="Opens the page of the server that runs on this machine.",
    )
    page.set_defaults(func=_page)
    page.add_argument("--print", action="store_true", help="print the link, open nothing")
    _add_review(subparsers)


def _add_review(subparsers: Any) -> None:
    review = subparsers.add_parser(
        "review",
        help="look at the results of a batch, worst first",
        description="Opens a page on what `mattebrush batch` wrote into DST: failures and the "
        "least certain first. Accept, reject, or brush; what was brushed is written in place.",
    )
    review.add_argument("destination", metavar="DST", type=Path, help="the batch's folder")
    review.add_argument("--print", action="store_true", help="print the link, open nothing")
    review.add_argument("--port", type=int, default=0, help="default: any free one")
    review.set_defaults(func=_review)


def _add_address(serve: argparse.ArgumentParser) -> None:
    serve.add_argument("--host", default="127.0.0.1", metavar="ADDRESS")
    serve.add_argument("--port", type=int, default=0, help="default: any free one")
    serve.add_argument("--token", action=_TokenInSight, help=argparse.SUPPRESS)
    serve.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help=f"file with the token, of at least 16 characters; default: {TOKEN_VARIABLE} of the "
        "environment, else a new random one",
    )
    serve.add_argument(
        "--allow-remote",
        action="store_true",
        help="allow a --host that other machines can reach; needs a token of your own",
    )
    serve.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="web origin that may use this server, such as https://app.example; repeatable",
    )
    serve.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="further host name this server is called by; repeatable",
    )
    serve.add_argument(
        "--rembg-without-token",
        action="store_true",
        help="let programs on this machine use rembg's API (/api/remove) without the token",
    )
    serve.add_argument(
        "--no-downloads",
        action="store_true",
        help="never download a model, not even one whose license was accepted on the page",
    )
    serve.add_argument("--open", action="store_true", help="open the page in the browser")


class _TokenInSight(argparse.Action):
    """Refuses a token on the command line, where every user of the machine can read it."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        parser.error(
            "--token would show the token to every user of this machine. Put it into a file and "
            f"give --token-file FILE, or into the environment as {TOKEN_VARIABLE}"
        )


def serve_live(arguments: argparse.Namespace) -> int:
    """The page of `mattebrush live`, which is a command of the engine's."""
    from . import live_command

    return live_command.run(arguments)


def _add_limits(serve: argparse.ArgumentParser) -> None:
    serve.add_argument(
        "--device",
        action="append",
        default=[],
        metavar="NAME",
        help="auto, cpu, cuda, ...: one process each; repeatable; default: auto",
    )
    serve.add_argument(
        "--idle-exit", type=_positive(float), metavar="SECONDS", help="end when idle for so long"
    )
    serve.add_argument(
        "--idle-models",
        type=_positive(float),
        default=300.0,
        metavar="SECONDS",
        help="give up the models and their memory when idle for so long; default: 300",
    )
    serve.add_argument(
        "--max-upload", type=_positive(int), default=1024, metavar="MB", help="default: 1024"
    )
    serve.add_argument(
        "--max-picture",
        type=_positive(int),
        default=200,
        metavar="MP",
        help="largest picture, in megapixels; default: 200",
    )
    serve.add_argument(
        "--max-held",
        type=_positive(int),
        default=500,
        metavar="MP",
        help="megapixels held at a time, all pictures together; default: 500",
    )
    serve.add_argument(
        "--max-jobs", type=_positive(int), default=64, metavar="N", help="jobs held; default: 64"
    )
    serve.add_argument(
        "--max-per-client",
        type=_positive(float),
        default=50.0,
        metavar="PERCENT",
        help="of both, what one client may hold, but always one picture; default: 50",
    )


def _positive(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    def positive(text: str) -> Any:
        value = kind(text)
        if not 0 < value < 1e9:
            raise ValueError(text)
        return value

    positive.__name__ = f"positive {kind.__name__}"
    return positive


def _serve(arguments: argparse.Namespace) -> int:
    server = starting.server_of(_settings(arguments))
    starting.stop_on_signals(server.stop)
    try:
        server.announce()
    except OutputUnwritable as nowhere:  # a container without a home is served all the same
        print(f"mattebrush: warning: {nowhere}", file=sys.stderr)
    _print_address(server.url, server.settings, arguments)
    _print_links(server)
    if arguments.open:
        starting.open_link(server.page_link())
    server.run()
    return 0


def _review(arguments: argparse.Namespace) -> int:
    from mattebrush.batch.review import Queue

    from .settings import Settings

    Queue(arguments.destination)  # says at once what is wrong with the folder
    server = starting.server_of(Settings(review=arguments.destination, port=arguments.port))
    starting.stop_on_signals(server.stop)
    link = server.page_link().replace("/#", "/page/review.html#")
    print(f"Review (the link works once, within ten minutes): {link}", flush=True)
    print("Ctrl-C ends it.", flush=True)
    if not arguments.print:
        starting.open_link(link)
    server.run()
    return 0


def _settings(arguments: argparse.Namespace) -> Any:
    from mattebrush.options import DEVICES

    from .addresses import is_loopback
    from .settings import MEGABYTE, MEGAPIXEL, Settings

    token = _token(arguments.token_file)
    if not is_loopback(arguments.host) and not (arguments.allow_remote and token):
        raise OptionInvalid(
            f"Other machines could reach this server at {arguments.host}.",
            "If that is meant, add --allow-remote and a token of your own: --token-file FILE, or "
            f"{TOKEN_VARIABLE} in the environment.",
        )
    unknown = sorted(set(arguments.device) - set(DEVICES))
    if unknown:
        raise OptionInvalid(f"Unknown device {unknown[0]}.", f"Choose from {', '.join(DEVICES)}.")
    own_token: dict[str, Any] = {"token": token} if token else {}
    return Settings(
        **own_token,
        host=arguments.host,
        port=arguments.port,
        devices=tuple(dict.fromkeys(arguments.device)) or ("auto",),
        origins=tuple(arguments.allow_origin),
        hosts=tuple(arguments.allow_host),
        rembg_open=arguments.rembg_without_token,
        downloads=not arguments.no_downloads,
        idle_exit=arguments.idle_exit,
        idle_worker=arguments.idle_models,
        upload_bytes=arguments.max_upload * MEGABYTE,
        picture_pixels=arguments.max_picture * MEGAPIXEL,
        admitted_pixels=arguments.max_held * MEGAPIXEL,
        admitted_jobs=arguments.max_jobs,
        client_share=arguments.max_per_client / 100,
    )


def _token(file: Path | None) -> str:
    """The token from a file or the environment, "" where there is none. Raises OptionInvalid."""
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if file is not None:
        try:
            token = file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise OptionInvalid(
                f"The token cannot be read from {file}.", "Give a text file with the token in it."
            ) from error
        if not token:
            raise OptionInvalid(f"There is no token in {file}.", "Write one into it.")
    if token and (len(token) < 16 or not token.isascii() or not token.isprintable()):
        raise OptionInvalid(
            "The token is too short, or has other than plain characters.",
            "Use at least 16 random letters and digits.",
        )
    return token


def _print_links(server: Server) -> None:
    """Links to the page, for a person at a terminal: in a log they would be anyone's to read."""
    if not sys.stdout.isatty():
        print("For the page, run: mattebrush page", flush=True)
        return
    print(f"Page (the link works once, within ten minutes): {server.page_link()}", flush=True)
    for link in server.links_for_others()[:1]:
        import segno

        print(f"For a phone in the same network: {link}")
        segno.make(link, error="l", micro=False).terminal(compact=True)


def _print_address(url: str, settings: Any, arguments: argparse.Namespace) -> None:
    from . import discovery
    from .addresses import is_loopback

    print(f"Mattebrush listens at {url}; Ctrl-C stops it.")
    print(f"Address and token for scripts and plug-ins: {discovery.folder()}")
    if not is_loopback(settings.host):
        print(
            f"mattebrush: warning: other machines can reach this server at {settings.host}, and "
            "traffic is not encrypted. Whoever has the token can use it.",
            file=sys.stderr,
        )


def _page(arguments: argparse.Namespace) -> int:
    import json
    import urllib.request

    from . import discovery

    for note in discovery.running():
        request = urllib.request.Request(
            f"{note['url']}/v1/links",
            method="POST",
            headers={"Authorization": f"Bearer {note['token']}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                link = f"{note['url']}/{json.load(response)['fragment']}"
        except OSError:
            continue
        if arguments.print:
            print(link)
        else:
            starting.open_link(link)
            print("The page opens in the browser. If it does not: mattebrush page --print")
        return 0
    raise OptionInvalid("No server is running on this machine.", "Start one: mattebrush serve")
