"""The command line on raw rows: tune, resume, predict and evaluate, and what is wrong with rows."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from PIL import Image

import autoopt
from autoopt.cli import main
from tests.counts import FULL, at_full_counts
from tests.tables import customers, written

QUICK = (
    "--epochs", 1, "--seed", 0, "--verbose", 0, "--close", "structure,initialization",
)  # fmt: skip


def autoopt_(*words: Any) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with a table and a run on it, begun in a shell without naming a model."""
    place = tmp_path_factory.mktemp("place")
    frame = customers()
    frame["plan"] = frame["plan"].replace("pro", "=pro")
    written(frame.assign(row=range(len(frame))), place)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_STATE_HOME", str(place / "state"))
        environment.chdir(place)
        begun = autoopt_(
            "tune",
            "train.csv",
            "--target",
            "churn",
            "--drop",
            "row",
            "--max-trials",
            1,
            *QUICK,
            "--project-name",
            "one",
        )
        assert begun.exit_code == 0, begun.output
        yield place


@pytest.fixture(autouse=True)
def place(shared: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in that folder meanwhile."""
    monkeypatch.setenv("XDG_STATE_HOME", str(shared / "state"))
    monkeypatch.chdir(shared)
    return shared


def test_tune_says_which_starter_it_took_for_data_alone(place: Path) -> None:
    asked = json.loads((place / "autoopt_runs" / "one" / "run.json").read_text())
    assert "The starter for this data is mlp." in asked["notes"]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_predict_prints_what_python_predicts_whatever_the_order_of_columns(place: Path) -> None:
    rows = customers()[["plan", "minutes"]].assign(extra=1)
    result = autoopt_("predict", "one", written(rows, place, "new.csv"), "--proba")
    assert result.exit_code == 0, result.output
    found = autoopt.load("one").predict(rows.replace("pro", "=pro"), proba=True)
    printed = pd.read_csv(
        io.StringIO(
            autoopt_("predict", "one", written(rows.replace("pro", "=pro"), place, "b.csv"), "--proba").stdout
        )
    )
    assert list(printed) == ["plan", "minutes", "extra", "churn", "probability of no", "probability of yes"]
    assert printed["churn"].tolist() == found["churn"].tolist()
    np.testing.assert_allclose(printed["probability of yes"], found["probability of yes"], atol=1e-6)


def test_notes_of_predict_stand_on_stderr_and_unseen_categories_are_counted(place: Path) -> None:
    rows = customers(20).assign(plan=["new"] * 3 + ["basic"] * 17)
    result = autoopt_("predict", "one", written(rows, place, "new.csv"))
    assert "Column 'plan' has categories that training had not, in 3 rows: 'new'." in result.stderr
    assert len(rows_of(result.stdout)) == 20


def test_a_formula_in_a_cell_is_written_back_as_text(place: Path) -> None:
    result = autoopt_("predict", "one", "train.csv", "-o", "out.csv")
    assert (result.exit_code, result.stdout) == (0, "")
    assert {row["plan"] for row in rows_of((place / "out.csv").read_text())} == {"basic", "family", "'=pro"}


def test_evaluate_scores_as_python_does() -> None:
    told = json.loads(autoopt_("evaluate", "one", "train.csv", "--json").stdout)
    assert told == pytest.approx({**autoopt.load("one").evaluate("train.csv"), "rows": 120})
    lines = dict(line.split() for line in autoopt_("evaluate", "one", "train.csv").stdout.splitlines())
    assert float(lines["accuracy"]) == pytest.approx(told["accuracy"], abs=1e-3)


@at_full_counts
def test_a_run_on_a_data_file_goes_on_without_naming_anything(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = autoopt_("resume", place / "autoopt_runs" / "one", "--max-trials", 2, "--json")
    assert result.exit_code == 0, result.output
    assert sum(json.loads(result.stdout)["trials"].values()) == 2


def test_how_a_run_on_rows_that_was_begun_elsewhere_goes_on_is_said(place: Path) -> None:
    run = place / "autoopt_runs" / "one"
    asked = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**asked, "command": None}))
    result = autoopt_("resume", "one")
    (run / "run.json").write_text(json.dumps(asked))
    assert result.exit_code == 2
    assert "or a starter and the data: autoopt resume one auto train.csv --target NAME" in result.stderr


@pytest.mark.parametrize("flag", ["--validation-data", "--test-data"])
def test_files_of_other_parts_are_read_as_the_one_that_trains(flag: str, place: Path) -> None:
    written(customers(30, seed=1).rename(columns={"churn": "chrn"}), place, "other.csv")
    result = autoopt_("tune", "mlp", "train.csv", "--target", "churn", flag, "other.csv", *QUICK)
    assert (result.exit_code, "has no column 'churn', which training had" in result.stderr) == (2, True), (
        result.stderr
    )


BAD_ROWS: dict[str, tuple[str, str]] = {
    "a column is missing": ("plan,churn\nbasic,yes\n", "is missing: 'minutes'"),
    "a column is misspelt": ("minuts,plan\n1,basic\n", "Did you mean 'minuts'?"),
    "a column changes its kind": (
        "minutes,plan\n" + "much,basic\n" * 9,
        "Column 'minutes' has 9 values that are no number",
    ),
    "it is empty": ("", "is empty. Expected rows"),
    "it has a header alone": ("minutes,plan\n", "have no rows. Expected one or more"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_rows_that_are_not_as_in_training_are_refused(case: str, tmp_path: Path) -> None:
    content, message = BAD_ROWS[case]
    (tmp_path / "bad.csv").write_text(content)
    result = autoopt_("predict", "one", tmp_path / "bad.csv", "-o", tmp_path / "out.csv")
    assert (result.exit_code, message in result.stderr) == (2, True), result.stderr
    assert not (tmp_path / "out.csv").exists()


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "no such run": (("predict", "oen", "train.csv"), "There is no run 'oen'"),
    "no such file": (("predict", "one", "trian.csv"), "There is no file trian.csv"),
    "no such file, and a CSV that is there": (
        ("predict", "one", "trian.csv", "-o", "unlabelled.csv"),
        "There is no file trian.csv",
    ),
    "no folder for the CSV": (
        ("predict", "one", "train.csv", "-o", "nowhere/out.csv"),
        "There is no folder nowhere. Expected one",
    ),
    "what is no CSV": (
        ("predict", "one", "train.csv", "-o", "out.parquet"),
        "Predictions are written as CSV: expected a name that ends in .csv. Pass out.csv",
    ),
    "the rows themselves": (
        ("predict", "one", "train.csv", "-o", "train.csv"),
        "which is the file that is predicted for",
    ),
    "rows without labels": (
        ("evaluate", "one", "unlabelled.csv"),
        "has no column 'churn', which training had as its target",
    ),
    "a starter for other data": (
        ("tune", "cnn", "train.csv"),
        "which is for images, and the data is a table",
    ),
    "target misspelt": (("tune", "mlp", "train.csv", "--target", "chrn"), "Did you mean 'churn'?"),
    "types of no column": (("tune", "mlp", "train.csv", "--types", "plna=text"), "Did you mean 'plan'?"),
    "types of no kind": (("tune", "mlp", "train.csv", "--types", "plan=txt"), "Did you mean 'text'?"),
    "a target of arrays": (
        ("tune", "mlp", "arrays.npz", "--target", "y"),
        "target was given 'y' along with arrays",
    ),
    "one class alone": (("tune", "one.csv", "--target", "y"), "has one class alone, 'a'"),
    "an empty file": (("tune", "empty.csv"), "empty.csv is empty"),
    "neither text nor table": (("tune", "zeros.csv"), "zeros.csv"),
    "images of which none opens": (("tune", "pictures"), "None of 4 files can be read"),
    "a folder of one class": (("tune", "alone"), "of one class alone"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_calls_on_rows_say_what_to_do(case: str, place: Path) -> None:
    written(customers(30)[["minutes", "plan"]], place, "unlabelled.csv")
    np.savez(place / "arrays.npz", x=np.zeros((60, 2)), y=np.arange(60) % 2)
    (place / "one.csv").write_text("x,y\n" + "".join(f"{row},a\n" for row in range(30)))
    (place / "empty.csv").touch()
    (place / "zeros.csv").write_bytes(bytes(100))
    for name in (
        "pictures/a/1.png",
        "pictures/a/2.png",
        "pictures/b/1.png",
        "pictures/b/2.png",
        "alone/a/1.txt",
        "alone/a/2.txt",
    ):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("no image")
    words, message = WRONG[case]
    result = autoopt_(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@at_full_counts
def test_a_run_on_arrays_predicts_for_arrays_and_refuses_rows(place: Path) -> None:
    x = np.linspace(-1, 1, 240).reshape(60, 4)
    np.savez(place / "few.npz", x=x, y=np.arange(60) % 2)
    begun = autoopt_("tune", "mlp", "few.npz", "--max-trials", 1, *QUICK, "--project-name", "two")
    assert begun.exit_code == 0, begun.output
    assert len(rows_of(autoopt_("predict", "two", "few.npz").stdout)) == 60
    assert "accuracy" in json.loads(autoopt_("evaluate", "two", "few.npz", "--json").stdout)
    refused = autoopt_("predict", "two", "train.csv")
    assert refused.exit_code == 2
    assert "The run 'two' learnt from arrays, and train.csv has rows" in refused.stderr


@pytest.mark.slow
@pytest.mark.skipif(not FULL, reason="another search: AUTOOPT_FULL=1 runs it")
def test_images_that_do_not_open_are_skipped_counted_and_listed(place: Path) -> None:
    for number in range(60):
        folder = place / "drawn" / ("dark", "light")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8 + number % 3), 200 * (number % 2)).save(folder / f"{number}.png")
    (place / "drawn" / "dark" / "bad.png").write_text("no image")
    begun = autoopt_("tune", "drawn", "--max-trials", 1, *QUICK, "--project-name", "three")
    assert begun.exit_code == 0, begun.output
    result = autoopt_("predict", "three", "drawn")
    assert "1 of 61 files cannot be read and is left out: 'dark/bad.png'." in result.stderr
    assert rows_of(result.stdout)[0]["file"] == "dark/0.png"
    assert len(rows_of(result.stdout)) == 60
