"""The same small search on every backend of Keras, and where TensorFlow cannot be imported."""

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autoopt.starters import STARTERS
from tests.counts import FULL, at_full_counts, in_processes

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

CASES = {"jax without tensorflow": True}
if FULL:
    CASES |= {"tensorflow": False}


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


def printed(code: str, backend: str, folder: Path, *words: str) -> list[dict[str, Any]]:
    """Run code in a process of its own and return what it prints as JSON."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=folder, env=environment(backend), capture_output=True, text=True, timeout=400,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def assert_complete(found: dict[str, Any], backend: str, folder: Path) -> None:
    """Fail unless a search was trained on a backend, confirmed, shown, and read back with its score."""
    assert found["backend"] == backend
    assert found["statuses"] == [["completed", None]] * 2
    assert found["score"] == pytest.approx(found["again"], abs=1e-6)
    assert found["confirmed"] == 1
    assert list((folder / "tensorboard_logs").rglob("*tfevents*"))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_search_completes_and_its_result_loads(case: str, tmp_path: Path) -> None:
    backend, blocked = case.split()[0], CASES[case]
    (found,) = printed(SEARCH.format(blocked=blocked), backend, tmp_path)

    assert_complete(found, backend, tmp_path)
    assert not (blocked and found["tensorflow"])


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


STARTERS_AND_ROWS = """
import json, os, sys, wave
from pathlib import Path

import autoopt, keras, numpy as np, pandas as pd
from PIL import Image

os.mkdir("rows"), os.chdir("rows")
random, y = np.random.default_rng(0), np.arange(24) % 2
starters, kinds = (words.split(",") for words in sys.argv[1:])
found = {"left": None, "starters": {}, "rows": {}, "words": {}}

frames = {
    "a category": pd.DataFrame({"a": ["x", "y"] * 12, "b": range(24), "label": y}),
    "a text": pd.DataFrame({"a": [f"the cat {n} sat" for n in range(24)], "label": y}),
    "letters": pd.DataFrame({"a": ["ACGT" * 8, "AACC" * 8] * 12, "label": y}),
}
for name, frame in frames.items():
    try:
        autoopt.tune("auto", frame, target="label", verbose=0)
    except autoopt.errors.DataError as error:
        found["words"][name] = str(error)
found["left"] = [str(path) for path in Path().iterdir()]

shapes = {"mlp": (3,), "cnn": (8, 8, 1), "audio": (8, 8, 1), "sequence": (160, 1), "recurrent": (8, 2)}
for name in starters:
    x = random.integers(0, 9, (24, 9)) if name == "text" else random.normal(size=(24, *shapes[name])).astype("float32")
    start = [{"length": 40, "kept": "last steps"}] if name == "sequence" else ()
    result = autoopt.tune(
        name, (x, y), epochs=1, max_trials=2, seed=0, verbose=0, project_name=name,
        search=autoopt.Search(confirm=0, start=start),
    )
    again = autoopt.load(result.run_dir).best_model.predict(x, verbose=0)
    found["starters"][name] = [trial.error for trial in result.trials] + [bool(np.isfinite(again).all())]

frame = pd.DataFrame({"a": random.normal(size=24), "b": [None, *random.normal(size=23)], "label": y})
frame.to_csv("numbers.csv", index=False)
for number in range(24):
    folders = [Path(kind, str(number % 2)) for kind in ("images", "sounds")]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(random.integers(0, 256, (8, 8)).astype("uint8")).save(folders[0] / f"{number}.png")
    with wave.open(str(folders[1] / f"{number}.wav"), "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(8_000)
        file.writeframes(random.integers(-9_999, 9_999, 1_600).astype("<i2").tobytes())
for data in kinds:
    result = autoopt.tune(
        "auto", data, epochs=1, max_trials=1, seed=0, verbose=0, search=autoopt.Search(confirm=0)
    )
    loaded = keras.models.load_model(result.export(f"{data}.keras"))
    dtypes = sorted(tensor.dtype for tensor in loaded.inputs)
    found["rows"][data] = [result.trials[0].error, len(result.predict(data)), dtypes]
print(json.dumps(found))
"""

WORDLESS = {"numbers.csv": ["float32", "float32"], "images": ["uint8"], "sounds": ["float32"]}


@dataclass(frozen=True)
class Other:
    """What was found on a backend: of one search, and of starters and raw rows."""

    backend: str
    folder: Path
    search: dict[str, Any]
    found: dict[str, Any]


@pytest.fixture(scope="module", params=["torch", "jax"])
def other(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Other:
    """Search on a backend that is not TensorFlow, tune starters and learn from raw rows there: one process does all."""
    folder = tmp_path_factory.mktemp(request.param)
    code, words = SEARCH.format(blocked=False) + STARTERS_AND_ROWS, (",".join(STARTERS), ",".join(WORDLESS))
    return Other(request.param, folder, *printed(code, request.param, folder, *words))


@in_processes
def test_a_search_completes_and_its_result_loads_on_other_backends(other: Other) -> None:
    assert_complete(other.search, other.backend, other.folder)


@in_processes
def test_a_starter_is_tuned_on_arrays_on_other_backends(other: Other) -> None:
    assert other.found["starters"] == {name: [None, None, True] for name in STARTERS}


@in_processes
def test_rows_without_words_are_learnt_from_on_other_backends(other: Other) -> None:
    assert other.found["rows"] == {name: [None, 24, WORDLESS[name]] for name in WORDLESS}


@in_processes
def test_rows_with_words_are_refused_on_other_backends_before_anything_is_trained(other: Other) -> None:
    assert other.found["left"] == [] and len(other.found["words"]) == 3
    for message in other.found["words"].values():
        assert f"holds words, and the backend is {other.backend}. Expected TensorFlow" in message
        assert "Set KERAS_BACKEND=tensorflow" in message
