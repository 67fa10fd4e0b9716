"""Fingerprints: what tells that a run that goes on has the data and the model that it was begun with."""

import functools
import hashlib
import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
import numpy as np

from autoopt.data import Dataset, Part, Stream
from autoopt.hypermodel import AutoHyperModel

MOST_BYTES = 2**28
"""Of an array that are looked at; of a larger one evenly spaced rows."""

PASSING = frozenset({"name", "build_config", "seed", "shared_object_id"})
"""What differs between two builds of one model."""

HOW_IT_RUNS = ("jit_compile", "run_eagerly", "steps_per_execution")
"""Arguments of `compile` that change no result; what they are by default differs between backends."""


@dataclass(frozen=True)
class Fingerprint:
    """What a run is made of, a short text each; empty where that cannot be known.

    Attributes:
        train: The rows that train.
        validation: Those that validate.
        test: Those of the test part.
        code: Source of the model function.
        model: Layers, optimizer, loss and metrics of the user's own model.
    """

    train: str
    validation: str
    test: str
    code: str
    model: str

    @classmethod
    def of(cls, model_fn: Any, hypermodel: AutoHyperModel, dataset: Dataset) -> "Fingerprint":
        """Return that of a model function, as a hypermodel has read it, and of data without class weights."""
        train, validation, test = map(_of_part, (dataset.train, dataset.validation, dataset.test))
        return cls(train, validation, test, _of_code(model_fn), _of_model(hypermodel))

    @property
    def scored_on(self) -> str:
        """One text for all that a score depends on, the test part left out."""
        return _short(json.dumps([self.train, self.validation, self.code, self.model]))


def _of_part(part: Part | Stream | None) -> str:
    """Return a text for what a part holds; of one that is read batch by batch, for its shapes alone."""
    if part is None:
        return ""
    seen = part if isinstance(part, Part) else part.first()
    found = hashlib.blake2b(digest_size=16)
    structure = keras.tree.map_structure(lambda array: None, (seen.x, seen.y, seen.sample_weight))
    found.update(f"{structure} {part.n}".encode())
    for array in keras.tree.flatten((seen.x, seen.y, seen.sample_weight)):
        found.update(f"{getattr(array, 'dtype', '')} {np.shape(array)[1:]}".encode())
        if isinstance(part, Part) and array is not None:
            found.update(_bytes(np.asarray(array)))
    return found.hexdigest()


def _bytes(array: np.ndarray[Any, Any]) -> Any:
    """Return the content of an array, of a large one that of evenly spaced rows."""
    if array.nbytes > MOST_BYTES:
        rows = max(1, len(array) * MOST_BYTES // array.nbytes)
        array = array[np.linspace(0, len(array) - 1, rows).astype(int)]
    if array.dtype.hasobject:
        return repr(array.tolist()).encode()
    return np.ascontiguousarray(array).view(np.uint8).reshape(-1).data


def _of_code(model_fn: Any) -> str:
    while isinstance(model_fn, functools.partial):
        model_fn = model_fn.func
    kind = type(model_fn) if isinstance(model_fn, keras_tuner.HyperModel) else model_fn
    try:
        return _short(inspect.getsource(kind))
    except (OSError, TypeError):  # typed at a prompt, or a model and no function
        return ""


def _of_model(hypermodel: AutoHyperModel) -> str:
    reading = hypermodel.reading()
    template, optimizer = reading.origin.template, reading.origin.optimizer
    layers = reading.outline if template.config is None else template.config
    compiled = {
        name: value for name, value in reading.compilation.arguments.items() if name not in HOW_IT_RUNS
    }
    told = [layers, optimizer.algorithm, optimizer.learning_rate, dict(optimizer.config), compiled]
    return _short(json.dumps(_plain(told, _places(layers)), sort_keys=True, default=_named))


def _places(config: Any) -> Mapping[str, str]:
    """Return a text for each layer's name that is the same in every build: which one of all it is."""
    names: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, Mapping):
            if isinstance(value.get("name"), str):
                names.append(value["name"])
            value = list(value.values())
        for part in value if isinstance(value, list | tuple) else ():
            walk(part)

    walk(config)
    return {name: f"layer {at}" for at, name in enumerate(dict.fromkeys(names))}


def _plain(value: Any, places: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part, places) for key, part in value.items() if key not in PASSING}
    if isinstance(value, list | tuple):
        return [_plain(part, places) for part in value]
    if hasattr(value, "get_config") and not isinstance(value, type):
        return [type(value).__name__, _plain(value.get_config(), places)]
    if isinstance(value, float):  # backends give the same rate in other precisions
        return float(f"{value:.6g}")
    return places.get(value, value) if isinstance(value, str) else value


def _named(value: Any) -> str:
    """Return what an object is called that JSON does not know."""
    return str(getattr(value, "__name__", type(value).__name__))


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
