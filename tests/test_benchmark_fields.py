"""The benchmark of fields: what was measured is kept and not measured again, and the table is made of it."""

import json
import shlex
from pathlib import Path

from click.testing import CliRunner

from autoopt.cli import main as main_
from benchmarks.cli import main
from benchmarks.fields.command import told
from examples.fields import FIELDS

RUNS = [
    {
        "data": "reg_concrete",
        "what": "baselines",
        "scores": {"ridge": 10.0, "dense net": 6.0, "boosted trees": 5.5},
    },
    {"data": "reg_concrete", "what": "untouched", "seed": 0, "score": 7.0, "trials": 1},
    {
        "data": "reg_concrete",
        "what": "search",
        "budget": "20s",
        "seed": 0,
        "score": 5.0,
        "refit": 4.5,
        "trials": 9,
    },
]


def test_what_is_kept_is_shown_without_measuring_it_again(tmp_path: Path) -> None:
    out = tmp_path / "fields.json"
    out.write_text(json.dumps({"runs": RUNS}))
    words = ["fields", "--only", "reg_concrete", "--budget", "20s", "--out", str(out)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    line = result.stdout.splitlines()[-1]
    assert (
        line
        == "| reg_concrete | RMSE | 6.0000 | dense net | 5.5000 | boosted trees | 7.0000 | 5.0000 | 4.5000 | 9 |"
    )
    assert json.loads(out.read_text())["runs"] == RUNS


def test_of_several_seeds_the_median_is_shown(tmp_path: Path) -> None:
    out = tmp_path / "fields.json"
    others = [{**run, "seed": seed, "score": run["score"] + seed} for run in RUNS[1:] for seed in (1, 2)]
    out.write_text(json.dumps({"runs": [*RUNS, *others]}))
    words = ["fields", "--only", "reg_concrete", "--budget", "20s", "--seeds", "0,1,2", "--out", str(out)]
    result = CliRunner().invoke(main, words)
    assert "| 8.0000 | 6.0000 | 4.5000 | 9 |" in result.stdout.splitlines()[-1]


def test_the_commands_of_a_field_learn_and_test_as_the_benchmark_does() -> None:
    for name, example in FIELDS.items():
        _, tune, evaluate = example.commands(name, Path("train"), Path("test"))
        words = main_.commands["tune"].make_context("tune", shlex.split(tune)[2:]).params
        assert (words["test_data"] == Path("test")) == example.tested
        assert (words["budget"], words["epochs"], words["seed"]) == ("120s", None, 0)
        assert evaluate == f"autoopt evaluate {name} test"


def test_each_field_says_what_models_of_scikit_learn_its_starter_and_a_search_reach() -> None:
    for name in FIELDS:
        simple, ours = told(name)
        assert "linear or neural model: " in simple and "any kind: " in simple
        assert "untouched: " in ours and "a search of 120s" in ours


def test_a_name_that_is_none_is_refused() -> None:
    result = CliRunner().invoke(main, ["fields", "--only", "tab_chrun"])
    assert (result.exit_code, "Known: text_bbc, img_mnist5k" in result.stderr) == (2, True)
