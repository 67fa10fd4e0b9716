"""The command line in this process: what each command prints, and with which code it exits."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import autoopt
from autoopt import commands, model_file
from autoopt.cli import main
from tests.counts import at_full_counts
from tests.full_disk import files_may_have

MODEL = """
import autoopt
import keras
import numpy as np

x = np.linspace(-1, 1, 240, dtype="float32").reshape(60, 4)
data = (x, np.arange(60) % 2)
space = autoopt.Space(structure=False)
search = autoopt.Search(confirm=0)

def model_fn():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(2, "softmax")])

def without_hidden_layer():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, "softmax")])

def broken():
    raise ZeroDivisionError("my own mistake")

def forgetful():
    model_fn()
"""
ALL_FAIL = """
from net import model_fn, data

def callbacks(trial):
    raise ZeroDivisionError("my own mistake")
"""
QUICK = ("--max-trials", "2", "--epochs", "1", "--seed", "0")


def autoopt_(*words: Any) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def folders(place: Path) -> tuple[str, ...]:
    return ("--directory", str(place / "runs"), "--logdir", str(place / "logs"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with model files and a data file."""
    found = tmp_path_factory.mktemp("place")
    (found / "net.py").write_text(MODEL)
    (found / "all_fail.py").write_text(ALL_FAIL)
    x = np.linspace(-1, 1, 240, dtype="float32").reshape(60, 4)
    np.savez(found / "train.npz", x=x, y=np.arange(60) % 2)
    np.savez(found / "objects.npz", x=np.array([{}, []], dtype=object), y=np.arange(2))
    return found


@pytest.fixture(scope="module")
def finished(place: Path) -> Result:
    """Return what `tune` printed on a run named first."""
    narrowed = ("--fix", "optimizer/name=adam", "--close", "regularization", "--batch-size", "16,32")
    words = ("--project-name", "first", *narrowed, "--engine", "keras")
    return autoopt_("tune", place / "net.py", *QUICK, *folders(place), *words)


@pytest.mark.parametrize(
    "command",
    [
        "",
        "tune",
        "inspect",
        "new",
        "predict",
        "evaluate",
        "show",
        "runs",
        "compare",
        "report",
        "export",
        "board",
    ],
)
def test_every_command_explains_itself(command: str) -> None:
    result = autoopt_(*command.split(), "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")


def test_a_winner_that_can_be_written_nowhere_is_told_with_what_to_do(place: Path, finished: Result) -> None:
    result = autoopt.load("first", place / "runs")
    with files_may_have(100):
        told = commands._elsewhere(result)

    assert told.startswith(
        f"The winner could be written neither to {result.run_dir} nor elsewhere (File too large). Free"
    )


def test_tune_prints_the_outcome_and_where_to_look(place: Path, finished: Result) -> None:
    assert finished.exit_code == 0, finished.output
    printed = finished.stdout
    for words in ("trial 0, your model: val_accuracy", "2 trials in", "baseline   val_accuracy", "best  "):
        assert words in printed
    assert f"Model: {place / 'runs' / 'first' / 'best.keras'}" in printed
    assert f"autoopt board --logdir {place / 'logs'}" in printed


def test_fix_is_added_to_the_space_of_the_model_file(place: Path, finished: Result) -> None:
    trials = autoopt.load("first", place / "runs").trials
    assert {trial.hyperparameters["optimizer/name"] for trial in trials} == {"adam"}
    assert not any(name.startswith("structure/") for trial in trials for name in trial.hyperparameters)


def test_a_run_keeps_the_space_that_was_asked_for(place: Path, finished: Result) -> None:
    asked = autoopt.Space(
        structure=False, regularization=False, batch_size=[16, 32], fix={"optimizer/name": "adam"}
    )
    assert autoopt.Space.from_json((place / "runs" / "first" / "space.json").read_text()) == asked


def test_the_space_is_printed_before_the_search(finished: Result) -> None:
    lines = [" ".join(line.split()) for line in finished.stdout.splitlines()]
    table = lines[lines.index("hyperparameter as written may become when") :]
    first_trial = next(i for i, line in enumerate(table) if line.startswith("trial 0"))
    assert "batch_size 32 16" in table[:first_trial]
    assert "optimizer/name adam fixed" in table[:first_trial]


def test_the_engine_that_is_asked_for_trains(place: Path, finished: Result) -> None:
    assert {trial.engine for trial in autoopt.load("first", place / "runs").trials} == {"keras"}


def test_a_function_of_a_file_takes_a_data_file(place: Path) -> None:
    given = f"{place / 'net.py'}:without_hidden_layer"
    result = autoopt_("tune", given, place / "train.npz", *QUICK, *folders(place), "--project-name", "npz")
    assert result.exit_code == 0, result.output
    assert len(autoopt.load("npz", place / "runs").best_model.layers) == 1


def test_a_function_of_a_module_takes_a_data_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "package").mkdir()
    (place / "package" / "nets.py").write_text(MODEL)
    monkeypatch.chdir(place)
    result = autoopt_("tune", "package.nets:model_fn", "train.npz", *QUICK, *folders(place), "--verbose", 0)
    assert (result.exit_code, result.output) == (0, "")


def test_limits_are_added_to_those_of_the_model_file(place: Path) -> None:
    (place / "limited.py").write_text(MODEL + "\nconstraints = autoopt.Constraints(max_params=5000)\n")
    words = ("--project-name", "limited", "--max-latency-ms", 9e9, "--max-seconds-per-epoch", 9e9)
    result = autoopt_("tune", place / "limited.py", *QUICK, *folders(place), *words)
    assert result.exit_code == 0, result.output
    asked = json.loads((place / "runs" / "limited" / "run.json").read_text())["constraints"]
    assert asked == {"max_params": 5000, "max_latency_ms": 9e9, "max_seconds_per_epoch": 9e9}


def test_a_search_in_which_every_trial_fails_exits_with_1_and_the_cause(place: Path) -> None:
    words = (*folders(place), "--project-name", "failed")
    result = autoopt_("tune", place / "all_fail.py", "--max-trials", 5, "--epochs", 1, *words)
    assert result.exit_code == 1
    assert result.stderr.startswith(
        "Error: ZeroDivisionError: my own mistake: so trial 0, your own model, failed"
    )
    assert "ZeroDivisionError: my own mistake" in result.stderr
    shown = autoopt_("show", "failed", "--directory", place / "runs")
    assert shown.exit_code == 0
    assert "3 trials failed, the first of them trial 0: ZeroDivisionError: my own mistake" in shown.stdout


def test_a_failed_search_leaves_standard_output_empty_where_json_was_to_stand(place: Path) -> None:
    words = (*folders(place), "--project-name", "failed_json", "--json")
    result = autoopt_("tune", place / "all_fail.py", "--max-trials", 5, "--epochs", 1, *words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Error: ZeroDivisionError: my own mistake" in result.stderr


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "no command of that name": (("tuen",), "No such command 'tuen'"),
    "no option of that name": (("tune", "net.py", "--budgt", "5s"), "No such option '--budgt'"),
    "no file of that name": (("tune", "nett.py"), "There is no file 'nett.py'. Did you mean 'net.py'?"),
    "no Python file": (("tune", "net"), "There is no 'net'. Expected a Python file"),
    "data before the model": (
        ("tune", "train.npz", "mlp"),
        "the model first: a Python file (model.py) or a starter. Write: autoopt tune mlp train.npz",
    ),
    "a starter alone": (
        ("tune", "mlp"),
        "The starter 'mlp' was given without data. Expected a file or a folder",
    ),
    "a starter misspelled": (("tune", "mpl", "train.npz"), "or a starter. Did you mean 'mlp'?"),
    "types without a kind": (
        ("tune", "mlp", "train.npz", "--types", "zip"),
        "--types was given 'zip'. Expected COLUMN=KIND",
    ),
    "a column of two kinds": (
        ("tune", "mlp", "train.npz", "--types", "a=text,a=date"),
        "--types was given text and date for a.",
    ),
    "no function of that name": (("tune", "net.py:brokn"), "defines no 'brokn'. Did you mean 'broken'?"),
    "no model_fn": (("tune", "nothing.py"), "nothing.py defines no 'model_fn'."),
    "no data": (("tune", "bare.py"), "bare.py defines no `data`. Expected `data = (x, y)`"),
    "no module of that name": (("tune", "no_such.nets:f"), "There is no module 'no_such.nets'"),
    "no model": (("tune", "net.py:forgetful"), "model_fn returned None"),
    "no data file of that name": (("tune", "net.py", "trian.npz"), "Did you mean 'train.npz'?"),
    "data that needs pickle": (("tune", "net.py", "objects.npz"), "only pickle reads"),
    "budget": (("tune", "net.py", "--budget", "soon"), "--budget was given 'soon'. Expected seconds above 0"),
    "max_trials": (("tune", "net.py", "--max-trials", "x"), "'x' is not a valid integer"),
    "workers": (("tune", "net.py", "--workers", "-1"), "--workers was given -1. Expected how many trials"),
    "seed": (("tune", "net.py", "--seed", "-1"), "--seed was given -1. Expected a whole number from 0"),
    "objective": (("tune", "net.py", "--objective", "val_acuracy"), "Did you mean 'val_accuracy'?"),
    "fix without a value": (("tune", "net.py", "--fix", "nonsense"), "Expected NAME=VALUE, for example"),
    "fix of another name": (
        ("tune", "net.py", "--fix", "optimizer/nam=sgd"),
        "Did you mean 'optimizer/name'?",
    ),
    "fix of what the file closes": (
        ("tune", "net.py", "--fix", "structure/dense/depth=2"),
        "structure stays as written: the space closes it. Leave structure open, or leave",
    ),
    "open": (("tune", "net.py", "--open", "structur"), "is no axis. Did you mean 'structure'?"),
    "open and close": (
        ("tune", "net.py", "--open", "optimizer", "--close", "optimizer"),
        "--open optimizer was given together with --close optimizer",
    ),
    "batch size": (("tune", "net.py", "--batch-size", "64"), "given 64, more than the 48 examples"),
    "engine": (("tune", "net.py", "--engine", "kears"), "--engine was given 'kears'. Did you mean 'keras'?"),
    "max_params": (
        ("tune", "net.py", "--max-params", "0"),
        "--max-params was given 0. Expected a whole number",
    ),
    "nothing within max_params": (
        ("tune", "net.py", "--max-params", "5"),
        "Your own model has 23 parameters, more than max_params=5. Expected a limit above that",
    ),
    "memory": (
        ("tune", "net.py", "--memory", "lots"),
        "--memory was given 'lots'. Expected a text as \"4GB\"",
    ),
    "directory": (("tune", "net.py", "--directory", "net.py"), "'net.py' is a file"),
    "resume": (("tune", "net.py", "--resume", "yes"), "'yes' is not one of 'true', 'false', 'overwrite'"),
    "no run of that name": (("show", "mine"), "There is no run 'mine'"),
    "no runs": (("show",), "There are no runs under autoopt_runs. Start one: autoopt tune"),
    "nothing to export": (("export", "mine", "best.keras"), "There is no run 'mine'"),
    "no logs": (
        ("board", "--logdir", "nowhere"),
        "--logdir is 'nowhere', which is not there. Expected the folder",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_usage_exits_with_2_and_a_message(
    case: str, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("net.py", "train.npz", "objects.npz"):
        (tmp_path / name).write_bytes((place / name).read_bytes())
    (tmp_path / "nothing.py").write_text("x = 1\n")
    (tmp_path / "bare.py").write_text("def model_fn(): ...\n")
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.chdir(tmp_path)
    words, message = WRONG[case]
    result = autoopt_(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert [path for path in sorted(tmp_path.rglob("*")) if "__pycache__" not in path.parts] == before


BATCHES = {
    "data(batch_size)": ("batch_size", True),
    "data(batch_size=32)": ("batch_size=32", True),
    "data()": ("", False),
    "data with defaults": ("path='rows.npz', *more, **others", False),
}


@pytest.mark.parametrize("case", BATCHES)
def test_data_of_a_model_file_is_called_unless_it_makes_batches_of_a_size(case: str, tmp_path: Path) -> None:
    arguments, makes_batches = BATCHES[case]
    (tmp_path / "sized.py").write_text(f"def model_fn(): ...\ndef data({arguments}):\n    return 'made'\n")
    defined = model_file.read(str(tmp_path / "sized.py"))
    assert defined.data() == (defined.module.data if makes_batches else "made")


RAISING = {
    "the model function": (MODEL, "net.py:broken", "in broken", "model_fn raised ZeroDivisionError"),
    "the file": ("x = 1 / 0\n", "net.py", "x = 1 / 0", "Importing net.py raised ZeroDivisionError"),
    "its syntax": ("def model_fn(:\n", "net.py", "def model_fn(:", "Importing net.py raised SyntaxError"),
    "its end": (
        "raise SystemExit(0)\n",
        "net.py",
        "raise SystemExit(0)",
        "Importing net.py raised SystemExit",
    ),
    "its data": (
        "def model_fn(): ...\ndef data():\n    return 1 / 0\n",
        "net.py",
        "return 1 / 0",
        "data() of net.py raised ZeroDivisionError",
    ),
}


@pytest.mark.parametrize("case", RAISING)
def test_what_the_user_s_file_raises_is_shown_without_our_own_frames(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, given, line, message = RAISING[case]
    (tmp_path / "net.py").write_text(content)
    monkeypatch.chdir(tmp_path)
    result = autoopt_("tune", given)
    assert result.exit_code == 2
    assert f'File "{tmp_path / "net.py"}"' in result.stderr
    assert line in result.stderr
    assert result.stderr.splitlines()[-1].startswith(f"Error: {message}")
    assert str(Path(autoopt.__file__).parent) not in result.stderr


def test_show_lists_the_best_trials_and_what_they_changed(place: Path, finished: Result) -> None:
    result = autoopt_("show", "first", "--directory", place / "runs")
    assert result.exit_code == 0
    assert "baseline   val_accuracy" in result.stdout
    assert "changed from your model" in result.stdout
    assert "nothing: it is your model" in result.stdout


def test_show_prints_one_json_object(place: Path, finished: Result) -> None:
    result = autoopt_("show", place / "runs" / "first", "--json")
    shown = json.loads(result.stdout)
    assert {row["trial"] for row in shown["leaderboard"]} == {0, 1}
    assert shown["trials"]["completed"] == 2


def test_runs_lists_every_run(place: Path, finished: Result) -> None:
    listed = autoopt_("runs", "--directory", place / "runs")
    assert listed.exit_code == 0
    columns, *rows = [line.split() for line in listed.stdout.splitlines()]
    assert columns == ["run", "objective", "baseline", "best", "trials", "ended"]
    assert ["first", "val_accuracy"] in [row[:2] for row in rows]
    found = json.loads(autoopt_("runs", "--directory", place / "runs", "--json").stdout)
    assert str(place / "runs" / "first") in {run["run"] for run in found}


def test_runs_without_any_says_how_to_start_one(tmp_path: Path) -> None:
    result = autoopt_("runs", "--directory", tmp_path)
    assert (result.exit_code, result.stdout) == (
        0,
        f"There are no runs under {tmp_path}. Start one: autoopt tune model.py\n",
    )


@pytest.mark.parametrize(
    ("format_", "name"), [("keras", "a.keras"), ("weights", "a.weights.h5"), ("json", "a.json")]
)
def test_export_writes_the_model_and_prints_where(
    format_: str, name: str, place: Path, finished: Result, tmp_path: Path
) -> None:
    words = ("--directory", place / "runs", "--format", format_)
    result = autoopt_("export", "first", tmp_path / name, *words)
    assert (result.exit_code, result.stdout) == (0, f"{tmp_path / name}\n")
    assert (tmp_path / name).stat().st_size > 100


@pytest.mark.parametrize(
    ("format_", "name", "message"),
    [
        ("kears", "a.keras", "--format was given 'kears'. Did you mean 'keras'?"),
        ("keras", "a.h5", "a.h5'. Expected a name that ends in .keras"),
        ("keras", "nowhere/a.keras", "There is no folder"),
    ],
)
def test_export_refuses_what_it_cannot_write(
    format_: str, name: str, message: str, place: Path, finished: Result, tmp_path: Path
) -> None:
    words = ("--directory", place / "runs", "--format", format_)
    result = autoopt_("export", "first", tmp_path / name, *words)
    assert result.exit_code == 2
    assert message in result.stderr


@at_full_counts
def test_an_objective_that_is_repeated_is_searched_for_as_a_front_and_shown_as_one(place: Path) -> None:
    goals = ("--objective", "val_loss", "--objective", "parameters", "--project-name", "front")
    tuned = autoopt_("tune", place / "net.py", *QUICK, *folders(place), *goals)
    shown = autoopt_("show", "front", "--directory", place / "runs")
    told = json.loads(autoopt_("show", "front", "--directory", place / "runs", "--json").stdout)

    assert tuned.exit_code == shown.exit_code == 0, tuned.output
    assert "trade-off of val_loss (min) and parameters (min)." in tuned.stdout
    assert all("Front: " in each.stdout and "the knee" in each.stdout for each in (tuned, shown))
    assert told["others"] == [{"name": "parameters", "direction": "min"}]
    assert told["front"][0] == {
        "trial": told["best_trial"], "val_loss": told["front"][0]["val_loss"], "parameters": 23.0,
    }  # fmt: skip
    assert told["leaderboard"][0]["front"] is True
    assert "val_loss, parameters" in autoopt_("runs", "--directory", place / "runs").stdout
