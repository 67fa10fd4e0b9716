"""Starters as they are, on data sets of each kind: trained for a while, beside scikit-learn's linear and dense baselines."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import keras
import keras_tuner
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

from autoopt import starters
from autoopt.prepared import Outputs
from autoopt.preparing import Preparation
from autoopt.schema import Column, Modality, Raw, Schema
from benchmarks.datasets import LOADERS

MODALITIES: Mapping[str, Modality] = {
    "tab": "table",
    "reg": "table",
    "img": "image",
    "text": "text",
    "ts": "sequence",
    "gen": "sequence",
    "audio": "audio",
}
"""What the first part of a data set's name says of it."""

OTHERS: Mapping[str, Modality] = {
    "gen_khan": "table",
    "audio_vowel": "table",
    "audio_japanese_vowels": "sequence",
}
"""Data sets that hold features of what their name says."""

RATE = 8_000
"""Samples a second of the sounds."""

MOST_NUMBERS = 1_000_000
"""Of a training part that scikit-learn's dense net is given: it takes minutes for more."""


def measured(name: str, seeds: Sequence[int], epochs: int) -> Iterator[dict]:
    """Yield one row a seed: test scores, accuracy for classes and the root of the mean square for numbers.

    Args:
        name: A key of `datasets.LOADERS`.
        seeds: One training each, on a cut of its own.
        epochs: Most epochs; the weights of the best one by the validation part are tested.
    """
    (x, y), (x_test, y_test) = LOADERS[name]()
    whole, tests = _raw(name, x, y), _raw(name, x_test, y_test)
    linear, dense = _baselines(whole, tests)
    for seed in seeds:
        trained = _trained(whole, tests, seed, epochs)
        yield {"data": name, "seed": seed, **trained, "linear": linear, "dense": dense}


def _raw(name: str, x: np.ndarray, y: np.ndarray) -> Raw:
    """Return a data set as rows as they would be read of a file."""
    modality = OTHERS.get(name, MODALITIES[name.partition("_")[0]])
    if modality == "image":
        x = (255 * x).round().astype("uint8")
    task = "regression" if name.startswith("reg") else "binary" if y.max() == 1 else "multiclass"
    classes = () if task == "regression" else tuple(map(str, range(int(y.max()) + 1)))
    if modality != "table":
        columns = (Column("x", "text" if modality == "text" else "number"),)
        return Raw(
            Schema(modality, task, columns, classes=classes, shape=x.shape[1:], rate=RATE), {"x": x}, y
        )
    columns = tuple(Column(f"x{at}", "number") for at in range(x.shape[1]))
    return Raw(
        Schema(modality, task, columns, classes=classes), {f"x{at}": x[:, at] for at in range(x.shape[1])}, y
    )


def _trained(whole: Raw, tests: Raw, seed: int, epochs: int) -> dict:
    keras.utils.set_random_seed(seed)
    number = whole.schema.task == "regression"
    train, validate = train_test_split(
        np.arange(whole.n), test_size=0.2, random_state=seed, stratify=None if number else whole.y
    )
    preparation = Preparation.fit(whole, train)
    parts = [(preparation.arrays(part), part.y) for part in (whole.take(train), whole.take(validate), tests)]
    name = starters.FITTING[whole.schema.modality]
    model = starters.named(name, preparation.inputs, Outputs.of(whole.schema, whole.y[train]))(
        keras_tuner.HyperParameters()
    )
    best = keras.callbacks.EarlyStopping("val_loss", patience=epochs, restore_best_weights=True)
    run = model.fit(*parts[0], validation_data=parts[1], epochs=epochs, verbose=0, callbacks=[best])
    losses = run.history["val_loss"]
    return {
        "starter": name,
        "parameters": model.count_params(),
        "best epoch": int(np.argmin(losses)) + 1,
        "validation": _score(model, *parts[1], number),
        "test": _score(model, *parts[2], number),
    }


def _score(model: keras.Model, x: object, y: np.ndarray, number: bool) -> float:
    loss, accuracy = model.evaluate(x, y, verbose=0)
    return float(np.sqrt(loss)) if number else float(accuracy)


def _baselines(whole: Raw, tests: Raw) -> tuple[float, float | None]:
    """Return the test scores of a linear model and of a dense net; None where that would take too long."""
    number = whole.schema.task == "regression"
    if whole.schema.modality == "text":
        scaling, linear = partial(TfidfVectorizer, sublinear_tf=True), LogisticRegression(max_iter=500, C=10)
        return _fitted(scaling, linear, whole, tests), None
    scaling = MaxAbsScaler if whole.schema.modality == "image" else StandardScaler
    linear = Ridge() if number else LogisticRegression(max_iter=300)
    kind = MLPRegressor if number else MLPClassifier
    small = _flat(whole).size <= MOST_NUMBERS
    dense = kind(hidden_layer_sizes=(100,), max_iter=200, random_state=0) if small else None
    return _fitted(scaling, linear, whole, tests), dense and _fitted(scaling, dense, whole, tests)


def _fitted(scaling: Callable[[], object], model: object, whole: Raw, tests: Raw) -> float:
    fitted = make_pipeline(scaling(), model).fit(_flat(whole), whole.y)
    if whole.schema.task == "regression":
        return float(np.sqrt(np.mean((fitted.predict(_flat(tests)) - tests.y) ** 2)))
    return float(fitted.score(_flat(tests), tests.y))


def _flat(raw: Raw) -> np.ndarray:
    if raw.schema.modality == "text":
        return np.array(list(map(str, raw.x["x"])))
    return np.column_stack([values.reshape(raw.n, -1) for values in raw.x.values()])
