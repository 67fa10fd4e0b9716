"""What scikit-learn reaches on a data set: the best linear and neural model, and the best of any kind."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from scipy.signal import spectrogram
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler
from sklearn.svm import SVC, SVR

from benchmarks.datasets import LOADERS, Arrays

MOST_NUMBERS = 1_000_000
"""Of a training part that boosted trees are given: they take minutes for more."""

RATE = 8_000
"""Samples a second of the sounds."""

CLASSIFIERS: Mapping[str, Callable[[], Any]] = {
    "logistic regression": lambda: LogisticRegression(max_iter=500),
    "ridge": RidgeClassifier,
    "dense net": lambda: MLPClassifier(max_iter=200, random_state=0),
    "nearest neighbours": lambda: KNeighborsClassifier(3),
    "support vectors": lambda: SVC(C=10),
    "extra trees": lambda: ExtraTreesClassifier(300, random_state=0, n_jobs=2),
    "boosted trees": lambda: HistGradientBoostingClassifier(random_state=0),
}
REGRESSORS: Mapping[str, Callable[[], Any]] = {
    "ridge": Ridge,
    "dense net": lambda: MLPRegressor(max_iter=2_000, random_state=0),
    "support vectors": lambda: SVR(C=100),
    "random forest": lambda: RandomForestRegressor(300, random_state=0, n_jobs=2),
    "boosted trees": lambda: HistGradientBoostingRegressor(random_state=0),
}
SIMPLE = ("logistic regression", "ridge", "dense net")
"""Linear and neural ones."""


def measured(name: str) -> dict[str, float]:
    """Return the test score of each model: accuracy for classes, the root of the mean square for numbers.

    Args:
        name: A key of `datasets.LOADERS`.
    """
    train, tests = LOADERS[name]()
    return dict(_scores(name, train, tests))


def best(scores: Mapping[str, float], names: tuple[str, ...], lowest: bool) -> tuple[str, float]:
    """Return the best of some models, and its score."""
    found = {name: score for name, score in scores.items() if name in names}
    chosen = (min if lowest else max)(found, key=found.__getitem__)
    return chosen, found[chosen]


def _scores(name: str, train: Arrays, tests: Arrays) -> Iterator[tuple[str, float]]:
    number, text = name.startswith("reg"), name.startswith("text")
    (x, y), (x_test, y_test) = [(_flat(name, x), y) for x, y in (train, tests)]
    for model, make in (REGRESSORS if number else CLASSIFIERS).items():
        if model == "boosted trees" and (text or x.size > MOST_NUMBERS):
            continue
        steps = [TfidfVectorizer(sublinear_tf=True)] if text else [_scaler(name)]
        fitted = make_pipeline(*steps, make()).fit(x, y)
        if number:
            yield model, float(np.sqrt(np.mean((fitted.predict(x_test) - y_test) ** 2)))
        else:
            yield model, float(fitted.score(x_test, y_test))


def _scaler(name: str) -> Any:
    return MaxAbsScaler() if name.startswith("img") else StandardScaler()


def _flat(name: str, x: np.ndarray) -> np.ndarray:
    """Return a row of numbers an example: of raw sound, how loud 32 bands are in each of 30 moments."""
    if name == "audio_espeak_digits":
        loud = spectrogram(x, RATE, nperseg=256, noverlap=0)[2][:, :128]
        bands = np.log(loud.reshape(len(x), 32, 4, -1).mean(axis=2) + 1e-9)
        return bands.reshape(len(x), -1)
    return x if x.dtype == object else x.reshape(len(x), -1)
