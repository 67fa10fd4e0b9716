"""The report as a file, and runs beside each other: sizes, sentences, JSON, and what is refused."""

import io
import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

import autoopt
from autoopt.cli import main
from autoopt.errors import RunError, UsageError
from autoopt.reports import Grid, compared, comparison, draw, importance_grid, screen
from autoopt.storage import RunFolder
from tests.counts import at_full_counts, in_processes
from tests.processes import quick
from tests.reports.made_up import run_of
from tests.toys import digits, eager

LARGEST = 6_000_000
"""Bytes of the report of 200 trials."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two searches and a run that is made up, `first`, `second` and `third`."""
    folder = tmp_path_factory.mktemp("runs")
    common: dict[str, Any] = {
        "data": digits(120), "epochs": 1, "verbose": 0, "directory": folder, "logdir": folder / "logs",
        "search": autoopt.Search(confirm=0), "space": autoopt.Space(structure=False),
    }  # fmt: skip
    autoopt.tune(eager, max_trials=3, seed=0, project_name="first", **common)
    autoopt.tune(eager, max_trials=2, seed=1, project_name="second", **common)
    run_of(folder / "third", 12)
    return folder


def convolutional() -> keras.Model:
    """Return a small convolutional net."""
    layers = [keras.layers.Reshape((8, 8, 1)), keras.layers.Conv2D(4, 3), keras.layers.Flatten()]
    model = keras.Sequential([keras.Input((64,)), *layers, keras.layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)
    return model


def autoopt_(*words: Any) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@at_full_counts
def test_the_report_of_two_hundred_trials_stays_small(tmp_path: Path) -> None:
    path = autoopt.load(run_of(tmp_path / "many", 200)).report(tmp_path / "report.html")
    assert path.stat().st_size < LARGEST


def test_report_is_written_into_the_run_folder_and_its_path_printed(runs: Path) -> None:
    result = autoopt_("report", "first", "--directory", runs)
    assert (result.exit_code, result.stdout) == (0, f"{runs / 'first' / 'report.html'}\n")
    assert "What autoopt found: first" in (runs / "first" / "report.html").read_text("utf8")


def test_sections_without_anything_say_what_to_call(runs: Path, tmp_path: Path) -> None:
    text = autoopt.load("second", runs).report(tmp_path / "second.html").read_text("utf8")
    for sentence in (
        "None was trained. It says what each change gained: call result.ablation()",
        "There is none: val_accuracy alone was compared.",
        "None of 2 trials failed.",
        "2 trials with a score cannot tell which hyperparameters mattered",
    ):
        assert sentence in text


def test_layers_of_both_models_stand_side_by_side(runs: Path, tmp_path: Path) -> None:
    text = autoopt.load("first", runs).report(tmp_path / "first.html").read_text("utf8")
    assert "your model (610 weights)" in text
    assert '<th scope="row">Dense 8 units, relu</th><td>Dense 8 units, relu' in text


def test_layers_of_a_winner_that_is_as_written_are_not_marked_as_changed(tmp_path: Path) -> None:
    result = autoopt.tune(
        convolutional, digits(60), epochs=1, max_trials=1, verbose=0, directory=tmp_path, logdir=tmp_path / "logs",
        search=autoopt.Search(confirm=0),
    )  # fmt: skip
    _, _, layers = result.report().read_text("utf8").partition("Layers of both models, in order")
    assert "Conv2D 4 filters, kernel_size 3 × 3</td>" in layers
    assert 'class="changed"' not in layers.partition("</table>")[0]


def test_an_ablation_is_shown_once_it_is_trained(runs: Path, tmp_path: Path) -> None:
    result = autoopt.load("first", runs)
    best, defaults = result.best_trial, json.loads((runs / "first" / "run.json").read_text())["defaults"]
    steps = [{"change": [], "values": defaults, "scores": [0.5, 0.6]}]
    steps += [{"change": ["optimizer/name"], "values": dict(best.hyperparameters), "scores": [0.7, 0.8]}]
    RunFolder(runs / "first").write("ablation", {"best": best.number, "steps": steps})
    text = result.report(tmp_path / "ablation.html").read_text("utf8")
    assert "optimizer/name gained most: +0.2000." in text


def test_the_command_of_a_report_begins_another_run_of_the_same_seed(tmp_path: Path) -> None:
    options = {"budget": "30s", "project_name": "mine", "resume": "true"}
    begun = {"model": "net.py", "data": None, "options": options, "folder": ".", "seal": ""}
    run = run_of(tmp_path / "mine", 2, command=begun)
    text = autoopt.load(run).report(tmp_path / "report.html").read_text()
    assert "<code>autoopt tune net.py --budget 30s --seed 0</code>" in text


def test_a_run_without_a_trial_has_a_report(tmp_path: Path) -> None:
    text = autoopt.load(run_of(tmp_path / "empty", 0)).report().read_text("utf8")
    assert "No trial has a score yet" in text
    assert "There is no winner yet." in text


def test_a_run_without_its_winner_s_file_has_a_report(runs: Path, tmp_path: Path) -> None:
    (runs / "second" / "best.keras").write_bytes(b"no archive")
    text = autoopt.load("second", runs).report(tmp_path / "second.html").read_text("utf8")
    assert "<h3>Layers</h3>" not in text


WRONG = {
    "no path": (3, "path was given 3. Expected the path of a file"),
    "a folder": (".", "which is a folder. Expected a file: name 'report.html'"),
    "another ending": ("report.pdf", "Expected a name that ends in .html: name 'report.html'"),
    "no such folder": ("nowhere/report.html", "There is no folder 'nowhere': make it"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_path_that_is_none_of_a_page_is_refused(
    case: str, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given, message = WRONG[case]
    with pytest.raises(UsageError, match=re.escape(message)):
        autoopt.load("first", runs).report(given)


def test_a_path_that_the_system_refuses_is_told_with_what_to_do(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "report.new.html").mkdir()  # where the page is written before it takes its name
    (tmp_path / "full").symlink_to("/proc")
    with pytest.raises(UsageError, match="Name another"):
        autoopt.load("first", runs).report(tmp_path / "full" / "report.html")


def test_the_report_of_no_run_is_refused(runs: Path) -> None:
    result = autoopt_("report", "thrid", "--directory", runs)
    assert result.exit_code == 2
    assert "There is no run 'thrid'" in result.stderr and "Known: 'third'" in result.stderr


@in_processes
def test_without_plotly_the_message_says_what_to_install(runs: Path) -> None:
    code = "import sys; sys.modules['plotly'] = None; from autoopt.cli import main; main()"
    words = [sys.executable, "-c", code, "report", str(runs / "third")]
    ended = subprocess.run(words, capture_output=True, text=True, check=False, env=quick())
    assert ended.returncode == 2
    assert "Error: The report was asked for, but its figures need the package plotly" in ended.stderr
    assert "pip install 'autoopt[report]'" in ended.stderr


def test_trials_that_cannot_be_drawn_are_refused_with_the_folder_s_name(tmp_path: Path) -> None:
    run = run_of(tmp_path / "damaged", 8)
    journal = run / "journal.log"
    numbers = r'"(noise|optimizer/learning_rate|optimizer/momentum|structure/dense/depth)": ?[\d.e-]+'
    journal.write_text(re.sub(numbers, r'"\1": Infinity', journal.read_text()))
    with pytest.raises(RunError, match="damaged is damaged: its trials cannot be drawn"):
        autoopt.load(run).report()


def test_runs_are_compared_as_a_table(runs: Path) -> None:
    result = autoopt_("compare", "first", "second", "--directory", runs)
    assert result.exit_code == 0, result.output
    columns, first, second, *rest = [line.split() for line in result.stdout.splitlines()]
    assert columns == ["run", "objective", "baseline", "best", "confirmed", "test", "trials", "time"]
    assert (first[0], second[0]) == ("first", "second")
    assert rest[0] in (
        ["Where", "their", "winners", "differ:"],
        ["Their", "winners", "have", "the", "same", "hyperparameters."],
    )


def test_a_comparison_as_json_has_what_each_reached_and_where_they_differ(runs: Path) -> None:
    result = autoopt_("compare", "first", "second", "--directory", runs, "--json")
    found = json.loads(result.stdout)
    assert [each["trials"] for each in found["runs"]] == [3, 2]
    assert found["runs"][0]["best"] == autoopt.load("first", runs).best_score
    assert found["comparable"] is True
    for each in found["differences"]:
        assert each["values"][0] != each["values"][1]


@pytest.mark.parametrize(
    ("error", "shown"), [(math.inf, "0.5000"), (math.nan, "0.5000"), (0.25, "0.5000 ± 0.2500")]
)
def test_an_error_that_one_run_alone_cannot_tell_stands_in_no_comparison(
    runs: Path, error: float, shown: str
) -> None:
    once = {**autoopt.load("first", runs).summary(), "confirmed": {"mean": 0.5, "error": error}}
    (grid, *_) = compared(comparison([once, once]))
    assert isinstance(grid, Grid)
    assert [dict(zip(grid.columns, row, strict=True))["confirmed"] for row in grid.rows] == [shown, shown]


def test_runs_of_other_objectives_are_said_not_to_be_comparable(runs: Path) -> None:
    other = run_of(runs / "losses", 2, objective={"name": "val_loss", "direction": "min"})
    result = autoopt_("compare", "third", other, "--directory", runs)
    assert result.exit_code == 0, result.output
    assert "Their objectives differ: their scores cannot be compared." in result.stdout


@pytest.fixture(scope="module")
def fronts(runs: Path) -> Path:
    """Two searches for a front beside the others, `small` and `large`, and a run that has no winner, `begun`."""
    for name, seed in (("small", 0), ("large", 1)):
        autoopt.tune(
            eager, digits(60), epochs=1, max_trials=2, seed=seed, project_name=name, directory=runs, logdir=runs / "logs",
            objective=["val_accuracy", "parameters"], search=autoopt.Search(confirm=0), verbose=0,
        )  # fmt: skip
    run_of(runs / "begun", 3)
    return runs


@at_full_counts
def test_runs_of_several_objectives_are_compared_in_each(fronts: Path) -> None:
    shown = autoopt_("compare", "small", "large", "--directory", fronts).stdout.splitlines()
    told = json.loads(autoopt_("compare", "small", "large", "--directory", fronts, "--json").stdout)
    small = autoopt.load("small", fronts)
    assert [line.split()[0] for line in shown[1:5]] == ["small", "parameters", "large", "parameters"]
    assert told["runs"][0]["objectives"] == [
        {
            "name": "val_accuracy",
            "direction": "max",
            "baseline": small.baseline_score,
            "best": small.best_score,
        },
        {
            "name": "parameters",
            "direction": "min",
            "baseline": 610.0,
            "best": small.best_trial.scores["parameters"],
        },
    ]
    assert (told["comparable"], told["shared"]) == (True, ["val_accuracy", "parameters"])


def test_objectives_that_not_all_runs_have_are_said_not_to_be_compared(fronts: Path) -> None:
    result = autoopt_("compare", "small", "first", "--directory", fronts)
    assert "Their objectives differ: only val_accuracy can be compared." in result.stdout


def test_runs_without_a_winner_are_named_and_differ_in_nothing(fronts: Path) -> None:
    two = autoopt_("compare", "begun", "first", "--directory", fronts)
    three = autoopt_("compare", "begun", "first", "small", "--directory", fronts)
    assert two.stdout.splitlines()[-1] == "Without a winner so far: begun."
    assert "not used  -" not in two.stdout
    differing = three.stdout.partition("Where their winners differ:\n")[2].splitlines()[1:]
    assert differing and all(line.split()[1] == "-" for line in differing)


def test_a_run_of_another_version_that_cannot_be_read_says_which_can(tmp_path: Path) -> None:
    run = run_of(tmp_path / "later", 2)
    asked = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(
        json.dumps({**asked, "objective": {"later": 1}, "versions": {"autoopt": "9.0"}})
    )
    result = autoopt_("show", run, "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "It is of autoopt '9.0', and this is" in result.stderr


def test_one_run_alone_is_not_compared(runs: Path) -> None:
    result = autoopt_("compare", "first", "--directory", runs)
    assert result.exit_code == 2
    assert "compare was given 'first' alone. Expected two runs or more" in result.stderr


def test_show_tells_importance_where_there_are_enough_trials(runs: Path) -> None:
    shown = autoopt_("show", "third", "--directory", runs)
    told = json.loads(autoopt_("show", "third", "--directory", runs, "--json").stdout)["importance"]
    assert "Importance:" in shown.stdout
    assert sum(each["importance"] for each in told) == pytest.approx(1.0)
    assert "Importance" not in autoopt_("show", "first", "--directory", runs).stdout


def test_show_on_a_terminal_draws_tables(runs: Path) -> None:
    summary = autoopt.load("first", runs).summary()
    board = Grid("Trials", ("trial", "val_accuracy"), [("1", "0.9"), ("[red]2", "0.8")])
    drawn = io.StringIO()
    pieces = screen(summary, board, importance_grid([("optimizer/name", 1.0, 3)]), "One trial failed.")
    draw(pieces, Console(file=drawn, force_terminal=True, width=120, highlight=False))
    for words in (
        "Outcome",
        "Winner, in the search",
        "Trials",
        "[red]2",
        "Importance",
        "─",
        "One trial failed.",
    ):
        assert words in drawn.getvalue()
