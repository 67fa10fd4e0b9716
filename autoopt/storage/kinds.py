"""Kinds: what each file of a run is to hold, as plain data; whoever reads one finds it checked against this.

A dataclass has these fields and no others, a TypedDict may have more, as later versions write them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NotRequired, TypedDict

import numpy as np

from autoopt.course import Course
from autoopt.records import Objective
from autoopt.schema import Kind, Modality, Task
from autoopt.untrusted import Unbounded, Unreadable

Value = None | bool | int | Unbounded | str
"""Of a hyperparameter."""


@dataclass(frozen=True)
class Limits:
    """The fields of `autoopt.Constraints`."""

    max_params: int | None = None
    max_latency_ms: float | None = None
    max_seconds_per_epoch: float | None = None


@dataclass(frozen=True)
class Parent:
    """A hyperparameter, and the values under which another is active."""

    name: str
    values: list[Value]


@dataclass(frozen=True)
class Condition:
    """The same, as KerasTuner writes it."""

    class_name: Literal["Parent"]
    config: Parent


@dataclass(frozen=True)
class Definition:
    """A hyperparameter of any kind; KerasTuner says which fields go together."""

    name: str
    conditions: list[Condition]
    default: Value = None
    value: Value = None
    values: list[Value] | None = None
    ordered: bool | None = None
    min_value: float | None = None
    max_value: float | None = None
    step: float | None = None
    sampling: str | None = None


@dataclass(frozen=True)
class HyperParameter:
    """One of KerasTuner's, and of no other class."""

    class_name: Literal["Fixed", "Boolean", "Choice", "Int", "Float"]
    config: Definition


@dataclass(frozen=True)
class HyperParameters:
    """KerasTuner's, as `get_config` returns them."""

    space: list[HyperParameter]
    values: dict[str, Value]


@dataclass(frozen=True)
class Command:
    """How a run was begun in a shell, as `command.Command` writes it."""

    model: str
    data: str | None
    options: dict[str, Value | list[Value]]
    folder: str
    seal: str


@dataclass(frozen=True)
class Layer:
    """The fields of `surgery.Layer`."""

    name: str
    kind: str
    detail: str


class Run(TypedDict, total=False):
    """`run.json`."""

    project: str
    logs: str
    notes: list[str]
    python: str
    layers: list[Layer]
    parameters: int
    objective: Objective
    others: list[Objective]
    epochs: int
    folds: int
    executions_per_trial: int
    seed: int
    constraints: Limits
    rows: tuple[int | None, int | None]
    space: HyperParameters
    defaults: dict[str, Value]
    asked_in_fit: HyperParameters
    fix: dict[str, Value]
    max_trials: int | None
    budget: float | None
    made_of: dict[str, str]
    class_weight: str | None
    spent: float
    began: float
    backend: str
    versions: dict[str, str]
    created: float
    command: Command | None


@dataclass(frozen=True)
class Scores:
    """The fields of `Confirmed`."""

    scores: list[Unbounded]
    error: Unbounded | None = None
    of_seeds_alone: bool = False


@dataclass(frozen=True)
class Gain:
    """The fields of `Difference`."""

    mean: Unbounded
    least: Unbounded


class Result(TypedDict, total=False):
    """`result.json`."""

    best: int | None
    model: int | None
    best_score: Unbounded | None
    reason: str
    unconfirmed: str
    confirmed: list[Unbounded] | None
    confirmed_error: Unbounded | None
    confirmed_of_seeds_alone: bool
    baseline_confirmed: Scores | None
    gain: Gain | None
    fresh_cuts: bool
    test_error: Unbounded | None
    gap: Unbounded | None
    test_metrics: dict[str, Unbounded] | None
    seconds: float
    ended: float
    spent: dict[str, float]


@dataclass(frozen=True)
class Step:
    """One point of the path of an ablation."""

    change: list[str]
    values: dict[str, Value]
    scores: list[Unbounded]


class Ablation(TypedDict):
    """`ablation.json`."""

    best: int
    steps: list[Step]


class Ensemble(TypedDict):
    """`ensemble.json`."""

    best: int


class Refit(TypedDict):
    """`refit.json`."""

    best: int
    epochs: int


@dataclass(frozen=True)
class Column:
    """The fields of `schema.Column`."""

    name: str
    kind: Kind
    missing: float = 0.0
    distinct: int = 0
    categories: list[str] = field(default_factory=list)
    written: str = ""
    signs: str | None = None


@dataclass(frozen=True)
class Inputs:
    """The fields of `prepared.Inputs`."""

    numbers: int
    categories: int
    values: int
    vocabulary: int
    shape: list[int]


@dataclass(frozen=True)
class Prepared:
    """What `Preparation.told` returns."""

    names: dict[str, str]
    inputs: Inputs


class Rows(TypedDict):
    """`schema.json`: the fields of `schema.Schema`, and what prepares such rows."""

    modality: Modality
    task: Task
    columns: list[Column]
    target: list[str]
    classes: list[str]
    shape: list[int]
    rate: int
    alphabet: str
    written: NotRequired[str | None]
    signs: NotRequired[str | None]
    preparation: Prepared
    mark: str


class Finished(TypedDict):
    """A trial in the journal."""

    number: int
    status: Literal["completed", "pruned", "failed"]
    score: Unbounded | None
    hyperparameters: dict[str, Value]
    history: dict[str, list[Unbounded | None]]
    best_epoch: int | None
    started: float
    finished: float | None


class Told(TypedDict, total=False):
    """What a trial may have besides: with `Finished` the fields of `Trial`."""

    error: str | None
    note: str
    engine: str
    program: int | None
    costs: dict[str, float]
    price: float | None
    excess: str
    inherited: int | None
    executions: int
    missing: int
    origin: int | None
    repeats: int | None
    scores: dict[str, Unbounded]
    fold_scores: list[Unbounded]
    best_fold: int | None
    continues: int | None
    first_epoch: int
    parts: int
    halved: bool


KINDS: Mapping[str, Any] = {
    "run": Run, "space": dict[str, Any], "result": Result, "ablation": Ablation, "ensemble": Ensemble, "refit": Refit,
    "course": Course, "schema": Rows,
}  # fmt: skip
"""Name of a file of JSON to what it holds."""


def check_split(found: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Check that arrays are the rows of parts, as `Split.arrays` names them.

    Raises:
        Unreadable: One is missing, or holds no rows.
    """
    folds = sum(name.startswith("fold_") for name in found) // 2
    both = [f"fold_{number}_{part}" for number in range(folds) for part in ("train", "validation")]
    for name in ("train", "validation", "is", *both):
        if name not in found:
            raise Unreadable(f"It lacks {name!r}. Expected the rows of each part.")
    for name, rows in found.items():
        fits = rows.shape == (2,) if name == "is" else rows.ndim == 1 and rows.dtype.kind in "iu"
        if not fits:
            raise Unreadable(
                f"Its {name} is an array of {rows.dtype} and shape {rows.shape}. Expected the numbers of rows."
            )
