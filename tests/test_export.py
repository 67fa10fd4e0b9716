import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import autoopt
from autoopt.errors import RunError, UsageError
from autoopt.result import Result
from tests import toys
from tests.counts import FULL, at_full_counts, in_processes, in_turn
from tests.full_disk import files_may_have
from tests.processes import quick

SEEDS = 5 if FULL else 1


def convolutional() -> keras.Model:
    """Return a small net of convolutions."""
    chain = [
        layers.Reshape((8, 8, 1)),
        layers.Conv2D(4, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
    ]
    return keras.Sequential([keras.Input((64,)), *chain, layers.Dense(10, "softmax")])


def recurrent() -> keras.Model:
    """Return a small net that reads digits row by row."""
    chain = [layers.Reshape((8, 8)), layers.GRU(6, return_sequences=True), layers.LSTM(5)]
    return keras.Sequential([keras.Input((64,)), *chain, layers.Dense(10, "softmax")])


def residual() -> keras.Model:
    """Return a small net with a branch."""
    inputs = keras.Input((64,))
    x = layers.Dense(8, "relu")(inputs)
    for _ in range(2):
        x = layers.Add()([x, layers.Dense(8, "relu")(layers.LayerNormalization()(x))])
    return keras.Model(inputs, layers.Dense(10, "softmax")(x))


KINDS: Mapping[str, Callable[[], keras.Model]] = {
    "dense": toys.dense, "convolutional": convolutional, "recurrent": recurrent, "residual": residual,
}  # fmt: skip


def eagerly(model_fn: Callable[[], keras.Model]) -> Callable[[], keras.Model]:
    """Return the same model function, for models that are compiled without a trace."""

    def made() -> keras.Model:
        model = model_fn()
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)
        return model

    return made


def searched(model_fn: Any, folder: Path, seed: int = 0, trials: int = 2, **more: Any) -> Result:
    """Return a random search of some trials on a few digits, without a confirmation."""
    short = {
        "epochs": 1,
        "max_trials": trials,
        "seed": seed,
        "verbose": 0,
        "directory": folder,
        "logdir": folder / "logs",
    }
    search = autoopt.Search(sampler="random", confirm=0)
    return autoopt.tune(model_fn, toys.digits(60), search=search, project_name="run", **short, **more)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A search that has ended, shared by tests that only read it."""
    return searched(toys.eager, tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The user's own model, trained once."""
    return searched(toys.eager, tmp_path_factory.mktemp("runs"), trials=1)


def defined(path: Path) -> dict[str, Any]:
    """Return what a script defines."""
    space: dict[str, Any] = {"__name__": "best"}
    exec(compile(path.read_text(encoding="utf8"), str(path), "exec"), space)
    return space


@pytest.mark.parametrize(("kind", "seed"), in_turn(KINDS, range(SEEDS)))
def test_the_script_of_a_random_winner_has_its_loss(kind: str, seed: int, tmp_path: Path) -> None:
    result = searched(eagerly(KINDS[kind]), tmp_path, seed)
    model, (x, y) = result.best_model, toys.digits(32)
    built = defined(result.export(tmp_path / "best.py", format="python"))["build_model"]()

    assert built.count_params() == model.count_params()
    built.set_weights(model.get_weights())
    assert built.test_on_batch(x, y)[0] == pytest.approx(model.test_on_batch(x, y)[0], abs=1e-5)


@in_processes
def test_a_script_runs_by_itself_and_writes_its_model(run: Result, tmp_path: Path) -> None:
    script = run.export(tmp_path / "best.py", format="python")
    x, y = toys.digits(60)
    np.savez(tmp_path / "data.npz", x=x, y=y)
    bare = {name: value for name, value in quick().items() if name != "PYTHONPATH"}
    words = [sys.executable, script.name, "data.npz"]
    done = subprocess.run(words, cwd=tmp_path, env=bare, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    model = keras.models.load_model(tmp_path / "best.keras", compile=False)
    assert model.count_params() == run.best_model.count_params()


@at_full_counts
def test_a_script_without_data_says_how_it_is_called(run: Result, tmp_path: Path) -> None:
    script = run.export(tmp_path / "best.py", format="python")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        1,
        "Usage: python FILE DATA.npz, with x and y in it",
    )


def test_a_run_s_name_is_quoted_for_the_shell(plain: Result, tmp_path: Path) -> None:
    spaced = shutil.copytree(plain.run_dir, tmp_path / "my run")
    text = autoopt.load(spaced).export(tmp_path / "best.py", format="python").read_text(encoding="utf8")
    assert "autoopt export 'my run' best.weights.h5" in text


@pytest.mark.parametrize("ending", ["py", "json", "keras"])
def test_a_disk_that_is_full_leaves_what_was_there(run: Result, tmp_path: Path, ending: str) -> None:
    target = tmp_path / f"best.{ending}"
    target.write_text("mine")
    format_ = "python" if ending == "py" else ending
    with files_may_have(100), pytest.raises(UsageError, match=r"which cannot be written: .*File too large"):
        run.export(target, format=format_)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [(target.name, "mine")]


def test_a_script_is_short_and_says_where_it_comes_from(run: Result, tmp_path: Path) -> None:
    text = run.export(tmp_path / "best.py", format="python").read_text(encoding="utf8")
    number = run.best_trial.number
    assert f"Run run, trial {number}, seed 0: val_accuracy" in text
    assert 'model.load_weights("best.weights.h5")' in text
    assert "import autoopt" not in text


def test_the_script_of_a_plain_net_is_short(plain: Result, tmp_path: Path) -> None:
    assert len(plain.export(tmp_path / "best.py", format="python").read_text().splitlines()) < 55


def test_a_script_trains_as_the_winner_was_trained(tmp_path: Path) -> None:
    fixed = {
        "optimizer/name": "adamw", "optimizer/schedule": "linear", "optimizer/warmup": 0.1,
        "initialization/bias": "class_priors", "regularization/label_smoothing": 0.1,
    }  # fmt: skip
    weights = {number: 1.0 + number for number in range(10)}
    space = autoopt.Space(fix=fixed)
    result = searched(toys.eager, tmp_path, space=space, class_weight=weights)
    text = result.export(tmp_path / "best.py", format="python").read_text(encoding="utf8")

    for said in (
        "batch_size=32", "CLASS_WEIGHT = {", "class_weight=CLASS_WEIGHT", "keras.optimizers.AdamW(",
        "PolynomialDecay(", "label_smoothing=0.1", ".bias.assign(", "total_steps=2",
    ):  # fmt: skip
        assert said in text


def test_a_saved_model_predicts_without_keras(run: Result, tmp_path: Path) -> None:
    tensorflow = pytest.importorskip("tensorflow")
    x = toys.digits(3)[0]
    if keras.backend.backend() != "tensorflow":
        pytest.skip("Keras writes it on TensorFlow; what it does elsewhere is its own")
    served = tensorflow.saved_model.load(str(run.export(tmp_path / "best", format="saved_model")))
    np.testing.assert_allclose(served.serve(x), run.best_model.predict(x, verbose=0), atol=1e-6)


def test_a_saved_model_takes_the_place_of_one_alone(run: Result, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    with pytest.raises(UsageError, match="a folder with other files in it"):
        run.export(tmp_path / "mine", format="saved_model")


def test_onnx_without_its_packages_says_which_to_install(run: Result, tmp_path: Path) -> None:
    try:
        written = run.export(tmp_path / "best.onnx", format="onnx")
    except UsageError as error:
        assert "Install it: pip install" in str(error) and "onnx" in str(error)
    else:
        assert written.stat().st_size > 100


def test_the_recipe_is_among_what_json_says(run: Result, tmp_path: Path) -> None:
    text = run.export(tmp_path / "best.json", format="json").read_text(encoding="utf8")
    assert '"recipe": {' in text and '"structure"' in text


def test_json_has_null_where_a_number_is_infinite(plain: Result, tmp_path: Path) -> None:
    endless = changed(plain, tmp_path, "result.json", test_error=float("inf"))
    text = endless.export(tmp_path / "best.json", format="json").read_text(encoding="utf8")
    assert json.loads(text, parse_constant=pytest.fail)["test_error"] is None


@pytest.mark.parametrize(
    ("name", "format_", "message"),
    [
        ("best.py", "pyton", "Did you mean 'python'"),
        ("best.txt", "python", r"ends in \.py"),
        ("best.keras", "saved_model", "is a folder's, without an ending"),
        ("nowhere/best.py", "python", "There is no folder"),
        ("folder.py", "python", "which is a folder. Expected a file's name"),
        ("file", "saved_model", "which is a file. Expected a folder that is new or empty"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused(
    run: Result, tmp_path: Path, name: str, format_: str, message: str
) -> None:
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match=message):
        run.export(tmp_path / name, format=format_)


def test_what_the_system_says_of_a_place_is_passed_on(run: Result, tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"which cannot be written: .*name too long.* Expected a place of yours"
    ):
        run.export(tmp_path / f"{'long' * 100}.py", format="python")


def test_a_run_that_does_not_say_how_it_trained_says_what_to_do(plain: Result, tmp_path: Path) -> None:
    earlier = shutil.copytree(plain.run_dir, tmp_path / "run")
    (earlier / "course.json").unlink()
    with pytest.raises(RunError, match="Go on with it, which writes that down: autoopt resume run"):
        autoopt.load(earlier).export(tmp_path / "best.py", format="python")


HOSTILE = 'x"""\nimport os\nos.abort()\n"""\u202e\\'


def changed(run: Result, folder: Path, name: str, **content: Any) -> Result:
    """Return a run that somebody has changed a file of."""
    copied = shutil.copytree(run.run_dir, folder / "run")
    told = json.loads((copied / name).read_text())
    (copied / name).write_text(json.dumps({**told, **content}))
    return autoopt.load(copied)


def test_no_line_of_a_script_comes_from_what_somebody_wrote_into_a_run(plain: Result, tmp_path: Path) -> None:
    said = {"versions": {"autoopt": HOSTILE, "keras": HOSTILE}, "backend": HOSTILE}
    named = {"asides": [HOSTILE], "pretrained": [HOSTILE], "biases": {HOSTILE: [1.0]}}
    course = changed(plain, tmp_path, "run.json", **said).run_dir / "course.json"
    course.write_text(json.dumps({**json.loads(course.read_text()), **named}))
    text = (
        autoopt.load(course.parent).export(tmp_path / "best.py", format="python").read_text(encoding="utf8")
    )

    kinds = {type(node).__name__ for node in ast.parse(text).body}
    assert kinds == {"Expr", "Import", "ImportFrom", "Assign", "FunctionDef", "If"}
    assert "os" not in {
        alias.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert "\u202e" not in text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"epochs": "3); import os; ("}, r"course.json is damaged. Its epochs is '3\); import os; \('"),
        ({"class_weight": {"first": 1.0}}, r"course.json of .* is damaged: invalid literal"),
    ],
)
def test_a_course_that_is_damaged_is_refused(
    plain: Result, tmp_path: Path, content: Any, message: str
) -> None:
    with pytest.raises(RunError, match=message):
        changed(plain, tmp_path, "course.json", **content).export(tmp_path / "best.py", format="python")
