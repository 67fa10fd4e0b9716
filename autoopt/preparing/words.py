"""Which words of some texts are worth knowing: those of more than one text, the most frequent first."""

import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from autoopt.schema import Stored

PUNCTUATION = string.punctuation.encode()
BATCH = 256
"""Texts that are counted at once: one number for each of them and each word."""

SAMPLE = 200_000
"""Texts that words are learnt from where the texts stay in their files."""

MOST_LETTERS = 2**26
"""Of all these together."""


def counted(text: str) -> int:
    """Return how many words Keras's layer finds in a text: what stands between spaces, punctuation left out."""
    return len(text.encode(errors="surrogatepass").translate(None, PUNCTUATION).split())


@dataclass(frozen=True)
class Vocabulary:
    """Words, and how much is known by each.

    Attributes:
        words: The most frequent first.
        weights: How rare each is, log(1 + n / (1 + d)) of n texts of which d have it, as Keras has it; the first is of
            words that are not known.
        length: How many words all but the longest of the texts have.
    """

    words: tuple[str, ...]
    weights: tuple[float, ...]
    length: int


def vocabulary(texts: Sequence[str] | np.ndarray, most: int, share: float = 0.95) -> Vocabulary:
    """Return the words of some texts.

    Args:
        texts: Those that train.
        most: How many words are kept.
        share: Of the texts, that are no longer than `length`.
    """
    given = [str(text) for text in texts]
    learnt = keras.layers.TextVectorization(max_tokens=most + 2)
    learnt.adapt(given)
    words = [word for word in learnt.get_vocabulary(include_special_tokens=False) if word]
    if not words:
        return Vocabulary((), (), 0)
    counted = keras.layers.TextVectorization(output_mode="count", vocabulary=words)
    texts_with, lengths = np.zeros(len(words) + 1), []
    for at in range(0, len(given), BATCH):
        counts = np.asarray(counted(given[at : at + BATCH]))
        texts_with += (counts > 0).sum(axis=0)
        lengths.append(counts.sum(axis=1))
    # What one text alone has tells nothing of another one.
    kept = [at for at in range(len(words)) if texts_with[at + 1] > 1] or list(range(len(words)))
    rarity = np.log(1 + len(given) / (1 + texts_with[[0, *(at + 1 for at in kept)]]))
    length = int(np.ceil(np.quantile(np.concatenate(lengths), share)))
    return Vocabulary(tuple(words[at] for at in kept), tuple(map(float, rarity)), length)


def looked_at(values: Any, rows: np.ndarray) -> np.ndarray:
    """Return the texts that words are learnt from: all of some rows, or a sample where they stay in their files."""
    if not isinstance(values, Stored):
        return np.asarray(values[rows])
    drawn = np.random.default_rng(0).permutation(rows)[:SAMPLE]
    found: list[np.ndarray] = []
    letters = 0
    for at in range(0, len(drawn), BATCH):
        found.append(np.asarray(values[drawn[at : at + BATCH]]))
        letters += sum(map(len, found[-1]))
        if letters > MOST_LETTERS:
            break
    return np.concatenate(found)
