"""Wrong calls, of Python and of a shell, in one table: each is refused before anything is trained and says what to do."""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import autoopt
from autoopt import Constraints, Dataset, Resources, Search, Space, axes
from autoopt.cli import main
from autoopt.errors import SearchError, UsageError
from autoopt.result import Result
from autoopt.search import seconds
from tests.tables import customers
from tests.toys import eager

X, Y = np.linspace(-1.0, 1.0, 2560, dtype="float32").reshape(40, 64), np.arange(40) % 10
MANY = np.array([1, 2])
NAN = math.nan


def refused_trial(trial: Any) -> None:
    """Say that a search has begun, before anything is trained."""
    raise ZeroDivisionError("a trial was begun")


async def awaited(event: Any) -> None:
    """Do nothing, later."""


def tune(**arguments: Any) -> Result:
    given = {
        "model_fn": eager, "data": (X, Y), "epochs": 1, "max_trials": 1, "verbose": 0,
        "callbacks": refused_trial, "search": Search(confirm=0),
    }  # fmt: skip
    return autoopt.tune(**{**given, **arguments})


def cut(**arguments: Any) -> Dataset:
    return Dataset.of((X, Y), **arguments)


CALLS: dict[str, tuple[Callable[[], Any], str]] = {
    # tune: numbers.
    "no epochs": (lambda: tune(epochs=None), "epochs was given None. Expected a whole number from 1"),
    "half an epoch": (lambda: tune(epochs=1.5), "epochs was given 1.5. Expected a whole number from 1"),
    "epochs as text": (lambda: tune(epochs="3"), "epochs was given '3'. Expected a whole number"),
    "epochs true": (lambda: tune(epochs=True), "epochs was given True. Expected a whole number"),
    "epochs of NumPy below 1": (lambda: tune(epochs=np.int64(0)), "epochs was given 0. Expected a whole number"),
    "several epochs": (lambda: tune(epochs=MANY), "epochs was given (1, 2). Expected a whole number"),
    "trials as text": (lambda: tune(max_trials="10"), "max_trials was given '10'. Expected a whole number"),
    "trials NaN": (lambda: tune(max_trials=NAN), "max_trials was given nan. Expected a whole number"),
    "several trials": (lambda: tune(max_trials=[1]), "max_trials was given [1]. Expected a whole number"),
    "workers as an array": (lambda: tune(workers=MANY), "workers was given (1, 2). Expected how many trials"),
    "workers as text": (lambda: tune(workers="all"), "workers was given 'all'. Expected how many trials"),
    "seed as a fraction": (lambda: tune(seed=np.float64(0.5)), "seed was given np.float64(0.5). Expected a whole"),
    "seed as an array": (lambda: tune(seed=MANY), "seed was given array([1, 2]). Expected a whole number from 0"),
    "budget as a list": (lambda: tune(budget=["10m"]), "budget was given ['10m']. Expected seconds above 0"),
    "budget of bytes": (lambda: tune(budget=b"10m"), "budget was given b'10m'. Expected seconds above 0"),
    "budget without a number": (lambda: tune(budget="m"), "budget was given 'm'. Expected seconds above 0"),
    "budget for ever": (lambda: tune(budget=math.inf), "budget was given inf. Expected seconds above 0"),
    "budget of many digits": (lambda: seconds(10**5000), "budget was given an object of int. Expected seconds above 0"),
    "split of all": (lambda: tune(validation_split=1), "validation_split=1 was given. Expected a share"),
    "split as text": (lambda: tune(validation_split="0.2"), "validation_split='0.2' was given. Expected a share"),
    "split NaN": (lambda: tune(validation_split=NAN), "validation_split=nan was given. Expected a share"),
    "verbose as text": (lambda: tune(verbose="loud"), "verbose was given 'loud'. Expected 0, 1, 2 or"),
    "verbose as an array": (lambda: tune(verbose=MANY), "verbose was given (1, 2). Expected 0, 1, 2 or"),
    "resume as an array": (lambda: tune(resume=MANY), "resume was given (1, 2). Expected True, False or"),
    "resume as a number": (lambda: tune(resume=2), "resume was given 2. Expected True, False or"),
    # tune: names and objects.
    "objective as a number": (lambda: tune(objective=3), 'objective was given 3. Expected "auto", a metric name'),
    "objective as an array": (lambda: tune(objective=MANY), "objective was given 1. Expected"),
    "no objective": (lambda: tune(objective=[]), "which names nothing. Expected one name or more"),
    "direction in capitals": (lambda: tune(objective=("val_loss", "MIN")), 'Expected "max" or "min" behind a name'),
    "a misspelt starter": (lambda: tune(model_fn="mpl"), "Did you mean 'mlp'"),
    "a starter for images on a table": (lambda: tune(model_fn="cnn"), "numbers (rows, height, width, channels)"),
    "a target of arrays": (lambda: tune(target="y"), "target was given 'y' along with arrays"),
    "kinds of arrays": (lambda: tune(types={"a": "text"}), "types was given"),
    "a task that there is none of": (lambda: tune(data=customers(), task="binery"), "Did you mean 'binary'"),
    "a target as a number": (lambda: tune(data=customers(), target=3), "Expected the name of a column"),
    "a target that is misspelt": (lambda: tune(data=customers(), target="chrun"), "Did you mean 'churn'"),
    "a starter for images on raw rows": (lambda: tune(model_fn="cnn", data=customers()), "Take 'mlp'"),
    "a file that is not there": (lambda: tune(data="train.csv"), "There is no file train.csv"),
    "space as a class": (lambda: tune(space=Space), 'Expected "auto" or an autoopt.Space'),
    "space as an array": (lambda: tune(space=MANY), 'Expected "auto" or an autoopt.Space'),
    "search as a class": (lambda: tune(search=Search), "Expected an autoopt.Search"),
    "constraints as a class": (lambda: tune(constraints=Constraints), "Expected an autoopt.Constraints"),
    "resources as text": (lambda: tune(resources="4GB"), "resources was given '4GB'. Expected an autoopt.Resources"),
    "callbacks of numbers": (lambda: tune(callbacks=[1]), "callbacks holds 1. Expected keras.callbacks.Callback"),
    "no callbacks": (lambda: tune(callbacks=None), "callbacks was given None. Expected a list"),
    "no sinks": (lambda: tune(sinks=None), "sinks was given None. Expected callables of one event, in a list: write"),
    "sinks as text": (lambda: tune(sinks="print"), "sinks was given 'print'. Expected callables of one event"),
    "sinks of numbers": (lambda: tune(sinks=[1]), "sinks holds 1. Expected a callable of one event: write a function"),
    "a sink's class": (lambda: tune(sinks=[Search]), "sinks holds the class Search. Expected an object"),
    "a sink of nothing": (lambda: tune(sinks=lambda: 0), "cannot be called with one event: too many positional"),
    "a sink to await": (lambda: tune(sinks=[awaited]), "sinks holds awaited, which is async: nobody would await it"),
    "class weight as an array": (lambda: tune(class_weight=MANY), "Expected a mapping of class to weight"),
    "class weight below 0": (lambda: tune(class_weight={0: -1.0}), "Expected class numbers to weights of 0 or more"),
    "logdir as a number": (lambda: tune(logdir=3), "logdir was given 3. Expected the path of a folder"),
    "directory as bytes": (lambda: tune(directory=b"runs"), "directory was given b'runs'. Expected the path"),
    "name as a number": (lambda: tune(project_name=3), "project_name was given 3. Expected a plain name"),
    "name as an array": (lambda: tune(project_name=MANY), "Expected a plain name without slashes"),
    "name that leads out": (lambda: tune(project_name=".."), "given '..'. Expected a plain name without slashes"),
    "name with a zero byte": (lambda: tune(project_name="a\0b"), "Expected a plain name without slashes"),
    "resume of no name": (lambda: tune(resume=True), "resume=True was given without project_name. Expected the name of the run"),
    # What is learnt from.
    "data as text": (lambda: tune(data="train"), "There is no file train. Expected the path of CSV"),
    "data as a number": (lambda: tune(data=3), "data is 3 (int). Expected (x, y)"),
    "data as a class": (lambda: tune(data=Dataset), "Expected (x, y) or (x, y, sample_weight)"),
    "data as a folder": (lambda: tune(data=Path()), "Expected a folder for each class"),
    "one array in a tuple": (lambda: tune(data=(X,)), "data is a tuple without x or y. Expected (x, y)"),
    "no labels": (lambda: tune(data=(X, None)), "data is a tuple without x or y. Expected (x, y)"),
    "four arrays": (lambda: tune(data=(X, Y, Y, Y)), "data is a tuple of 4 items. Expected (x, y)"),
    "validation data as a number": (lambda: tune(validation_data=3), "validation_data is 3 (int). Expected"),
    "test data of few": (lambda: tune(test_data=(X[:3], Y[:3])), "test_data has 3 examples"),
    "seed of a cut below 0": (lambda: cut(seed=-1), "seed was given -1. Expected a whole number from 0, or None"),
    "seed of a cut as text": (lambda: cut(seed="0"), "seed was given '0'. Expected a whole number from 0, or None"),
    "share of a test part": (lambda: cut(test_split=2), "test_split was given 2. Expected a share from 0"),
    "groups of other length": (lambda: cut(groups=np.arange(3)), "groups has shape (3,) for 40 rows. Expected one label a row"),
    "time order as text": (lambda: cut(time_order="yes"), "time_order was given 'yes'. Expected True or False"),
    "parts of arrays": (lambda: Dataset(X, Y), "was given a ndarray. Expected an autoopt.data.Part or Stream"),
    # The model.
    "model as text": (lambda: tune(model_fn="net.py"), "model_fn was given 'net.py'. Expected a function"),
    "model as data": (lambda: tune(model_fn=(X, Y)), "Expected a function"),
    "inspect nothing": (lambda: autoopt.inspect(None), "model_fn was given None. Expected a function"),
    # Search.
    "search misspelled": (lambda: Search(confrim=0), "no argument 'confrim'. Did you mean 'confirm'?"),
    "confirm as text": (lambda: Search(confirm="3"), "confirm was given '3'. Expected a whole number from 0"),
    "confirm below 0": (lambda: Search(confirm=-1), "confirm was given -1. Expected a whole number from 0"),
    "keep as a fraction": (lambda: Search(keep=0.5), "keep was given 0.5. Expected a whole number from 0"),
    "repeats true": (lambda: Search(confirm_repeats=True), "confirm_repeats was given True. Expected a whole"),
    "no executions": (lambda: Search(executions_per_trial=0), "executions_per_trial was given 0. Expected"),
    "executions as an array": (lambda: Search(executions_per_trial=MANY), "given (1, 2). Expected a whole"),
    "one fold": (lambda: Search(cv=1), "cv was given 1. Expected a number of folds from 2"),
    "inherit as a number": (lambda: Search(inherit=1), "inherit was given 1. Expected True or False"),
    "sampler misspelled": (lambda: Search(sampler="tpee"), "sampler was given 'tpee'. Did you mean 'tpe'?"),
    "sampler as a class": (lambda: Search(sampler=object), "Expected an object of optuna.samplers"),
    "pruner misspelled": (lambda: Search(pruner="halvin"), "pruner was given 'halvin'. Did you mean 'halving'?"),
    "oracle as a number": (lambda: Search(oracle=1), "oracle was given 1. Expected an object of keras_tuner"),
    "start as numbers": (lambda: Search(start=[1]), "start was given [1]. Expected a list of points"),
    "start named by numbers": (lambda: tune(search=Search(start=[{1: 2}], confirm=0)), "start names 1. Expected the names"),
    "start in an empty folder": (lambda: tune(search=Search(start="", confirm=0)), "has no completed trial_*"),
    # Resources and constraints.
    "resources misspelled": (lambda: Resources(memroy="4GB"), "no argument 'memroy'. Did you mean 'memory'?"),
    "engine as an array": (lambda: Resources(engine=MANY), "engine was given (1, 2). Known: 'auto', 'keras'"),
    "memory without a unit": (lambda: Resources(memory="4"), "memory was given '4'. Expected a text as"),
    "memory of many digits": (lambda: Resources(memory="9" * 400 + "GB"), "Expected a text as"),
    "disk below 0": (lambda: Resources(max_disk=-1), "max_disk was given -1. Expected a text as"),
    "policy misspelled": (lambda: Resources(dtype_policy="float23"), "Did you mean 'float32'?"),
    "no workers": (lambda: tune(workers=0), "workers was given 0. Expected how many trials run at once: a whole"),
    "a card and a half": (lambda: Resources(gpus=1.5), "gpus was given 1.5. Expected how many GPUs each worker gets"),
    "true cards": (lambda: Resources(gpus=True), "gpus was given True. Expected how many GPUs"),
    "backend misspelled": (lambda: Resources(backend="jacks"), "Did you mean 'jax'?"),
    "no address": (lambda: Resources(address=" "), "address was given ' '. Expected that of a running Ray cluster"),
    "constraints misspelled": (lambda: Constraints(max_parms=1), "no argument 'max_parms'. Did you mean 'max_params'?"),
    "parameters as text": (lambda: Constraints(max_params="1e6"), "max_params was given '1e6'. Expected a whole"),
    "latency NaN": (lambda: Constraints(max_latency_ms=NAN), "max_latency_ms was given nan. Expected a number above 0"),
    "seconds of 0": (lambda: Constraints(max_seconds_per_epoch=0), "Expected a number above 0"),
    # Spaces and axes.
    "axis as an array": (lambda: Space(optimizer=MANY), "The axis optimizer was given array([1, 2])"),
    "axis of another kind": (lambda: Space(structure=axes.BatchSize([8])), "Expected True, False or an autoopt.axes.Structure"),
    "axis as a class": (lambda: Space(structure=axes.Structure), "Expected True, False or an autoopt.axes.Structure"),
    "pins as a list": (lambda: Space(fix=["a"]), "fix was given ['a']. Expected a mapping"),
    "pin NaN": (lambda: Space(fix={"optimizer/learning_rate": NAN}), "Expected a hyperparameter's name and the one value"),
    "pin to several": (lambda: Space(fix={"batch_size": [8, 16]}), "Expected a hyperparameter's name and the one value"),
    "JSON as a number": (lambda: Space.from_json(3), "from_json was given 3. Expected the text"),
    "JSON nested deeply": (lambda: Space.from_json("[" * 10**5), "nested too deeply. Expected plain JSON"),
    "warm-up as text": (lambda: axes.Optimizer(warmup=""), "warmup was given ''. Expected shares from 0"),
    "warm-up as an array": (lambda: axes.Optimizer(warmup=MANY), "warmup was given array([1, 2]). Expected shares"),
    "rates NaN": (lambda: axes.Optimizer(learning_rate=(NAN, 1.0)), "Expected (lowest, highest)"),
    "moving average as text": (lambda: axes.Optimizer(use_ema="yes"), "Expected a list of True and False"),
    "widths NaN": (lambda: axes.Structure(width=[NAN]), "width was given [nan]. Expected factors above 0"),
    "depth as text": (lambda: axes.Structure(extra_depth="2"), "extra_depth was given '2'. Expected a whole number from 0"),
    "sizes as text": (lambda: axes.BatchSize(["32"]), "batch_size was given ['32']. Expected whole numbers"),
    "no sizes": (lambda: axes.BatchSize([]), "batch_size was given []. Expected whole numbers"),
    "dropout below 0": (lambda: axes.Regularization(dropout=[-0.1]), "dropout was given [-0.1]. Expected a list of shares from 0"),
    "shift of NaN": (lambda: axes.Augmentation(shift=[NAN]), "shift was given [nan]. Expected a list of shares"),
    "flip misspelled": (lambda: axes.Augmentation(flip=["horizontl"]), "Did you mean 'horizontal'?"),
    # What was run.
    "load nothing": (lambda: autoopt.load(None), "load was given None. Expected a run's folder, or its name"),
    "load an object": (lambda: autoopt.load(object), "Expected a run's folder, or its name"),
    "load nowhere": (lambda: autoopt.load("mine", None), "directory was given None. Expected the path"),
    "load an empty name": (lambda: autoopt.load(""), "There is no run ''"),
    "load a zero byte": (lambda: autoopt.load("a\0b"), "There is no run 'a\\x00b'"),
    "source as data": (lambda: autoopt.load("mine", source=(X, Y)), "Expected what the run was made of"),
    "custom objects as a list": (lambda: autoopt.load("mine", custom_objects=[1]), "Expected a mapping of names to classes"),
}  # fmt: skip


@pytest.mark.parametrize("case", CALLS)
def test_a_wrong_call_says_what_was_given_and_what_to_do(case: str, tmp_path: Path) -> None:
    call, message = CALLS[case]
    with pytest.raises(UsageError, match=re.escape(message)):
        call()
    assert not list(tmp_path.iterdir())


def on_run(result: Result) -> dict[str, tuple[Callable[[], Any], str]]:
    """Return wrong calls of the methods of a result."""
    return {
        "board as text": (lambda: result.leaderboard("3"), "n was given '3'. Expected a whole number from 1"),
        "board of none": (lambda: result.leaderboard(0), "n was given 0. Expected a whole number from 1"),
        "evaluator": (
            lambda: result.importance("fanov"),
            "evaluator was given 'fanov'. Did you mean 'fanova'?",
        ),
        "evaluators": (lambda: result.importance(MANY), "evaluator was given"),
        "seed": (lambda: result.importance(seed=-1), "seed was given -1. Expected a whole number from 0"),
        "repeats": (lambda: result.ablation(0), "repeats was given 0. Expected a whole number from 1"),
        "ablation budget": (
            lambda: result.ablation(budget="soon"),
            "budget was given 'soon'. Expected seconds",
        ),
        "members": (lambda: result.ensemble(1), "k was given 1. Expected a whole number from 2"),
        "epochs": (
            lambda: result.refit(epochs=0),
            "epochs was given 0. Expected a whole number from 1, or None",
        ),
        "test": (lambda: result.refit(test="yes"), "test was given 'yes'. Expected True or False"),
        "no path": (lambda: result.export(None), "path was given None. Expected the path of a file"),
        "path of another kind": (lambda: result.export("a.h5"), "Expected a name that ends in .keras"),
        "format": (lambda: result.export("a.keras", None), "format was given None"),
        "onto itself": (
            lambda: result.export(result.run_dir / "best.keras"),
            "not the run's own. Name another",
        ),
        "model function": (lambda: result.ensemble(), "An ensemble takes the model function and the data"),
    }


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    runs = tmp_path_factory.mktemp("runs")
    done = tune(callbacks=(), directory=runs / "runs", logdir=runs / "logs", max_trials=2, seed=0)
    return autoopt.load(done.run_dir)


def test_a_wrong_question_to_a_result_says_what_to_do(result: Result, tmp_path: Path) -> None:
    for case, (call, message) in on_run(result).items():
        with pytest.raises(UsageError, match=re.escape(message)):
            call()
        assert not list(tmp_path.iterdir()), case


NUMPY = {
    "epochs": np.int64(1), "max_trials": np.int32(1), "workers": np.int8(1), "seed": np.uint64(7), "budget": np.float32(60.0),
    "verbose": np.int64(0), "resume": np.False_, "validation_split": np.float64(0.25),
}  # fmt: skip


@pytest.mark.parametrize("name", NUMPY)
def test_a_scalar_of_numpy_is_taken_as_python_s(name: str) -> None:
    with pytest.raises(SearchError, match="a trial was begun"):
        tune(**{name: NUMPY[name]})


def test_scalars_of_numpy_in_options_are_kept_as_python_s() -> None:
    search = Search(confirm=np.int64(0), keep=np.int32(2), inherit=np.True_, cv=None)
    limits = Constraints(np.int64(100), np.float32(2.0), np.float64(3.0))
    assert (search, limits) == (Search(confirm=0, keep=2, inherit=True), Constraints(100, 2.0, 3.0))
    assert Resources(memory=np.int64(4 * 10**9)) == Resources(memory=4 * 10**9)
    kinds = [type(search.confirm), type(search.inherit), type(limits.max_params), type(limits.max_latency_ms)]
    assert kinds == [int, bool, int, float]


COMMANDS: dict[str, tuple[tuple[str, ...], str]] = {
    "a folder for a file": (("tune", "here.py"), "There is no file 'here.py'"),
    "an empty model": (("tune", ""), "There is no ''. Expected a Python file"),
    "a model of many letters": (("tune", "x" * 5000), "Expected a Python file (model.py)"),
    "data of many letters": (("inspect", "x" * 5000), "Expected a Python file (model.py)"),
    "data that is a folder": (("tune", "net.py", "folder"), "Expected a folder for each class"),
    "epochs": (("tune", "net.py", "--epochs", "0"), "--epochs was given 0. Expected a whole number from 1"),
    "epochs as words": (("tune", "net.py", "--epochs", "ten"), "'ten' is not a valid integer"),
    "split": (("tune", "net.py", "--validation-split", "nan"), "--validation-split nan was given"),
    "sampler": (("tune", "net.py", "--sampler", "tpee"), "--sampler was given 'tpee'. Did you mean 'tpe'?"),
    "pruner": (
        ("tune", "net.py", "--pruner", "medain"),
        "--pruner was given 'medain'. Did you mean 'median'?",
    ),
    "oracle": (
        ("tune", "net.py", "--oracle", "bayes"),
        "--oracle was given 'bayes'. Did you mean 'bayesian'?",
    ),
    "latency": (("tune", "net.py", "--max-latency-ms", "nan"), "--max-latency-ms was given nan"),
    "gpus": (
        ("tune", "net.py", "--gpus", "1.5"),
        "--gpus was given 1.5. Expected how many GPUs each worker gets",
    ),
    "address": (
        ("tune", "net.py", "--address", " "),
        "--address was given ' '. Expected that of a running Ray cluster",
    ),
    "backend": (("tune", "net.py", "--backend", "jacks"), "--backend was given 'jacks'. Did you mean 'jax'?"),
    "memory that nothing fits in": (("tune", "net.py", "--memory", "20MB"), "'20MB', and this process takes"),
    "objectives twice": (
        ("tune", "net.py", "--objective", "val_loss", "--objective", "val_loss"),
        "--objective was given ['val_loss', 'val_loss'], which names 'val_loss' twice",
    ),
    "costs alone": (
        ("tune", "net.py", "--objective", "latency"),
        "pass --objective val_loss --objective latency",
    ),
    "class weight": (("tune", "net.py", "--class-weight", "equal"), "'equal' is not"),
    "a name that leads out": (
        ("tune", "net.py", "--project-name", "../x"),
        "--project-name was given '../x'. Expected a plain name",
    ),
    "an empty name": (("tune", "net.py", "--project-name", ""), "Expected a plain name"),
    "sizes": (("tune", "net.py", "--batch-size", "32;64"), "--batch-size was given '32;64'. Expected whole"),
    "sizes of many digits": (("tune", "net.py", "--batch-size", "9" * 5000), "Expected whole numbers"),
    "pin nested deeply": (("tune", "net.py", "--fix", f"a={'[' * 10**5}"), "which this search does not have"),
    "pin to a list": (("tune", "net.py", "--fix", "batch_size=[8]"), "Expected a hyperparameter's name"),
    "nothing to close": (("tune", "net.py", "--close", ","), "--close was given ','. Expected axes"),
    "verbose": (("tune", "net.py", "--verbose", "3"), "3 is not in the range 0<=x<=2"),
    "logs in a file": (("tune", "net.py", "--logdir", "net.py"), "--logdir was given 'net.py'"),
    "inspect no file": (("inspect", "nett.py"), "Did you mean 'net.py'?"),
    "no rows": (("show", "-n", "0"), "0 is not in the range x>=1"),
    "show a folder": (("show", "folder"), "'folder' is no run folder: it has no run.json"),
    "runs in a file": (("runs", "--directory", "net.py"), "--directory was given 'net.py', which is a file"),
    "the newest run in a file": (
        ("show", "--directory", "net.py"),
        "which is a file. Expected the folder in which",
    ),
    "show a file as JSON": (("show", "net.py", "--json"), "'net.py' is no run folder"),
    "runs in a file as JSON": (("runs", "--directory", "net.py", "--json"), "which is a file"),
    "importance as JSON": (("importance", "mine", "--json"), "There is no run 'mine'"),
    "compare as JSON": (("compare", "mine", "yours", "--json"), "There is no run 'mine'"),
    "compare one as JSON": (("compare", "mine", "--json"), "Expected two runs or more"),
    "resume as JSON": (("resume", "mine", "--json"), "There is no run 'mine'"),
    "tune as JSON": (("tune", "net.py", "--epochs", "0", "--json"), "--epochs was given 0"),
    "an unknown flag and JSON": (("show", "--jsn"), "No such option"),
    "report of a file": (("report", "net.py"), "'net.py' is no run folder"),
    "export of a folder": (("export", "folder", "best.keras"), "'folder' is no run folder"),
    "importance of nothing": (("importance",), "Missing argument 'RUN'"),
    "resume nothing": (("resume", "mine"), "There is no run 'mine'"),
    "a port": (("board", "--port", "99999"), "99999 is not in the range"),
    "logs of no run": (("board", "mine"), "There is no run 'mine'"),
    "logs of a folder": (("board", "folder"), "'folder' is no run folder: it has no run.json"),
    "a host": (
        ("board", "--logdir", ".", "--host", "x" * 80),
        "Expected a name or an address of this machine",
    ),
    "logs that are a file": (
        ("board", "--logdir", "net.py"),
        "--logdir is 'net.py', which is a file, not a folder",
    ),
}

FILE = """
import keras, numpy as np
data = np.zeros((40, 4)), np.arange(40) % 2

def model_fn():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, "softmax")])
"""


@pytest.mark.parametrize("case", COMMANDS)
def test_a_wrong_command_exits_with_2_and_says_what_to_do(case: str, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(FILE)
    (tmp_path / "folder").mkdir()
    words, message = COMMANDS[case]
    done = CliRunner().invoke(main, list(words))
    assert (done.exit_code, done.stdout) == (2, ""), done.output
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert {path.name for path in tmp_path.iterdir()} - {"__pycache__"} == {"net.py", "folder"}
