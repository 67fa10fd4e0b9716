"""What the tests of other people's run folders share: a real run, and everything that can be asked of one."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import autoopt
from autoopt import Search, Space
from autoopt.errors import AutooptError
from autoopt.result import Result
from tests.counts import FULL
from tests.toys import digits, eager


def real_run(directory: Path, name: str = "real", resume: bool = False) -> Path:
    """Return the folder of a small search that has weights, a winner, a confirmation, and trials enough to be judged."""
    result = autoopt.tune(
        eager, digits(60), epochs=1, max_trials=12, seed=0, directory=directory, project_name=name, resume=resume,
        logdir=directory.parent / "logs", verbose=0, search=Search(confirm=1, confirm_repeats=1, keep=2),
        space=Space(structure=False, batch_size=[16, 32], regularization=False, initialization=False),
    )  # fmt: skip
    return result.run_dir


def hold(result: Result) -> str:
    """Be the one that writes to a run for a moment, and return what that says of the one before."""
    with result._folder.held():
        return result._folder.note


ASKED: dict[str, Callable[[Result], Any]] = {
    "repr": repr,
    "summary": lambda result: result.summary(),
    "leaderboard": lambda result: result.leaderboard(),
    "pareto": lambda result: result.pareto(),
    "importance": lambda result: result.importance(),
    "fanova": lambda result: result.importance("fanova"),
    "ablation": lambda result: result.ablation(verbose=0),
    "ensemble": lambda result: result.ensemble(verbose=0),
    "refit": lambda result: result.refit(verbose=0),
    "objective": lambda result: result.objectives,
    "trials": lambda result: result.trials,
    "best trial": lambda result: result.best_trial,
    "scores": lambda result: (result.best_score, result.baseline_score, result.test_error, result.gap),
    "confirmed": lambda result: (result.confirmed, result.baseline_confirmed, result.difference),
    "split": lambda result: result.split,
    "hyperparameters": lambda result: result.best_hyperparameters,
    "changes": lambda result: result.changes,
    "edges": lambda result: result.edges,
    "front": lambda result: result.front,
    "profile": lambda result: result.profile(),
    "weights": lambda result: [result._folder.load_weights(n) for n in range(12) if result._folder.has_weights(n)],
    "writer": hold,
    "model": lambda result: result.best_model,
    "schema": lambda result: result.schema,
    "report": lambda result: result.report(),
}  # fmt: skip
"""Everything that a result is asked for, by name."""


LONG = {"model": "best.keras", "importance": "journal.log", "fanova": "journal.log"}
"""What takes long, and depends on one file alone beside run.json."""

LONGEST = ("fanova", "report")
"""What is asked of spoilt runs at full counts alone."""


def refusals(run: Path, spoilt: str = "") -> dict[str, AutooptError]:
    """Return what of a run was refused, and how; any error that is none of autoopt's own is raised.

    Args:
        run: Its folder.
        spoilt: Name of the file that was changed: what takes long and does not read it is not asked for.
    """
    found: dict[str, AutooptError] = {}
    try:
        result = autoopt.load(run)
    except AutooptError as error:
        return {"load": error}
    for name, ask in ASKED.items():
        if spoilt and (LONG.get(name, spoilt) != spoilt or (name in LONGEST and not FULL)):
            continue
        try:
            ask(result)
        except AutooptError as error:
            found[name] = error
    return found


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Return a content with a few bytes changed, taken out, put in, or written twice."""
    found = bytearray(content)
    for _ in range(chance.choice([1, 1, 1, 3, 20])):
        at = chance.randrange(len(found) + 1)
        until = min(len(found), at + chance.choice([1, 1, 4, 60, 2000]))
        match chance.randrange(4):
            case 0:
                found[at:until] = chance.randbytes(until - at)
            case 1:
                del found[at:until]
            case 2:
                found[at:at] = chance.choice(PIECES)
            case 3:
                found[until:until] = found[at:until]
    return bytes(found)


PIECES = (
    b"null", b"-1", b"1e999", b"NaN", b"9" * 400, b'"', b"[", b"]", b"{", b"}", b",", b"\x00", b"\xff\xfe", b"\x1b[31m", b"\n",
    b'"__class__"', b"../" * 8, b"[" * 5000, b'{"a":' * 3000,
)  # fmt: skip


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value in plain data, outer ones first."""
    yield at
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(each, (*at, key))


def replaced(value: Any, at: tuple[Any, ...], other: Any) -> Any:
    """Return plain data with another value at one place."""
    if not at:
        return other
    copied = json.loads(json.dumps(value))
    inner = copied
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = other
    return copied
