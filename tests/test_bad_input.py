"""Wrong calls of `tune`: each is refused before the first trial, says what to do, and leaves nothing behind."""

import pickle
import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

import autoopt
from autoopt import Constraints, Resources, Search, Space, axes, errors
from autoopt.errors import DataError, ModelError, RunError, SpaceError, UsageError

X = np.linspace(-1.0, 1.0, 160, dtype="float32").reshape(40, 4)
Y = np.arange(40) % 2
NAMES = np.array(["cat", "dog"])[Y]


def compiled(loss: str, units: int = 2, activation: str = "softmax") -> Callable[[], Any]:
    def model_fn() -> Any:
        model = keras.Sequential(
            [keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(units, activation)]
        )
        model.compile("sgd", loss)
        return model

    return model_fn


def broken() -> Any:
    raise ZeroDivisionError("my own mistake")


def forgetful() -> None:
    """Lack the `return model`."""


def needs_two(units: int, rate: float) -> None:
    """Need more than `hp`."""


def with_value(value: float) -> np.ndarray:
    changed = X.copy()
    changed[3, 1] = value
    return changed


def file(folder: Path, name: str, content: bytes = b"x") -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def archive(folder: Path, name: str = "train.npz", **arrays: Any) -> Path:
    np.savez(folder / name, **arrays)
    return folder / name


def earlier_run(folder: Path) -> Path:
    (folder / "runs" / "old").mkdir(parents=True)
    file(folder / "runs" / "old", "run.json", b"{}")
    return folder / "runs"


def other_folder(folder: Path) -> Path:
    (folder / "thesis").mkdir()
    file(folder / "thesis", "chapter.txt")
    return folder


Arguments = dict[str, Any]
CASES: dict[str, tuple[Callable[[Path], Arguments], type[UsageError], str]] = {
    # What is learnt from.
    "lengths": (lambda _: {"data": (X, Y[:7])}, DataError, r"x has 40 rows and y has 7.*same length"),
    "NaN": (lambda _: {"data": (with_value(np.nan), Y)}, DataError, r"x has 1 NaN.*row 3.*Drop those rows"),
    "infinity": (lambda _: {"data": (with_value(np.inf), Y)}, DataError, r"x has 1 infinite.*row 3"),
    "text labels": (
        lambda _: {"data": (X, NAMES)},
        DataError,
        r"y holds text \('cat', 'dog'\).*LabelEncoder",
    ),
    "empty": (lambda _: {"data": (X[:0], Y[:0])}, DataError, r"x is empty.*Pass data with examples"),
    "one row": (lambda _: {"data": (X[:1], Y[:1])}, DataError, r"1 row, too few.*Pass more rows"),
    "no labels": (lambda _: {"data": X}, DataError, r"ndarray without labels.*Pass \(x, y\)"),
    "no data": (lambda _: {"data": None}, DataError, r"data is None.*Expected \(x, y\)"),
    "generator": (
        lambda _: {"data": (pair for pair in [(X, Y)])},
        DataError,
        r"generator, which can be read only once.*PyDataset",
    ),
    "validation_data": (
        lambda _: {"data": (X, Y), "validation_data": (X, Y[:7])},
        DataError,
        r"In validation_data, x has 40 rows and y has 7",
    ),
    "validation_split": (
        lambda _: {"validation_split": 1.5},
        DataError,
        r"validation_split=1\.5.*such as 0\.2",
    ),
    # Data files.
    "file missing": (
        lambda folder: {"data": archive(folder, x=X, y=Y).with_name("trian.npz")},
        DataError,
        r"There is no file .*trian\.npz.*Did you mean 'train\.npz'\?",
    ),
    "file unreadable": (
        lambda folder: {"data": file(folder, "train.npz", b"no archive")},
        DataError,
        r"train\.npz cannot be read\. It is no archive of arrays.*np\.savez\(path, x=x, y=y\)",
    ),
    "file cut short": (
        lambda folder: {"data": file(folder, "cut.npz", archive(folder, x=X, y=Y).read_bytes()[:200])},
        DataError,
        r"cut\.npz (is no archive of arrays|cannot be read).*np\.savez",
    ),
    "file of objects": (
        lambda folder: {"data": archive(folder, x=np.array([{}, []], dtype=object), y=Y[:2])},
        DataError,
        r"only pickle reads.*can run any code",
    ),
    "file is a pickle": (
        lambda folder: {"data": file(folder, "train.npz", pickle.dumps((X, Y)))},
        DataError,
        r"is no archive of arrays.*pickle is refused",
    ),
    "file of another kind": (
        lambda folder: {"data": file(folder, "train.xlsx")},
        DataError,
        r"train\.xlsx is of a format that is not read here.*Save the sheet as CSV",
    ),
    # The model function.
    "no model_fn": (
        lambda _: {"model_fn": None},
        ModelError,
        r"model_fn was given None.*Expected a function",
    ),
    "hypermodel class": (
        lambda _: {"model_fn": keras_tuner.HyperModel},
        ModelError,
        r"given <class .*a keras_tuner\.HyperModel object",
    ),
    "model class without call": (
        lambda _: {"model_fn": keras.Model},
        ModelError,
        r"cannot be called on x of shape \(1, 4\).*takes a batch of the data",
    ),
    "two arguments": (
        lambda _: {"model_fn": needs_two},
        ModelError,
        r"needs 2 arguments: units, rate.*partial",
    ),
    "no model": (lambda _: {"model_fn": forgetful}, ModelError, r"returned None.*end with `return model`\?"),
    "raises": (lambda _: {"model_fn": broken}, ModelError, r"raised ZeroDivisionError: my own mistake"),
    # Model and data together.
    "labels too high": (lambda _: {"data": (X, Y + 5)}, DataError, r"6 as its largest label.*Dense\(7\)"),
    "labels below 0": (lambda _: {"data": (X, Y - 1)}, DataError, r"label -1.*np\.unique"),
    "width of x": (
        lambda _: {"data": (X[:, :3], Y)},
        DataError,
        r"shape \(3,\) and.*takes \(4,\).*keras\.Input",
    ),
    "width of the test part": (
        lambda _: {"test_data": (X[:, :3], Y)},
        DataError,
        r"In the test part, x has rows of shape \(3,\)",
    ),
    "labels of the validation part": (
        lambda _: {"validation_data": (X, Y + 5)},
        DataError,
        r"In the validation part, y has 6 as its largest label",
    ),
    "loss for other outputs": (
        lambda _: {"model_fn": compiled("mse", 3)},
        DataError,
        r"gives \(3,\).*Change the last layer to Dense\(1\)",
    ),
    "loss for other labels": (
        lambda _: {"model_fn": compiled("categorical_crossentropy")},
        DataError,
        r"loss is categorical_crossentropy.*Compile with sparse_categorical_crossentropy",
    ),
    "loss unknown": (
        lambda _: {"model_fn": compiled("sparse_crossentropy")},
        DataError,
        r"sparse_crossentropy.*Expected a loss that fits",
    ),
    "objective unknown": (
        lambda _: {"objective": "val_acuracy"},
        UsageError,
        r"'val_acuracy', which no trial reports\. Did you mean 'val_accuracy'\? Known: 'val_accuracy', 'val_auc', 'accuracy'",
    ),
    "objective unknown to Keras": (
        lambda _: {"objective": keras_tuner.Objective("val_f2", "max")},
        UsageError,
        r"'val_f2', which no trial reports.*'val_accuracy'",
    ),
    "objectives": (
        lambda _: {"objective": ["loss", "latencies"]},
        UsageError,
        r"'latencies', which no trial reports\. Did you mean 'latency'",
    ),
    "costs alone": (lambda _: {"objective": ["latency", "parameters"]}, UsageError, r"a metric beside it"),
    "one objective twice": (lambda _: {"objective": ["loss", ("loss", "min")]}, UsageError, r"'loss' twice"),
    "several objectives, one sum": (
        lambda _: {
            "objective": ["loss", "parameters"],
            "search": Search(oracle=keras_tuner.oracles.RandomSearchOracle(max_trials=2)),
        },
        UsageError,
        r"oracle was given RandomSearchOracle.*Pass one objective, or an Optuna sampler",
    ),
    "class_weight": (lambda _: {"class_weight": "equal"}, UsageError, r'given \'equal\'.*"balanced"'),
    "class_weight by name": (lambda _: {"class_weight": {"cat": 1}}, UsageError, r"Expected class numbers"),
    # The space.
    "space": (lambda _: {"space": "bogus"}, SpaceError, r"space was given 'bogus'.*autoopt\.Space\("),
    "axis": (lambda _: {"space": Space(structure="x")}, SpaceError, r"structure was given 'x'.*True, False"),
    "optimizer": (
        lambda _: {"space": Space(optimizer=axes.Optimizer(["sdg"]))},
        SpaceError,
        r"optimizer 'sdg' is not known\. Did you mean 'sgd'\?",
    ),
    "optimizer alone": (
        lambda _: {"space": Space(optimizer=axes.Optimizer("sgd"))},
        SpaceError,
        r"optimizer was given 'sgd'\. Expected a list",
    ),
    "schedule": (
        lambda _: {"space": Space(optimizer=axes.Optimizer(schedule=["cosin"]))},
        SpaceError,
        r"schedule 'cosin' is not known\. Did you mean 'cosine'\?",
    ),
    "initializer": (
        lambda _: {"space": Space(initialization=axes.Initialization(["he_norml"]))},
        SpaceError,
        r"initializer 'he_norml' is not known\. Did you mean 'he_normal'\?",
    ),
    "bounds swapped": (
        lambda _: {"space": Space(optimizer=axes.Optimizer(learning_rate=(0.1, 0.001)))},
        SpaceError,
        r"given \(0\.1, 0\.001\)\. Expected \(lowest, highest\)",
    ),
    **{
        f"bounds {bounds}": (
            lambda _, bounds=bounds: {"space": Space(optimizer=axes.Optimizer(learning_rate=bounds))},
            SpaceError,
            rf"given {re.escape(repr(bounds))}\. Expected \(lowest, highest\)",
        )
        for bounds in ((0.1, 0.1), (-0.1, 0.1), (0.1, float("nan")), (0.1, float("inf")), (0.1, 0.2, 0.3))
    },
    "no such axis": (
        lambda _: {"space": Space(optimiser=False)},
        SpaceError,
        r"no argument 'optimiser'\. Did you mean 'optimizer'\?",
    ),
    "no such argument of an axis": (
        lambda _: {"space": Space(optimizer=axes.Optimizer(rate=(0.1, 0.2)))},
        SpaceError,
        r"Optimizer has no argument 'rate'.*Known: .*'learning_rate'",
    ),
    "no such schedule": (
        lambda _: {"space": Space(optimizer=axes.Optimizer(schedule=["cosin"]))},
        SpaceError,
        r"schedule 'cosin' is not known\. Did you mean 'cosine'\?",
    ),
    "one bound": (
        lambda _: {"space": Space(optimizer=axes.Optimizer(learning_rate=0.1))},
        SpaceError,
        r"learning_rate was given 0\.1\. Expected \(lowest, highest\)",
    ),
    "dropout of 1": (
        lambda _: {"space": Space(regularization=axes.Regularization(dropout=[1.0]))},
        SpaceError,
        r"dropout was given \[1\.0\].*below 1",
    ),
    "width of 0": (
        lambda _: {"space": Space(structure=axes.Structure(width=[0]))},
        SpaceError,
        r"width was given \[0\]\. Expected factors above 0",
    ),
    "batch size of 0": (
        lambda _: {"space": Space(batch_size=[0])},
        SpaceError,
        r"\[0\].*whole numbers from 1",
    ),
    "batch size above the data": (
        lambda _: {"space": Space(batch_size=[32, 64])},
        SpaceError,
        r"given 64, more than the 32 examples that train.*at most 32",
    ),
    "fix": (
        lambda _: {"space": Space(fix={"optimizer/nam": "adam"})},
        SpaceError,
        r"'optimizer/nam', which this search does not have\. Did you mean 'optimizer/name'\?",
    ),
    "fix of smoothed labels under a regression loss": (
        lambda _: {
            "model_fn": compiled("mse", 1, "linear"),
            "space": Space(fix={"regularization/label_smoothing": 0.1}),
        },
        SpaceError,
        r"'regularization/label_smoothing'.*does not have\. Take it out of fix: the loss mean_squared_error is",
    ),
    "smoothed labels under a regression loss": (
        lambda _: {
            "model_fn": compiled("mse", 1, "linear"),
            "space": Space(regularization=axes.Regularization(label_smoothing=[0.1])),
        },
        SpaceError,
        r"label_smoothing was given \[0\.1\], but the loss mean_squared_error",
    ),
    "fix out of range": (
        lambda _: {"space": Space(fix={"optimizer/learning_rate": 50})},
        SpaceError,
        r"learning_rate was given 50.*Expected a number from",
    ),
    "fix of a conditional one out of range": (
        lambda _: {"space": Space(fix={"optimizer/momentum": 2.0})},
        SpaceError,
        r"momentum was given 2\.0.*Expected a number from 0\.5 to 0\.99",
    ),
    "fix that another pin rules out": (
        lambda _: {"space": Space(fix={"optimizer/name": "adam", "optimizer/momentum": 0.9})},
        SpaceError,
        r"'optimizer/momentum'.* asked for only where optimizer/name is momentum or nesterov",
    ),
    "fix of a batch size above the data": (
        lambda _: {"space": Space(fix={"batch_size": 64})},
        SpaceError,
        r"batch_size was given 64.*Expected",
    ),
    "fix of a closed axis": (
        lambda _: {"space": Space(optimizer=False, fix={"optimizer/name": "adam"})},
        SpaceError,
        r"optimizer stays as written: the space closes it\. Leave optimizer open",
    ),
    "fix without a value": (
        lambda _: {"space": Space(fix={"optimizer/name": None})},
        SpaceError,
        r"fix was given 'optimizer/name': None\. Expected .*the one value",
    ),
    "fix outside of the choices": (
        lambda _: {"space": Space(fix={"optimizer/name": "adm"})},
        SpaceError,
        r"name was given 'adm'.*one of .*'adam'.*Did you mean 'adam'\?",
    ),
    # The search.
    "search": (lambda _: {"search": {"confirm": 0}}, UsageError, r"search was given {.*autoopt\.Search"),
    "inherit": (lambda _: {"search": Search(inherit="auto")}, UsageError, r"'auto'.*True or False"),
    "oracle": (lambda _: {"search": Search(oracle="randum")}, UsageError, r"'randum'.*Did you mean 'random'"),
    "start": (
        lambda _: {"search": Search(start=[{"optimizer/nam": "adam"}])},
        SpaceError,
        r"start names 'optimizer/nam'.*Did you mean 'optimizer/name'\?",
    ),
    "start outside": (
        lambda _: {"search": Search(start=[{"optimizer/learning_rate": 50}])},
        SpaceError,
        r"learning_rate was given 50.*Expected a number",
    ),
    "start of nothing that fits": (
        lambda folder: {
            "search": Search(
                start=file(folder, "hp.json", b'{"space": [], "values": {"optimizer/nam": "adam"}}')
            )
        },
        SpaceError,
        r"hp\.json', of which nothing fits.*Did you mean 'optimizer/name'\?",
    ),
    "start of no file": (
        lambda folder: {"search": Search(start=[folder / "trial.json"])},
        SpaceError,
        r"trial\.json', which is not there.*Expected a JSON that KerasTuner wrote",
    ),
    "start is one point": (
        lambda _: {"search": Search(start={"a": 1})},
        UsageError,
        r"Expected a list of points",
    ),
    "constraints": (
        lambda _: {"constraints": {"max_params": 10}},
        UsageError,
        r"constraints was given {'max_params': 10}\. Expected an autoopt\.Constraints",
    ),
    "a limit of no parameters": (
        lambda _: {"constraints": Constraints(max_params=0)},
        UsageError,
        r"max_params was given 0\. Expected a whole number from 1.*Leave max_params out",
    ),
    "a limit that nothing can keep": (
        lambda _: {"constraints": Constraints(max_params=10), "space": Space(structure=False)},
        SpaceError,
        r"Your own model has 23 parameters, more than max_params=10.*Raise the limit, or leave structure open",
    ),
    "gpus": (
        lambda _: {"resources": Resources(gpus=-1)},
        UsageError,
        r"gpus was given -1\. Expected how many GPUs",
    ),
    "memory": (
        lambda _: {"resources": Resources(memory="4")},
        UsageError,
        r"memory was given '4'\. Expected a text as \"4GB\".*Leave memory out",
    ),
    "isolate": (
        lambda _: {"resources": Resources(isolate="yes")},
        UsageError,
        r"isolate was given 'yes'\. Expected True or False",
    ),
    "compilation cache": (
        lambda _: {"resources": Resources(compilation_cache="no")},
        UsageError,
        r"compilation_cache was given 'no'\. Expected True or False",
    ),
    # Numbers and flags.
    "epochs": (lambda _: {"epochs": 0}, UsageError, r"epochs was given 0\. Expected a whole number from 1"),
    "max_trials": (lambda _: {"max_trials": 0}, UsageError, r"max_trials was given 0\. Expected a whole"),
    "workers": (
        lambda _: {"workers": -1},
        UsageError,
        r"workers was given -1\. Expected how many trials run at once: a whole number from 1",
    ),
    "workers in part": (
        lambda _: {"workers": 2.5},
        UsageError,
        r"workers was given 2\.5\. Expected how many trials",
    ),
    "workers that are true": (
        lambda _: {"workers": True},
        UsageError,
        r"workers was given True\. Expected how many",
    ),
    "resume": (lambda _: {"resume": "yes"}, UsageError, r'resume was given \'yes\'.*"overwrite"'),
    "verbose": (lambda _: {"verbose": 9}, UsageError, r"verbose was given 9\. Expected 0, 1, 2"),
    **{
        f"seed {seed!r}": (
            lambda _, seed=seed: {"seed": seed},
            UsageError,
            rf"seed was given {re.escape(repr(seed))}\. Expected a whole number from 0, or None",
        )
        for seed in ("0", 1.5, True, -1)
    },
    **{
        f"budget {budget!r}": (
            lambda _, budget=budget: {"budget": budget},
            UsageError,
            rf'budget was given {re.escape(repr(budget))}\. Expected seconds above 0.*"10m"',
        )
        for budget in ("soon", 0, -1, "-5s", float("nan"))
    },
    # Callbacks.
    "callback class": (
        lambda _: {"callbacks": [keras.callbacks.EarlyStopping]},
        UsageError,
        r"holds the class EarlyStopping.*write EarlyStopping\(\)",
    ),
    "callback class alone": (
        lambda _: {"callbacks": keras.callbacks.EarlyStopping},
        UsageError,
        r"the class EarlyStopping.*write \[EarlyStopping\(\)\]",
    ),
    "callback alone": (
        lambda _: {"callbacks": keras.callbacks.EarlyStopping()},
        UsageError,
        r"Expected a list of Keras callbacks, in brackets",
    ),
    # Folders.
    "directory": (lambda folder: {"directory": file(folder, "f")}, RunError, r"directory.*f' is a file"),
    "directory in a file": (lambda folder: {"directory": file(folder, "f") / "d"}, RunError, r"f' is a file"),
    "no directory": (lambda _: {"directory": None}, RunError, r"directory was given None.*path of a folder"),
    "logdir": (lambda folder: {"logdir": file(folder, "f")}, RunError, r"logdir was given .*f' is a file"),
    "project_name": (lambda _: {"project_name": "a/b"}, RunError, r"given 'a/b'.*without slashes"),
    "run exists": (
        lambda folder: {"directory": earlier_run(folder), "project_name": "old"},
        RunError,
        r"old exists already\. Pass resume=True to go on.*resume=.overwrite. to replace",
    ),
    "no run to overwrite": (
        lambda folder: {"directory": other_folder(folder), "project_name": "thesis", "resume": "overwrite"},
        RunError,
        r"thesis exists and is no run.*another project_name",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_call_says_what_to_do_and_leaves_nothing_behind(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, error, message = CASES[case]
    defaults = {
        "model_fn": compiled("sparse_categorical_crossentropy"), "data": (X, Y), "epochs": 1, "budget": "30s",
        "directory": tmp_path / "new runs", "logdir": tmp_path / "new logs", "verbose": 1,
    }  # fmt: skip
    (tmp_path / "given").mkdir()
    with pytest.raises(UsageError, match=re.compile(message, re.DOTALL)) as raised:
        autoopt.tune(**{**defaults, **arguments(tmp_path / "given")})
    assert type(raised.value) is error
    assert [path.name for path in tmp_path.iterdir()] == ["given"]
    assert capsys.readouterr() == ("", "")


def test_the_traceback_of_a_model_function_shows_its_own_line() -> None:
    with pytest.raises(ModelError) as raised:
        autoopt.tune(broken, (X, Y))
    assert isinstance(raised.value.__cause__, ZeroDivisionError)
    shown = "".join(traceback.format_exception(raised.value))
    assert 'raise ZeroDivisionError("my own mistake")' in shown


def test_what_is_no_run_is_left_as_it_was(tmp_path: Path) -> None:
    folder = other_folder(tmp_path)
    with pytest.raises(RunError):
        autoopt.tune(broken, (X, Y), directory=folder, project_name="thesis", resume="overwrite")
    assert (folder / "thesis" / "chapter.txt").read_text() == "x"


def test_a_run_to_load_that_is_missing_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no run 'odl'.*Did you mean 'old'\?"):
        autoopt.load("odl", earlier_run(tmp_path))


def test_a_run_to_load_from_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no run 'mine'.*Known: none"):
        autoopt.load("mine", tmp_path)


def test_nearest_puts_close_names_first() -> None:
    assert errors.nearest("adm", ["sgd", "adam"]) == " Did you mean 'adam'? Known: 'adam', 'sgd'."
    assert errors.nearest("train.csv", ["brain_scans", "main.py"]).startswith(" Known: ")


def test_nearest_lists_some_of_many_names() -> None:
    said = errors.nearest("ag", ["age", *(f"t{number}" for number in range(999))])
    assert "Did you mean 'age'?" in said and len(said) < 400 and said.endswith(" and 970 more.")
