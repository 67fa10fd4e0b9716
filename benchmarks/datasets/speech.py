"""Speech: what was measured of it, and digits that eSpeak NG says."""

import multiprocessing
from collections.abc import Sequence

import numpy as np

from benchmarks.datasets.cut import Arrays
from benchmarks.datasets.package import aeon, keel, located

TRAIN_VOICES = [
    "m1",
    "m2",
    "m3",
    "m4",
    "m5",
    "m6",
    "f1",
    "f2",
    "f3",
    "Alex",
    "Alicia",
    "Andy",
    "Annie",
    "Denis",
    "Diogo",
    "Gene",
    "Hugo",
    "Jacky",
    "Lee",
    "Marco",
    "Michael",
    "Mike",
    "adam",
    "anika",
    "antonio",
    "belinda",
    "benjamin",
    "boris",
    "caleb",
    "david",
    "edward",
    "grandma",
    "gustave",
    "ian",
    "iven",
    "john",
    "klatt",
    "klatt2",
    "linda",
    "max",
]
TEST_VOICES = [
    "m7",
    "m8",
    "f4",
    "f5",
    "Andrea",
    "Mario",
    "Reed",
    "aunty",
    "grandpa",
    "klatt4",
    "michel",
    "miguel",
    "pablo",
    "steph",
    "victor",
]


def audio_vowel() -> tuple[Arrays, Arrays]:
    """Return Deterding's spoken vowels: 10 log-area ratios, 11 vowels; 8 speakers train, 7 others test."""
    values = keel("vowel").to_numpy("float64")
    x, y, tests = values[:, 3:13].astype("float32"), values[:, 13].astype("int64"), values[:, 0] == 1
    return (x[~tests], y[~tests]), (x[tests], y[tests])


def audio_japanese_vowels() -> tuple[Arrays, Arrays]:
    """Return which of 9 men says /ae/: 25 frames of 12 cepstra, zeros at the end; 270 and 370 as published."""
    return aeon("JapaneseVowels", "JapaneseVowels_eq")


def audio_espeak_digits() -> tuple[Arrays, Arrays]:
    """Return zero to nine as eSpeak NG says them: a second of 8,000 samples, with noise; 6 accents of English.

    40 voices train, 15 others test; rate, pitch and place in the second are drawn.
    """
    located("espeakng_loader")
    parts = [_said(TRAIN_VOICES, 0), _said(TEST_VOICES, 1)]
    train, tests = (
        (x[order], y[order]) for x, y in parts for order in [np.random.RandomState(2).permutation(len(y))]
    )
    return train, tests


def _said(voices: Sequence[str], seed: int) -> Arrays:
    # eSpeak carries something over between calls: in a fresh process a fixed order gives the same samples every time.
    from benchmarks.datasets.espeak import said

    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(said, (voices, seed))
