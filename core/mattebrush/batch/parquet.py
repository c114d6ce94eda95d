# SPDX-License-Identifier: Apache-2.0
"""The manifest as a Parquet table, for tools that read tables. The JSON lines stay the record."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any

from .. import extras
from ..errors import OptionInvalid

ENDING = ".parquet"

_TEXTS = ("key", "source", "member", "output", "sha256", "settings", "model", "matting", "device")
_DECISIONS = ("error", "code", "review")


def require() -> None:
    """Sees to it that the package is there, before any work is done.

    Raises
    ------
    OptionInvalid
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as missing:
        raise OptionInvalid(
            "A manifest as Parquet needs a further package.", extras.advice("parquet", "pyarrow")
        ) from missing


def table(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """A Parquet file's bytes.

    Parameters
    ----------
    rows : Iterable[Mapping[str, Any]]
        A manifest's lines. What one lacks is null there; columns are the same for every batch.

    Returns
    -------
    bytes
    """
    import pyarrow
    import pyarrow.parquet

    whole = pyarrow.list_(pyarrow.int64())
    schema = pyarrow.schema(
        [
            *((name, pyarrow.string()) for name in _TEXTS),
            ("certainty", pyarrow.float64()),
            ("share", pyarrow.float64()),
            ("box", whole),
            ("size", whole),
            ("seconds", pyarrow.float64()),
            ("warnings", pyarrow.list_(pyarrow.string())),
            *((name, pyarrow.string()) for name in _DECISIONS),
        ]
    )
    buffer = io.BytesIO()
    columns = pyarrow.Table.from_pylist([dict(row) for row in rows], schema=schema)
    pyarrow.parquet.write_table(columns, buffer)
    return buffer.getvalue()
