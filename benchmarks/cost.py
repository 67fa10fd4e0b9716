"""What a program and an epoch cost: the constants of the fixed prices by which a search weighs structures.

No clock decides what is tried; a price does. Its constants are what a clock says once, here.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from scipy.optimize import nnls

from autoopt import AutoHyperModel, Dataset
from autoopt.data import Part
from autoopt.engines import engine_named
from autoopt.pricing import A_STEP, epoch_price
from autoopt.recipe import Recipe
from autoopt.records import Logs, Objective, Trial
from autoopt.surgery import products
from autoopt.worker import Job, Worker

EXAMPLES, VALIDATION, CLASSES = 1_600, 400, 10
BATCHES = (32, 128)
IMAGE, SEQUENCE, VECTOR = (8, 8, 1), (40, 1), (64,)
L = keras.layers


def _dense(depth: int, units: int) -> Callable[[], list]:
    return lambda: [L.Dense(units, "relu") for _ in range(depth)]


def _sequence(depth: int, filters: int) -> Callable[[], list]:
    return lambda: [L.Conv1D(filters, 3, activation="relu") for _ in range(depth)] + [L.Flatten()]


def _image(depth: int, filters: int) -> Callable[[], list]:
    part = {"padding": "same", "activation": "relu"}
    return lambda: [L.Conv2D(filters, 3, **part) for _ in range(depth)] + [L.GlobalAveragePooling2D()]


NETS: dict[str, tuple[tuple[int, ...], Callable[[], list]]] = {
    "dense 1 x 32": (VECTOR, _dense(1, 32)),
    "dense 2 x 64": (VECTOR, _dense(2, 64)),
    "dense 4 x 64": (VECTOR, _dense(4, 64)),
    "dense 8 x 64": (VECTOR, _dense(8, 64)),
    "dense 2 x 256": (VECTOR, _dense(2, 256)),
    "dense 4 x 256": (VECTOR, _dense(4, 256)),
    "dense 2 x 512": (VECTOR, _dense(2, 512)),
    "conv1d 2 x 16": (SEQUENCE, _sequence(2, 16)),
    "conv1d 3 x 32": (SEQUENCE, _sequence(3, 32)),
    "conv1d 6 x 32": (SEQUENCE, _sequence(6, 32)),
    "conv2d 2 x 16": (IMAGE, _image(2, 16)),
    "conv2d 4 x 32": (IMAGE, _image(4, 32)),
    "conv2d 8 x 16": (IMAGE, _image(8, 16)),
}


@dataclass(frozen=True)
class Measured:
    """What one net took.

    Attributes:
        net: A name of `NETS`.
        layers: How many it has.
        parameters: How many weights it has.
        products: Multiplications of an example, as the price counts them.
        making: Seconds from a job to its first step: build, trace, compile; the first training of a program.
        again: Seconds that the second training of it compiles.
        epochs: Seconds of an epoch for each batch size, the median.
    """

    net: str
    layers: int
    parameters: int
    products: int
    making: float
    again: float
    epochs: dict[int, float]


Work = Callable[[Measured], int]

WORK: dict[str, Work] = {
    "weights": lambda net: net.parameters,
    "multiplications": lambda net: net.products,
}
"""What an epoch's arithmetic may be taken for; the price takes the second."""


@dataclass(frozen=True)
class Constants:
    """The model of costs, in seconds.

    Attributes:
        program: Of a program, whatever its layers.
        layer: Of a layer in it.
        weight: Of a weight in it.
        step: Of a step, beside its arithmetic.
        product: Of one unit of work times an example.
        unit: Of one unit of `autoopt.pricing.epoch_price`, given the same work.
    """

    program: float
    layer: float
    weight: float
    step: float
    product: float
    unit: float

    def row(self) -> dict:
        """Return them as a row of the table, with what the search takes from them."""
        return {
            "program, s": self.program,
            "layer, s": self.layer,
            "million weights, s": 1e6 * self.weight,
            "step, ms": 1e3 * self.step,
            "step in products": self.step / self.product if self.product else None,
            "unit, s": f"{self.unit:.3g}",
            "A_PROGRAM": f"{self.program / self.unit:.3g}",
            "A_LAYER": f"{self.layer / self.unit:.3g}",
        }


def measured(names: Sequence[str], epochs: int) -> list[Measured]:
    """Measure nets one after the other; one more before them takes what a process pays once.

    Args:
        names: Of `NETS`.
        epochs: Of each training; from 20 on the engine compiles as it does for a search.
    """
    _one(next(iter(NETS)), epochs)
    return [_one(name, epochs) for name in names]


def rows(nets: Sequence[Measured]) -> list[dict]:
    """Return a row a net: what it took, and its program in epochs and in units of price."""
    return [
        {
            "net": net.net, "layers": net.layers, "parameters": net.parameters, "making, s": net.making,
            "second training, s": net.again,
            **{f"epoch of {size}, ms": 1e3 * net.epochs[size] for size in net.epochs},
            "program in epochs": (net.making + net.again) / net.epochs[BATCHES[0]],
        }
        for net in nets
    ]  # fmt: skip


def fitted(nets: Sequence[Measured], work: Work) -> Constants:
    """Return the constants that fit nets best: least squares of relative errors, none below 0.

    Args:
        nets: What was measured.
        work: What a net multiplies for each example, beside its steps.
    """
    making = [net.making + net.again for net in nets]
    program, layer, weight = _relative([[1.0, net.layers, net.parameters] for net in nets], making)
    seen = [
        (-(-EXAMPLES // size), work(net), seconds) for net in nets for size, seconds in net.epochs.items()
    ]
    epochs = [seconds for _, _, seconds in seen]
    step, product = _relative([[steps, EXAMPLES * each] for steps, each, _ in seen], epochs)
    (unit,) = _relative([[epoch_price(steps, EXAMPLES, each)] for steps, each, _ in seen], epochs)
    return Constants(program, layer, weight, step, product, unit)


def constants(nets: Sequence[Measured]) -> list[dict]:
    """Return the constants of all nets and of either kind, with weights as work and with multiplications."""
    kinds = {
        "all": nets,
        "dense": [net for net in nets if net.net.startswith("dense")],
        "convolutional": [net for net in nets if net.net.startswith("conv")],
    }
    return [
        {"nets": kind, "work": name, **fitted(part, work).row()}
        for name, work in WORK.items()
        for kind, part in kinds.items()
        if part
    ]


def told() -> str:
    """Return how the constants are read."""
    return (
        "program + layer * layers + weight * weights: seconds until both trainings of a program that compile "
        "have done so. step * steps + product * examples * work: seconds of an epoch. unit: seconds of one "
        f"unit of price, in which a step is {A_STEP:,}. A_PROGRAM, A_LAYER: the first two in units."
    )


def _relative(columns: Sequence[Sequence[float]], seconds: Sequence[float]) -> list[float]:
    """Fit seconds so that an error of a tenth counts alike for small nets and large ones."""
    seen = np.array(seconds)
    parts = np.array(columns, float) / seen[:, None]
    scale = np.abs(parts).max(axis=0)  # weights are a million times layers
    found, _ = nnls(parts / scale, np.ones(len(seen)))
    return [float(value) for value in found / scale]


def _one(name: str, epochs: int) -> Measured:
    shape, layers = NETS[name]
    random = np.random.default_rng(0)

    def part(rows: int) -> Part:
        return Part(random.random((rows, *shape), "float32"), random.integers(0, CLASSES, rows))

    def model_fn() -> keras.Model:
        return keras.Sequential([keras.Input(shape), *layers(), L.Dense(CLASSES, "softmax")])

    dataset, model = Dataset(part(EXAMPLES), part(VALIDATION), None), model_fn()
    worker = Worker(
        AutoHyperModel(model_fn, data=dataset),
        dataset,
        engine_named("auto"),
        Objective("val_accuracy", "max"),
    )
    first, again, *others = [_timed(worker, number, epochs, size) for number, size in enumerate(
        (BATCHES[0], *BATCHES)
    )]  # fmt: skip
    last = dict(zip(BATCHES, (again, *others), strict=True))
    return Measured(
        name, len(model.layers), model.count_params(), products(model), first.beside, again.beside,
        {size: timed.epoch for size, timed in last.items()},
    )  # fmt: skip


@dataclass(frozen=True)
class _Timed:
    """Seconds of an epoch, the median, and of everything but epochs."""

    epoch: float
    beside: float


def _timed(worker: Worker, number: int, epochs: int, batch_size: int) -> _Timed:
    started = time.perf_counter()
    ends: list[float] = []

    def report(epoch: int, logs: Logs) -> str:
        ends.append(time.perf_counter())
        return "continue"

    recipe = Recipe().plus(batch_size=batch_size, learning_rate=1e-3 / (number + 1))
    trial: Trial = worker.run(Job(number, recipe, {}, epochs, epochs, 0), report).trial
    if trial.status != "completed":
        raise RuntimeError(f"A training ended as {trial.status}: {trial.error or trial.note}")
    epoch = statistics.median(np.diff(ends))
    return _Timed(epoch, max(0.0, ends[-1] - started - epochs * epoch))
