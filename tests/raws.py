"""A few random rows of each kind of data, as they are read of files."""

from typing import Any

import numpy as np

from autoopt.schema import Column, Modality, Raw, Schema, Task

MODALITIES: tuple[Modality, ...] = ("table", "image", "text", "audio", "sequence")
TASKS: tuple[Task, ...] = ("binary", "multiclass", "multilabel", "regression", "counts")

CLASSES = {"binary": ("no", "yes"), "multiclass": ("a", "b", "c"), "multilabel": ("p", "q", "r")}


def raw(modality: Modality, task: Task = "multiclass", n: int = 32, seed: int = 0) -> Raw:
    """Return random rows with labels."""
    random = np.random.default_rng(seed)
    columns, x, more = _inputs(modality, n, random)
    schema = Schema(modality, task, columns, classes=CLASSES.get(task, ()), **more)
    return Raw(schema, x, labels(task, n, random))


def labels(task: Task, n: int, random: np.random.Generator) -> np.ndarray:
    """Return random labels of a task."""
    if task == "multilabel":
        return random.integers(0, 2, (n, 3)).astype("float32")
    if task == "regression":
        return (1e5 + 2e4 * random.normal(size=n)).astype("float32")
    if task == "counts":
        return random.poisson(40, n).astype("float32")
    return random.permutation(np.arange(n) % len(CLASSES[task]))


def _inputs(modality: Modality, n: int, random: np.random.Generator) -> Any:
    if modality == "table":
        return _table(n, random)
    if modality == "image":
        pixels = random.integers(0, 256, (n, 16, 16, 1)).astype("uint8")
        return (Column("image", "number"),), {"image": pixels}, {"shape": (16, 16, 1)}
    if modality == "text":
        texts = _words(["the cat sat", "a dog ran off", "the dog, again!", "cat and dog"], n, random)
        return (Column("text", "text"),), {"text": texts}, {}
    if modality == "audio":
        samples = random.uniform(-1, 1, (n, 800)).astype("float32")
        return (Column("sound", "number"),), {"sound": samples}, {"shape": (800,), "rate": 8_000}
    bases = _words(["".join(random.choice(list("ACGTN"), 20)) for _ in range(8)], n, random)
    return (Column("bases", "text"),), {"bases": bases}, {"alphabet": "ACGT"}


def _table(n: int, random: np.random.Generator) -> Any:
    columns = (
        Column("m/s", "number"),
        Column("day", "date"),
        Column("city", "category"),
        Column("sex", "category"),
        Column("note", "text"),
    )
    x = {
        "m/s": random.normal(size=n).astype("float32"),
        "day": random.uniform(1.6e9, 1.7e9, n).astype("float32"),
        "city": _words(["Oslo", "Rome", "New\nYork", ""], n, random),
        "sex": _words(["f", "m"], n, random),
        "note": _words(["good and cheap", "good", "cheap, bad", ""], n, random),
    }
    x["day"][::5] = np.nan
    return columns, x, {}


def _words(values: list[str], n: int, random: np.random.Generator) -> np.ndarray:
    return np.array([values[at] for at in random.integers(0, len(values), n)], object)
