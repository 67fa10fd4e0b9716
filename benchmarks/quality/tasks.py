"""The tasks: data in three fixed parts, the plain model that a user has, and the peers' space.

All tuners learn from the same training part and compare on the same validation part; nobody is handed the test part.
"""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import keras_tuner
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from benchmarks import datasets
from benchmarks.quality import spaces
from benchmarks.runs import example

L = keras.layers
Arrays = datasets.Arrays
WORDS = 2_000
"""Most columns of the text."""


@dataclass(frozen=True)
class Task:
    """One task, the same for every tuner.

    Attributes:
        model_fn: The plain model, compiled.
        peers: The joint space of whoever needs one.
        train: `(x, y)`.
        validation: Likewise; trials are compared on it.
        test: Likewise; the benchmark looks at it once.
        epochs: Most epochs a trial.
    """

    model_fn: Callable[[], keras.Model]
    peers: keras_tuner.HyperModel
    train: Arrays
    validation: Arrays
    test: Arrays
    epochs: int


def ts_mnist1d(epochs: int | None = None) -> Task:
    """Return MNIST-1D as its package makes it, from the paper's three convolutions of 25 filters."""
    defined = example("mnist1d")
    return _task(
        (defined.data(), defined.module.test_data), _written(defined.model_fn), spaces.sequences, epochs or 60
    )


def img_optdigits(epochs: int | None = None) -> Task:
    """Return digits of 8 × 8 pixels, from two small convolutions."""

    def model_fn() -> keras.Model:
        return keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                L.Conv2D(16, 3, activation="relu"),
                L.Conv2D(16, 3, activation="relu"),
                L.Flatten(),
                L.Dense(10, activation="softmax"),
            ]
        )

    return _task(datasets.img_optdigits(), _written(model_fn), spaces.images, epochs)


def tab_satimage(epochs: int | None = None) -> Task:
    """Return the satellite's table, standardised, from a net of 64 hidden units."""
    return _task(datasets.tab_satimage(), _two_layers(36, 6), spaces.dense, epochs, _standardised)


def audio_vowel(epochs: int | None = None) -> Task:
    """Return spoken vowels, standardised, from a net of 64 hidden units; other speakers test."""
    return _task(datasets.audio_vowel(), _two_layers(10, 11), spaces.dense, epochs, _standardised)


def gen_splice(epochs: int | None = None) -> Task:
    """Return splice junctions, 60 one-hot bases, from one convolution."""

    def model_fn() -> keras.Model:
        return keras.Sequential(
            [
                keras.Input((60, 4)),
                L.Conv1D(32, 5, activation="relu"),
                L.MaxPooling1D(2),
                L.Flatten(),
                L.Dense(3, activation="softmax"),
            ]
        )

    return _task(datasets.gen_splice(), _written(model_fn), spaces.sequences, epochs)


def text_bbc(epochs: int | None = None) -> Task:
    """Return news articles as TF-IDF of 2,000 words, from a net of 64 hidden units."""
    return _task(datasets.text_bbc(), _two_layers(WORDS, 5), spaces.dense, epochs, _weighted_words)


TASKS: dict[str, Callable[[int | None], Task]] = {
    make.__name__: make
    for make in (ts_mnist1d, img_optdigits, tab_satimage, audio_vowel, gen_splice, text_bbc)
}

Prepare = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, ...]]
"""Training, validation and test part as nets take them; what is learnt for that is learnt from the first."""


def _as_they_are(*parts: np.ndarray) -> tuple[np.ndarray, ...]:
    return parts


def _standardised(*parts: np.ndarray) -> tuple[np.ndarray, ...]:
    scaler = StandardScaler().fit(parts[0])
    return tuple(scaler.transform(part).astype("float32") for part in parts)


def _weighted_words(*parts: np.ndarray) -> tuple[np.ndarray, ...]:
    words = TfidfVectorizer(max_features=WORDS, stop_words="english", sublinear_tf=True).fit(parts[0])
    return tuple(words.transform(part).toarray().astype("float32") for part in parts)


def _task(
    data: tuple[Arrays, Arrays],
    model_fn: Callable[[], keras.Model],
    space: Callable,
    epochs: int | None,
    prepare: Prepare = _as_they_are,
) -> Task:
    (x, y), (x_test, y_test) = data
    x, x_validation, y, y_validation = train_test_split(x, y, test_size=0.2, random_state=0, stratify=y)
    x, x_validation, x_test = prepare(x, x_validation, x_test)
    shape, classes = x.shape[1:], int(y.max()) + 1
    net = space(shape[0] if len(shape) == 1 else shape, classes)
    most = epochs or 50
    return Task(
        model_fn,
        spaces.Joint(net, len(x), most),
        (x, y),
        (x_validation, y_validation),
        (x_test, y_test),
        most,
    )


def _two_layers(inputs: int, classes: int) -> Callable[[], keras.Model]:
    def model_fn() -> keras.Model:
        layers = [keras.Input((inputs,)), L.Dense(64, activation="relu")]
        return keras.Sequential([*layers, L.Dense(classes, activation="softmax")])

    return _written(model_fn)


def _written(model_fn: Callable[[], keras.Model]) -> Callable[[], keras.Model]:
    """Return a function whose model is compiled as most are."""

    def compiled() -> keras.Model:
        model = model_fn()
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    return compiled
