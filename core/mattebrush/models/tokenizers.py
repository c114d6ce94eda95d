# SPDX-License-Identifier: Apache-2.0
"""Words into the numbers that text networks take: BERT's WordPiece and CLIP's byte pairs.

Ours, since both are a screen each, and the libraries that have them bring a client of a model hub
along. Devlin et al., "BERT", NAACL 2019; Sennrich et al., "Neural Machine Translation of Rare Words
with Subword Units", ACL 2016; Radford et al., "CLIP", ICML 2021. The vocabulary is a file of the
model: `tokenizer.json` as published beside it, BERT's `vocab.txt`, or CLIP's list of merges.
"""

from __future__ import annotations

import functools
import gzip
import itertools
import json
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import ModelInvalid

_LARGEST = 32 << 20
"""Bytes of a vocabulary at most: the ones in use have one to three megabytes."""

_LONGEST_WORD = 100
"""Longer words are unknown, as in BERT."""


class WordPiece:
    """BERT's, of text in lower case without accents.

    vocabulary: number by piece; pieces inside a word begin with "##".

    Raises ModelInvalid where [CLS], [SEP] or [UNK] are missing.
    """

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self._vocabulary = vocabulary
        self.first, self.last, self._unknown = (
            _number(vocabulary, name) for name in ("[CLS]", "[SEP]", "[UNK]")
        )

    def numbers(self, text: str) -> list[int]:
        """The numbers of a text, without those that begin and end it.

        Parameters
        ----------
        text
            Any.

        Returns
        -------
        list[int]
        """
        return [number for word in _bert_words(text) for number in self._pieces(word)]

    def _pieces(self, word: str) -> list[int]:
        """The longest known beginning, then the longest known piece of the rest, and so on."""
        if len(word) > _LONGEST_WORD:
            return [self._unknown]
        out, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if piece in self._vocabulary:
                    break
            else:
                return [self._unknown]
            out.append(self._vocabulary[piece])
            start = end
        return out


class BytePairs:
    """CLIP's, of text in lower case.

    vocabulary: number by piece; the last piece of a word ends in "</w>". merges: pairs of pieces,
    those to be joined first first.

    Raises ModelInvalid where the marks of beginning and end are missing.
    """

    def __init__(self, vocabulary: Mapping[str, int], merges: list[tuple[str, str]]) -> None:
        self._vocabulary = vocabulary
        self._ranks = {pair: rank for rank, pair in enumerate(merges)}
        self.first = _number(vocabulary, "<|startoftext|>")
        self.last = _number(vocabulary, "<|endoftext|>")

    def numbers(self, text: str) -> list[int]:
        """The numbers of a text, without those that begin and end it.

        Parameters
        ----------
        text
            Any.

        Returns
        -------
        list[int]
        """
        cleaned = unicodedata.normalize("NFC", text)
        out = []
        for word in _clip_words(" ".join(cleaned.lower().split())):
            seen = "".join(_letters()[byte] for byte in word.encode())
            # Every byte is in the vocabulary of itself, so no piece can be unknown.
            out += [self._vocabulary[piece] for piece in self._joined(seen)]
        return out

    def _joined(self, word: str) -> list[str]:
        pieces = [*word[:-1], f"{word[-1]}</w>"]
        never = len(self._ranks)
        while len(pieces) > 1:
            pairs = list(itertools.pairwise(pieces))
            best = min(pairs, key=lambda pair: self._ranks.get(pair, never))
            if best not in self._ranks:
                break
            joined, position = [], 0
            while position < len(pieces):
                if tuple(pieces[position : position + 2]) == best:
                    joined.append("".join(best))
                    position += 2
                else:
                    joined.append(pieces[position])
                    position += 1
            pieces = joined
        return pieces


Tokenizer = WordPiece | BytePairs


def read(path: Path) -> Tokenizer:
    """The tokenizer of a vocabulary file.

    Parameters
    ----------
    path
        A `tokenizer.json`, a `vocab.txt` with a piece a line, a JSON object of numbers by piece, or
        CLIP's list of merges, plain or gzip.

    Returns
    -------
    WordPiece or BytePairs

    Raises
    ------
    ModelInvalid
        For a file that is none of these.
    """
    try:
        data = path.read_bytes()[: _LARGEST + 1]
        if data[:2] == b"\x1f\x8b":
            with gzip.open(path) as stream:
                data = stream.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise ValueError("it is too large")
        text = data.decode("utf-8")
        return _from_json(json.loads(text)) if text.lstrip()[:1] == "{" else _from_lines(text)
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as failure:
        raise ModelInvalid(
            f"{path.name} is no vocabulary that we know: {failure}.",
            "Take the tokenizer.json that is published beside the model.",
        ) from failure


def _from_json(table: Any) -> Tokenizer:
    if "model" not in table:
        return WordPiece({piece: int(number) for piece, number in table.items()})
    model = table["model"]
    vocabulary = {piece: int(number) for piece, number in model["vocab"].items()}
    for added in table.get("added_tokens", []):
        vocabulary[added["content"]] = int(added["id"])
    if "merges" not in model:
        return WordPiece(vocabulary)
    pairs = [pair.split() if isinstance(pair, str) else pair for pair in model["merges"]]
    return BytePairs(vocabulary, [(first, second) for first, second in pairs])


def _from_lines(text: str) -> Tokenizer:
    lines = text.split("\n")
    if "[CLS]" in lines:
        return WordPiece(
            {piece.rstrip("\r"): number for number, piece in enumerate(lines) if piece}
        )
    # CLIP's: a line about the version, then a merge a line, of which the first 48,894 count; the
    # vocabulary is the bytes, the bytes that end a word, the merges, and the two marks.
    pairs = [tuple(line.split()) for line in lines[1 : 49152 - 256 - 2 + 1]]
    merges = [(pair[0], pair[1]) for pair in pairs if len(pair) == 2]
    if len(merges) < max(1, len(pairs) - 1):  # the last line may be empty
        raise ValueError("its lines are no pairs")
    letters = _ordered_letters()
    pieces = [*letters, *(f"{letter}</w>" for letter in letters), *map("".join, merges)]
    pieces += ["<|startoftext|>", "<|endoftext|>"]
    return BytePairs({piece: number for number, piece in enumerate(pieces)}, merges)


def _number(vocabulary: Mapping[str, int], piece: str) -> int:
    if piece not in vocabulary:
        raise ModelInvalid(
            f"The vocabulary lacks {piece}.",
            "Take the tokenizer.json that is published beside the model.",
        )
    return vocabulary[piece]


# ---------------------------------------------------------------- words


def _bert_words(text: str) -> Iterator[str]:
    """Words in lower case without accents; marks and Chinese characters apart."""
    word = ""
    for character in unicodedata.normalize("NFD", _bert_clean(text).lower()):
        kind = unicodedata.category(character)
        if kind == "Mn":
            continue
        if character.isspace():
            if word:
                yield word
            word = ""
        elif _is_mark(character, kind) or _is_chinese(character):
            if word:
                yield word
            yield character
            word = ""
        else:
            word += character
    if word:
        yield word


def _bert_clean(text: str) -> str:
    """Without control characters; every kind of space a plain one."""
    out = []
    for character in text:
        if character in "\t\n\r" or unicodedata.category(character) == "Zs":
            out.append(" ")
        elif character not in "\0\ufffd" and unicodedata.category(character)[0] != "C":
            out.append(character)
    return "".join(out)


def _is_mark(character: str, kind: str) -> bool:
    return kind[0] == "P" or (
        character.isascii() and character.isprintable() and not character.isalnum()
    )


def _is_chinese(character: str) -> bool:
    return any(
        low <= ord(character) <= high
        for low, high in (
            (0x4E00, 0x9FFF),
            (0x3400, 0x4DBF),
            (0x20000, 0x2A6DF),
            (0x2A700, 0x2B73F),
            (0x2B740, 0x2B81F),
            (0x2B820, 0x2CEAF),
            (0xF900, 0xFAFF),
            (0x2F800, 0x2FA1F),
        )
    )


_ENDINGS = ("'re", "'ve", "'ll", "'s", "'t", "'m", "'d")


def _clip_words(text: str) -> Iterator[str]:
    """English endings, runs of letters, single digits, runs of other marks."""
    position = 0
    while position < len(text):
        rest = text[position:]
        ending = next((end for end in _ENDINGS if rest.startswith(end)), None)
        kind = _clip_kind(text[position])
        if ending:
            word = ending
        elif kind == "digit":
            word = rest[0]
        elif kind == "space":
            position += 1
            continue
        else:
            length = 1
            while length < len(rest) and _clip_kind(rest[length]) == kind:
                length += 1
            word = rest[:length]
        yield word
        position += len(word)


def _clip_kind(character: str) -> str:
    if character.isspace():
        return "space"
    return {"L": "letter", "N": "digit"}.get(unicodedata.category(character)[0], "mark")


@functools.cache
def _letters() -> tuple[str, ...]:
    """A visible character for each byte, by which CLIP's vocabulary spells it."""
    visible = {ord(letter): letter for letter in _ordered_letters()[:188]}
    hidden = iter(range(256, 512))
    return tuple(visible[b] if b in visible else chr(next(hidden)) for b in range(256))


def _ordered_letters() -> list[str]:
    """The same in the vocabulary's order: the bytes that are visible themselves, then the rest."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return [chr(byte) for byte in visible] + [chr(256 + number) for number in range(256 - 188)]
