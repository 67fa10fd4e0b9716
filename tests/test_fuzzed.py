"""Fuzzers: whatever is in a file that is read, only errors of autoopt's own come out, and nothing hangs."""

import json
import random
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras_tuner
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import autoopt
from autoopt import Space, flags, memory
from autoopt.errors import AutooptError, DataError, SpaceError, UsageError
from autoopt.reports import outcome, trials_table
from autoopt.search import ranked, seconds, starting_points
from tests.counts import FULL
from tests.strangers import mutated, places, real_run, refusals, replaced

TIMES = 1_500 if FULL else 5
"""Mutations of each file of a run, of each kind."""

READ = settings(
    max_examples=20 * TIMES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)

VALUES = (
    None, True, -1, 0, 2**63 - 1, 10**400, 1.8e308, -1e308, float("nan"), float("inf"), float("-inf"), "", "x", "\ud800",
    "../../x", [], {}, [1], [[[]]], {"a": 1}, 3.5,
)  # fmt: skip
"""What is put in the place of every value in turn."""

FILES = (
    "run.json",
    "result.json",
    "space.json",
    "journal.log",
    "split.npz",
    "best.keras",
    "weights",
    "writer.json",
)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = real_run(tmp_path_factory.mktemp("runs") / "runs")
    (run / "writer.json").write_text(json.dumps({"pid": 1, "host": "elsewhere", "since": 1.7e9}))
    return run


@pytest.fixture
def run(real: Path, tmp_path: Path) -> Path:
    """Return a copy of a real run, which a test may spoil."""
    return Path(shutil.copytree(real, tmp_path / "stranger"))


def named(run: Path, name: str) -> Path:
    """Return a file of a run, of the weights the first."""
    return min((run / name).iterdir()) if name == "weights" else run / name


def look(run: Path, name: str) -> None:
    """Ask everything of a run, and show it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras and Optuna may warn of what they find
        refused = refusals(run, name)
        if not {"load", "summary", "trials"} & set(refused):
            result = autoopt.load(run)
            best = ranked(result.trials, result.objectives)
            assert outcome(result.summary())
            assert trials_table(best, result.trials, result.objective.name) or not best


@pytest.mark.parametrize("name", FILES)
def test_a_run_with_changed_bytes_is_read_or_refused(name: str, run: Path) -> None:
    chance, path = random.Random(0), named(run, name)
    whole = path.read_bytes()
    for _ in range(TIMES):
        path.write_bytes(mutated(whole, chance))
        look(run, name)


@pytest.mark.parametrize("name", ["run.json", "result.json", "space.json", "journal.log", "writer.json"])
def test_a_run_with_changed_values_is_read_or_refused(name: str, run: Path) -> None:
    chance, path = random.Random(1), run / name
    for content in with_values(path.read_text(), chance):
        path.write_text(content)
        look(run, name)


def with_values(text: str, chance: random.Random) -> Iterator[str]:
    """Yield a file of one or more lines of JSON with one value in it replaced, again and again."""
    lines = text.splitlines() if "\n{" in text else [text]
    for at in range(3 * TIMES):
        changed, line = list(lines), chance.randrange(len(lines))
        plain = json.loads(changed[line])
        place = chance.choice(list(places(plain)))
        changed[line] = json.dumps(replaced(plain, place, VALUES[at % len(VALUES)]))
        yield "\n".join(changed) + "\n"


@READ
@given(PLAIN)
def test_a_space_is_read_from_json_or_refused(content: Any) -> None:
    for given_ in (content, {"optimizer": content}, {"structure": {"width": content}}, {"fix": content}):
        refused(lambda given_=given_: Space.from_json(json.dumps(given_)), SpaceError)


@READ
@given(st.text() | PLAIN)
def test_what_is_no_json_of_a_space_is_refused(content: Any) -> None:
    refused(lambda: Space.from_json(content), SpaceError)


@READ
@given(content=PLAIN, at=st.sampled_from(["status", "score", "metrics", "hyperparameters", ""]))
def test_a_trial_of_keras_tuner_is_read_or_refused(content: Any, at: str, tmp_path: Path) -> None:
    space = keras_tuner.HyperParameters()
    space.Choice("units", [1, 2])
    trial = {
        "status": "COMPLETED", "score": 0.5, "hyperparameters": {"space": [], "values": {"units": 1}},
        "metrics": {"metrics": {"val_loss": {"direction": "min", "observations": [{"value": [0.5], "step": 0}]}}},
    }  # fmt: skip
    (tmp_path / "trial_0").mkdir(exist_ok=True)
    path = tmp_path / "trial_0" / "trial.json"
    path.write_text(json.dumps({**trial, at: content} if at else content))
    for start in (path, tmp_path):
        refused(lambda start=start: starting_points(start, space), SpaceError)


def test_a_data_file_with_changed_bytes_is_read_or_refused(tmp_path: Path) -> None:
    chance, path = random.Random(2), tmp_path / "data.npz"
    np.savez(path, x=np.arange(40.0).reshape(20, 2), y=np.arange(20) % 2)
    whole = path.read_bytes()
    for _ in range(10 * TIMES):
        path.write_bytes(mutated(whole, chance))
        refused(lambda: autoopt.Dataset.of(path), DataError)


@READ
@given(st.text() | st.from_regex(r"-?[0-9]{0,400}\.?[0-9]*(e[0-9]+)?[smhdgt]?i?b?"))
def test_words_of_a_command_line_are_read_or_refused(text: str) -> None:
    size = memory.size(text)
    assert size is None or size >= 0
    refused(lambda: seconds(text), UsageError)
    for name in ("fix", "open", "batch_size"):
        refused(lambda name=name: flags.read({name: (text, f"a={text}")}), UsageError)


def refused(read: Any, kind: type[AutooptError]) -> None:
    """Read something; whatever is raised is of one kind and says what was given and what was expected."""
    try:
        read()
    except kind as error:
        assert len(str(error)) < 3_000
