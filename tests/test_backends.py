"""The same small search on every backend of Keras, and where TensorFlow cannot be imported."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.counts import FULL, at_full_counts

SEARCH = """
import json, sys

if {blocked}:
    class Blocked:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] == "tensorflow":
                raise ImportError("tensorflow is blocked")
    sys.meta_path.insert(0, Blocked())

import autoopt, keras
from tests import toys

x, y = toys.digits(60)
result = autoopt.tune(
    toys.dense, (x, y), validation_data=(x, y), epochs=1, max_trials=2, seed=0, verbose=0,
    search=autoopt.Search(confirm=1, confirm_repeats=1),
)
loaded = autoopt.load(result.run_dir)
logs = loaded.best_model.evaluate(x, y, return_dict=True, verbose=0)
print(json.dumps({{
    "backend": keras.backend.backend(),
    "tensorflow": "tensorflow" in sys.modules,
    "statuses": [(trial.status, trial.error) for trial in loaded.trials],
    "score": loaded.best_score,
    "again": logs["accuracy"],
    "confirmed": loaded.confirmed.n,
    "losses": loaded.trials[0].history["loss"],
}}))
"""

CASES = {"torch": False, "jax without tensorflow": True}
if FULL:
    CASES |= {"tensorflow": False, "jax": False}


# The most telling laws of engines on the second backend that compiles; all of them with AUTOOPT_FULL=1.
AGREEMENT = "agrees_with_fit_on and step and BatchNormalization"
ENGINE_LAWS = ["-k", f"({AGREEMENT}) or differ_in_numbers_alone or uniform"]


def environment(backend: str) -> dict[str, str]:
    return {
        **os.environ,
        "KERAS_BACKEND": backend,
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",  # tiny programs: XLA takes longer over them than they run
    }


def searched(backend: str, blocked: bool, folder: Path) -> dict[str, Any]:
    """Run the search in a process of its own and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", SEARCH.format(blocked=blocked)],
        cwd=folder, env=environment(backend), capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.strip().splitlines()[-1])  # type: ignore[no-any-return]


@pytest.mark.parametrize("case", CASES)
def test_a_search_completes_and_its_result_loads(case: str, tmp_path: Path) -> None:
    backend, blocked = case.split()[0], CASES[case]
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    found = searched(backend, blocked, tmp_path)

    assert found["backend"] == backend
    assert found["statuses"] == [["completed", None]] * 2
    assert found["score"] == pytest.approx(found["again"], abs=1e-6)
    assert found["confirmed"] == 1
    assert not (blocked and found["tensorflow"])
    assert list((tmp_path / "tensorboard_logs").rglob("*tfevents*"))


IN_A_WORKER = """
import sys
from pathlib import Path

import autoopt
from tests import toys

def noted(trial):
    import os, sys
    with open("noted", "a") as file:
        file.write(f"{os.getpid()} {'tensorflow' in sys.modules}\\n")
    return []

x, y = toys.digits(60)
result = autoopt.tune(
    toys.dense, (x, y), epochs=1, max_trials=3, seed=0, verbose=0, callbacks=noted,
    search=autoopt.Search(confirm=0), resources=autoopt.Resources(memory="1MB"),
)
autoopt.load(result.run_dir).best_model.evaluate(x, y, verbose=0)
print("tensorflow" in sys.modules)
"""


@at_full_counts
def test_a_search_on_jax_does_not_load_tensorflow_nor_do_its_worker_processes(tmp_path: Path) -> None:
    pytest.importorskip("jax")
    done = subprocess.run(
        [sys.executable, "-c", IN_A_WORKER], cwd=tmp_path, env=environment("jax"), capture_output=True,
        text=True, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    workers = {line.split()[0]: line.split()[1] for line in (tmp_path / "noted").read_text().splitlines()}

    assert workers
    assert {*workers.values(), done.stdout.strip()} == {"False"}


@at_full_counts
def test_the_laws_of_engines_hold_on_jax_too() -> None:
    pytest.importorskip("jax")
    chosen = [] if FULL else ENGINE_LAWS
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "tests/engines", *chosen],
        cwd=Path(__file__).parent.parent, env=environment("jax"), capture_output=True, text=True, timeout=900,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-3000:]
