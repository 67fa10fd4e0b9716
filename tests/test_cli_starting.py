"""`autoopt new` and `autoopt inspect` on data: starters as files, and what is told of data before a search."""

import json
import runpy
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
from autoopt.errors import UsageError
from autoopt.starters import STARTERS
from tests.tables import waves, written


def autoopt_(*words: Any) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Return a table with an id, a column that gives the target away, and gaps."""
    random = np.random.default_rng(0)
    label = random.choice(["yes", "no"], 60, p=[0.3, 0.7])
    found = pd.DataFrame(
        {
            "id": np.arange(60),
            "size": np.where(np.arange(60) % 4 == 0, np.nan, random.normal(size=60)),
            "plan": random.choice(["a", "b"], 60),
            "left": np.where(label == "yes", "gone", "here"),
            "label": label,
        }
    )
    return found


@pytest.fixture(autouse=True)
def place(tmp_path: Path, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Be in a folder with a table meanwhile."""
    table.to_csv(tmp_path / "train.csv", index=False)
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def test_new_alone_lists_a_line_for_each_starter() -> None:
    result = autoopt_("new")
    assert result.exit_code == 0
    assert {line.split(" ")[0] for line in result.stdout.splitlines()} >= set(STARTERS)


def test_new_is_told_which_starter_or_for_which_data() -> None:
    result = autoopt_("new", "auto")
    assert result.exit_code == 2 and "Write: autoopt new auto train.csv --target NAME" in result.stderr


def test_new_prints_a_model_file_with_the_shapes_of_the_data() -> None:
    result = autoopt_("new", "mlp", "train.csv", "--target", "label", "--drop", "left")
    assert result.exit_code == 0, result.output
    assert "NUMBERS = 2\nCATEGORIES = 1\n" in result.stdout  # the size, and whether it is missing


def test_new_writes_a_file_that_runs_and_replaces_none(place: Path) -> None:
    assert autoopt_("new", "sequence", "-o", "model.py").stdout == "model.py\n"
    before = (place / "model.py").read_text()
    again = autoopt_("new", "mlp", "-o", "model.py")
    assert (again.exit_code, "model.py is there already" in again.stderr) == (2, True)
    assert (place / "model.py").read_text() == before
    assert callable(runpy.run_path("model.py")["model_fn"])


def test_inspect_tells_what_was_read_of_a_table() -> None:
    result = autoopt_("inspect", "train.csv", "--target", "label", "--types", "plan=text")
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.stdout.splitlines()]
    assert result.stdout.startswith("train.csv: 60 rows, table data, task binary, target label.")
    assert ["size", "number", "25%", "45"] in [row[:4] for row in rows]
    assert ["plan", "text"] in [row[:2] for row in rows]
    assert {row[0] for row in rows if row[0] in ("no", "yes")} == {"no", "yes"}
    assert "'id' (it numbers the rows" in result.stdout and "--types id=number" in result.stdout
    assert "Column 'left' gives the target away" in result.stdout and "--drop left" in result.stdout
    assert result.stdout.splitlines()[-1].endswith("is mlp: autoopt tune train.csv --target label")


def test_a_table_of_numbers_is_told_as_series_and_gives_its_shape(place: Path) -> None:
    path = written(waves(), place, "waves.csv")
    shown = autoopt_("inspect", path, "--types", "series")
    assert "waves.csv: 40 rows, sequence data, task binary, target label." in shown.stdout
    assert shown.stdout.splitlines()[-1].endswith(f"is sequence: autoopt tune sequence {path} --target label")
    assert "SHAPE = (20, 1)\n" in autoopt_("new", "sequence", path, "--target", "label").stdout


def test_what_a_model_file_reads_is_told_in_python(place: Path) -> None:
    (place / "model.py").write_text(
        "import autoopt\ndata = autoopt.Dataset.of('train.csv', types={'plan': 'date'})\ndef model_fn(): ...\n"
    )
    result = autoopt_("inspect", "model.py")
    assert result.exit_code != 0 and "types says that 'plan' is a date" in result.output


def test_inspect_prints_one_json_object(table: pd.DataFrame) -> None:
    told = json.loads(autoopt_("inspect", "train.csv", "--json").stdout)
    assert (told["rows"], told["task"], told["target"]) == ({"train": 60}, "binary", ["label"])
    share = float((table["label"] == "yes").mean())
    assert [(each["name"], each["share"]) for each in told["classes"]] == [("no", 1 - share), ("yes", share)]
    assert [each["name"] for each in told["columns"]] == ["size", "plan", "left"]
    assert any("No target was given" in note for note in told["notes"])


def test_inspect_tells_the_parts_of_a_folder_of_images(place: Path) -> None:
    for number in range(8):
        folder = place / "pictures" / ("train" if number % 4 else "test") / ("cat", "dog")[number // 4]
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("L", (6, 4), number).save(folder / f"{number}.png")
    (place / "pictures" / "train" / "bird").mkdir()
    result = autoopt_("inspect", "pictures")
    assert result.exit_code == 0, result.output
    assert "pictures: 6 rows, 2 for test, image data, task binary, classes named by folders." in result.stdout
    assert "4 × 6 × 1" in result.stdout
    assert "train/bird has no images and is left out." in result.stdout


def test_images_of_a_folder_are_brought_to_the_size_that_is_asked_for(place: Path) -> None:
    for name in ("cat", "dog"):
        (place / "photographs" / name).mkdir(parents=True)
        Image.new("L", (6, 4)).save(place / "photographs" / name / "one.png")
    result = autoopt_("inspect", "photographs", "--types", "image=5x7", "--json")
    assert json.loads(result.stdout)["shape"] == [5, 7, 1]


def test_inspect_reads_another_encoding_and_says_so(place: Path, table: pd.DataFrame) -> None:
    table.assign(plan="Åse").to_csv(place / "old.csv", index=False, encoding="cp1252")
    result = autoopt_("inspect", "old.csv", "--target", "label", "--types", "plan=category")
    assert result.exit_code == 0, result.output
    assert "Åse" in result.stdout
    assert "it was read as Windows-1252" in result.stdout


@pytest.mark.parametrize("form", ["frame", "path"])
def test_python_shows_of_data_what_a_shell_shows(
    form: str, table: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = autoopt_("inspect", "train.csv", "--target", "label").stdout
    for typed, python in (("--types id=number", "types={'id': 'number'}"), ("--drop left", "drop=['left']")):
        printed = printed.replace(typed, python)
    first, *told, last = printed.splitlines()
    autoopt.inspect(table if form == "frame" else "train.csv", target="label")
    shown = capsys.readouterr().out.splitlines()

    assert shown[1:-1] == told
    assert shown[0] == (first.replace("train.csv", "The DataFrame") if form == "frame" else first)
    assert last.endswith("autoopt tune train.csv --target label")
    given = "data" if form == "frame" else "'train.csv'"
    assert shown[-1].endswith(f"autoopt.tune('mlp', {given}, target='label')")


def test_data_in_the_place_of_the_model_and_behind_it_are_refused(table: pd.DataFrame) -> None:
    with pytest.raises(UsageError, match=r"data in both places.*Leave one out"):
        autoopt.inspect(table, table)


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "target misspelled": (("train.csv", "--target", "labl"), "Did you mean 'label'?"),
    "task misspelled": (("train.csv", "--task", "binry"), "Did you mean 'binary'?"),
    "types of no column": (("train.csv", "--types", "szie=number"), "Did you mean 'size'?"),
    "types of no kind": (
        ("train.csv", "--types", "size=nmber"),
        "--types size=nmber was given. Expected one of these. Did you mean 'number'?",
    ),
    "drop of no column": (("train.csv", "--drop", "siez"), "Did you mean 'size'?"),
    "no such file": (("train.cvs",), "There is no 'train.cvs'. Expected a Python file"),
    "no such table": (("trian.csv",), "There is no file trian.csv"),
    "a folder called as a starter": (("text",), "Write ./text for what lies there, or rename it"),
    "JSON of a model": (("model.py", "--json"), "--json was given with the model 'model.py'"),
    "an empty file": (("empty.csv",), "empty.csv is empty. Expected rows"),
    "one class alone": (("one.csv", "--target", "y"), "has one class alone, 'a'"),
    "a sheet": (("book.xlsx",), "Save the sheet as CSV"),
    "classes without files": (("text/",), "Expected a folder for each class"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_inspected_is_refused_with_what_to_do(case: str, place: Path) -> None:
    (place / "empty.csv").touch()
    (place / "book.xlsx").touch()
    (place / "one.csv").write_text("x,y\n" + "".join(f"{row},a\n" for row in range(30)))
    (place / "text").mkdir()
    words, message = WRONG[case]
    result = autoopt_("inspect", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
