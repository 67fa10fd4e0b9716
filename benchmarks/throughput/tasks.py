"""What `python -m benchmarks throughput --task NAME` measures, with the counts that its figures come from."""

from collections.abc import Sequence
from dataclasses import dataclass

PEERS = ("autoopt", "kerastuner-random", "kerastuner-bayesian", "optuna")
ONLY_ON_TENSORFLOW = ("tf-function", "tf-function-xla")


@dataclass(frozen=True)
class Part:
    """One problem and who solves it.

    Attributes:
        problem: A name of `benchmarks.throughput.problems`.
        tuners: Who can be measured on it.
        epochs: Epochs a trial.
        trials: How many, None where the budget ends the search.
        drawn: Whether all get the same candidates, or each tries what it likes.
        by_default: Who is measured unless `--tuners` says otherwise.
        profile: Whether autoopt's own account of its time is wanted.
        memory: Whether resident memory is read as each trial starts.
    """

    problem: str
    tuners: Sequence[str]
    epochs: int
    trials: int | None
    drawn: bool = True
    by_default: Sequence[str] = ("autoopt", "kerastuner-random")
    profile: bool = False
    memory: bool = False


LONG_SEARCH = 221
"""Trials of the memory task: it compares the start of trial 20 with the start of trial 220."""

TASKS: dict[str, Sequence[Part]] = {
    "pinned": [
        Part("pinned", (*PEERS, "compiled-loop"), 30, 40, by_default=(*PEERS, "compiled-loop")),
    ],
    "joint": [
        Part(
            "joint", (*PEERS, "autoopt-not-ahead"), 30, 60,
            by_default=("autoopt", "autoopt-not-ahead", "kerastuner-random"),
        )
    ],
    "minutes": [Part("free", ("autoopt", "kerastuner-random", "kerastuner-bayesian"), 30, None, drawn=False)],
    "mnist1d": [Part("mnist1d", PEERS, 20, 6)],
    "overhead": [
        Part("mnist1d-free", ("autoopt",), 20, 100, drawn=False, profile=True),
        Part("pinned", ("autoopt",), 30, 40, profile=True),
    ],
    "memory": [
        Part("pinned", ("autoopt",), 2, LONG_SEARCH, memory=True),
        Part(
            "different", ("autoopt", *ONLY_ON_TENSORFLOW), 2, LONG_SEARCH,
            by_default=("autoopt", *ONLY_ON_TENSORFLOW), memory=True,
        ),
    ],
}  # fmt: skip


def chosen(part: Part, tuners: Sequence[str], backend: str) -> Sequence[str]:
    """Return who is measured on a part under a backend.

    Args:
        part: The part.
        tuners: As `--tuners` says; empty takes the part's own choice.
        backend: Keras's.
    """
    wanted = [name for name in part.tuners if name in (tuners or part.by_default)]
    return [name for name in wanted if backend == "tensorflow" or name not in ONLY_ON_TENSORFLOW]
