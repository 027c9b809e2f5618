"""Texts to prove a conversion on: whatever the example holds, letters beyond a-z are among them."""

from __future__ import annotations

import unicodedata

import numpy as np
from numpy.typing import NDArray

TEXTS = (
    *("", " ", "\t\n", "\u00a0", "\u200b", "a", "I", "é", "ß", "я", "猫", "7", "_", "-", "...", "!?", "a b c"),
    *(
        "café",
        "CAFÉ",
        "cafe\u0301",
        "Straße",
        "STRASSE",
        "ẞ",
        "naïve",
        "Ünïcödé",
        "ﬁnd",
        "İstanbul",
        "ılık",
        "ὈΔΥΣΣΕΎΣ",
    ),
    *("дом", "ДОМ и сад", "日本語 テキスト", "한국어", "مرحبا", "नमस्ते", "🙂", "👩‍👩‍👧 ok", "ＦＵＬＬ１２"),
    *(
        "42",
        "3.14",
        "1e5",
        "1,000",
        "-1",
        "2026-01-31",
        "٤٢",
        "snake_case",
        "don't",
        "e-mail",
        "a.b@c.de",
        "C++",
        "UPPER",
    ),
    *("None", "nan", "NaN", "null", "NULL", "True", "unheard of", "a\x00b", "tab\there", "line\nbreak", "x" * 3000),
)
_MORE = 64


def texts(rng: np.random.Generator, words: list[str], count: int) -> NDArray[np.object_]:
    """Draw `count` texts: those above, and sentences of them and of the model's own `words`, changed in spelling.

    Every text of `TEXTS` is among them where `count` has room for it.
    """
    own = [words[index] for index in rng.permutation(len(words))[:_MORE]] or ["word"]
    spelled = [change for word in own for change in spellings(word)]
    pool = [*own, *own, *spelled, *(text for text in TEXTS if len(text) < 100)]
    drawn = np.empty(count, dtype=object)
    singles = [*TEXTS, *(spelled[index] for index in rng.permutation(len(spelled)))][: count // 2]
    sentences = [
        " ".join(pool[index] for index in rng.integers(len(pool), size=rng.integers(1, 9)))
        for _ in range(count - len(singles))
    ]
    drawn[:] = [*singles, *sentences]
    return drawn


def spellings(word: str) -> list[str]:
    """What a converter's idea of a word may take for `word`, and a model's doesn't, or the other way round."""
    plain = unicodedata.normalize("NFKD", word)
    stripped = "".join(letter for letter in plain if not unicodedata.combining(letter))
    beside = [f"{word}{end}" for end in ("é", "ß", "猫", "я", "1", "_x", "-x", "'s", ".", "\u0301")]
    return [word.upper(), word.title(), word.swapcase(), plain, stripped, f"é{word}", f" {word} ", *beside]
