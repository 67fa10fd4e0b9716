"""What surgery can do with the models of `keras.applications`: every edit is built, run, saved and read back."""

import inspect
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from autoopt import surgery

WIDTHS = (0.5, 1.0, 2.0)


@dataclass(frozen=True)
class Found:
    """What came of one model.

    Attributes:
        name: Of its function in `keras.applications`.
        parameters: As written.
        open_groups: How many width groups of Dense and convolutional layers may change.
        groups: How many there are.
        stages: How many may change in depth.
        built: Draws that built, ran, kept the outputs' shapes and survived saving.
        different: Draws with another number of parameters.
        failures: What went wrong, one line a draw.
        seconds_building: Keras's own build.
        seconds_reading: Finding the space, and drawing one model of it.
    """

    name: str
    parameters: int
    open_groups: int
    groups: int
    stages: int
    built: int
    different: int
    failures: tuple[str, ...]
    seconds_building: float
    seconds_reading: float


def names() -> list[str]:
    """Return the names of all models of `keras.applications`."""
    return [name for name, value in inspect.getmembers(keras.applications, inspect.isfunction)]


def make(name: str) -> keras.Model:
    """Return a model without weights, at the smallest input that it takes."""
    function = getattr(keras.applications, name)
    for size in (32, 71, 75, 96, 224, 331):
        try:
            return function(weights=None, input_shape=(size, size, 3), classes=10)
        except ValueError:
            continue
    return function(weights=None, classes=10)


def edits(template: surgery.Template, chance: random.Random) -> surgery.Edits:
    """Draw a depth and a width for every stage."""
    return surgery.Edits(
        depth={
            stage.name: chance.randint(stage.min_depth, min(stage.max_depth, stage.depth + 1))
            for stage in template.stages
        },
        width={stage.name: chance.choice(WIDTHS) for stage in template.stages if stage.open_width},
    )


def tried(name: str, draws: int, seed: int = 0) -> Found:
    """Draw models from the space of an application, and put each through its paces."""
    keras.utils.set_random_seed(seed)
    started = time.perf_counter()
    model = make(name)
    built = time.perf_counter()
    template = surgery.read(model)
    chance = random.Random(seed)
    drawn = [edits(template, chance) for _ in range(draws)]
    failures, different = [], 0
    first = None
    for each in drawn:
        try:
            edited = surgery.rebuild(template, each)
            first = first or time.perf_counter()
            _run(model, edited)
            different += edited.count_params() != model.count_params()
        except Exception as error:
            first = first or time.perf_counter()
            failures.append(f"{type(error).__name__}: {str(error).strip().splitlines()[0]}")
    found = surgery.survey(template)
    return Found(
        name, model.count_params(), found.open_widths, found.widths,
        sum(stage.min_depth < stage.max_depth for stage in template.stages),
        draws - len(failures), different, tuple(failures), built - started, (first or built) - built,
    )  # fmt: skip


def _run(written: keras.Model, edited: keras.Model) -> None:
    """Run an edited model on a batch, save it and read it back.

    Raises:
        RuntimeError: It is not what it should be.
    """
    batch = np.random.default_rng(0).random((2, *written.input_shape[1:]), "float32")
    outputs = np.asarray(edited(batch, training=False))
    if edited.input_shape != written.input_shape or outputs.shape[1:] != tuple(written.output_shape[1:]):
        raise RuntimeError(f"shapes {edited.input_shape} and {outputs.shape}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "edited.keras")
        edited.save(path)
        again = np.asarray(keras.models.load_model(path)(batch, training=False))
    if not np.array_equal(again, outputs, equal_nan=True):
        raise RuntimeError("it computes something else when it is read back")
