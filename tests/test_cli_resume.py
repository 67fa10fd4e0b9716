"""`autoopt resume`: a run goes on with the model file that it was begun with, or with one that is named."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import autoopt
from autoopt.cli import main
from tests.counts import at_full_counts

MODEL = """
import autoopt
import keras
import numpy as np

x = np.loadtxt("x.txt")
data = (x, np.arange(len(x)) % 2)
space = autoopt.Space(structure=False)
search = autoopt.Search(confirm=0)

def model_fn():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, "softmax")])
"""


def autoopt_(*words: Any) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with a model file, the data that it reads, and a run of two trials."""
    found = tmp_path_factory.mktemp("place")
    (found / "net.py").write_text(MODEL)
    (found / "x.txt").write_text("1 2 3 4\n" * 30)
    with pytest.MonkeyPatch.context() as environment, contextlib.chdir(found):
        environment.setenv("XDG_STATE_HOME", str(found / "state"))
        begun = autoopt_(
            "tune", "net.py", "--max-trials", 2, "--epochs", 1, "--project-name", "one", "--seed", 0
        )
        assert begun.exit_code == 0, begun.output
        yield found


@pytest.fixture(autouse=True)
def there(place: Path) -> Iterator[None]:
    """Be in the folder of the model file meanwhile."""
    with contextlib.chdir(place):
        yield


@pytest.fixture
def elsewhere(place: Path, there: None) -> Iterator[Path]:
    """Be in another folder meanwhile."""
    folder = place / "elsewhere"
    folder.mkdir(exist_ok=True)
    with contextlib.chdir(folder):
        yield folder


def test_a_run_goes_on_from_any_folder_with_what_it_was_begun_with(place: Path, elsewhere: Path) -> None:
    result = autoopt_("resume", place / "autoopt_runs" / "one", "--max-trials", 3, "--json")

    assert result.exit_code == 0, result.output
    assert sum(json.loads(result.stdout)["trials"].values()) == 3
    assert "Going on: 2 trials have finished before" in result.stderr
    assert not list(elsewhere.iterdir())
    assert (place / "tensorboard_logs" / "one").is_dir()


def test_a_model_file_that_somebody_else_named_is_not_imported(place: Path) -> None:
    run = place / "autoopt_runs" / "one"
    asked = json.loads((run / "run.json").read_text())
    (place / "evil.py").write_text("from pathlib import Path; Path('harm').touch()")
    (run / "run.json").write_text(json.dumps({**asked, "command": {**asked["command"], "model": "evil.py"}}))
    result = autoopt_("resume", run)
    (run / "run.json").write_text(json.dumps(asked))

    assert result.exit_code == 2
    assert "by another user or on another machine, with 'evil.py'" in result.stderr
    assert f"Name it: autoopt resume {run} model.py" in result.stderr
    assert not (place / "harm").exists()


@at_full_counts
def test_a_run_begun_in_python_goes_on_with_the_file_that_is_named(place: Path) -> None:
    namespace: dict[str, Any] = {}
    exec(MODEL, namespace)
    autoopt.tune(
        namespace["model_fn"], namespace["data"], epochs=1, max_trials=1, seed=0, verbose=0, project_name="two",
        space=namespace["space"], search=namespace["search"],
    )  # fmt: skip
    refused = autoopt_("resume", "two")
    assert (refused.exit_code, "was begun in Python" in refused.stderr) == (2, True)
    result = autoopt_("resume", "two", "net.py", "--max-trials", 2)

    assert result.exit_code == 0, result.output
    assert len(autoopt.load("two").trials) == 2
    assert autoopt_("resume", "two", "--verbose", 0).exit_code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("tow",), "There is no run 'tow'"),
        (("one", "nte.py"), "There is no file 'nte.py'. Did you mean 'net.py'?"),
        (("one", "--budget", "soon"), "--budget was given 'soon'"),
        (("one", "--max-trials", "few"), "Invalid value for '--max-trials'"),
        ((), "Missing argument 'RUN'"),
    ],
)
def test_wrong_calls_say_what_to_do(words: tuple[str, ...], message: str, place: Path) -> None:
    result = autoopt_("resume", *words)
    assert (result.exit_code, message in result.stderr) == (2, True), result.stderr
