"""The benchmark of fields: what was measured is kept and not measured again, and the table is made of it."""

import json
from pathlib import Path

from click.testing import CliRunner

from benchmarks.cli import main

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


def test_a_name_that_is_none_is_refused() -> None:
    result = CliRunner().invoke(main, ["fields", "--only", "tab_chrun"])
    assert (result.exit_code, "Known: text_bbc, img_mnist5k" in result.stderr) == (2, True)
