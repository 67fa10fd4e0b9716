"""`python -m benchmarks fields`: its options, the file that keeps what was measured, and its table."""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks.output import seeds as read_seeds
from benchmarks.output import show, written

TITLE = "Fields"

BUDGET, SEED = "120s", 0

MEASURED = Path(__file__).with_name("measured.json")
"""What was measured with the options as they are by default."""


@click.command()
@click.option("--only", default="", help="Names with commas between.  [default: all]")
@click.option("--budget", default=BUDGET, show_default=True, help="Of each search.")
@click.option(
    "--seeds", default=str(SEED), show_default=True, help="With commas between; the table has medians."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Written after each measurement; what it holds already is kept.",
)
def fields(only: str, budget: str, seeds: str, out: Path | None) -> None:
    """Real data of each field from files: scikit-learn's best, the starter untouched, and what a search makes of it."""
    from benchmarks.datasets import MissingPackage
    from examples.fields import FIELDS

    names = only.split(",") if only else list(FIELDS)
    for name in names:
        if name not in FIELDS:
            raise click.BadParameter(f"--only was given {name!r}. Known: {', '.join(FIELDS)}.")
    numbers, runs = read_seeds(seeds), _known(out)
    for name in names:
        try:
            for wanted in _wanted(name, budget, numbers):
                if not any(wanted.items() <= run.items() for run in runs):
                    runs.append({**wanted, **_measured(**wanted)})
                    click.echo(f"{runs[-1]}", err=True)
                    _keep(out, runs)
        except MissingPackage as error:
            click.echo(f"{name} is left out. {error}", err=True)
    rows = [_row(name, runs, budget, numbers) for name in names if any(r["data"] == name for r in runs)]
    if rows:
        show(f"{TITLE}, budget={budget}, seeds={seeds}", rows, None)


def told(name: str) -> list[str]:
    """Return what was measured of a data set, a sentence each."""
    row = _row(name, _known(MEASURED), BUDGET, [SEED])
    score = row["score"]
    return [
        f"scikit-learn's best linear or neural model: {score} {row['linear or neural']:.4g} ({row['which']}); "
        f"its best of any kind: {row['any']:.4g} ({row['which of any']}).",
        f"The starter untouched: {row['untouched']:.4g}. After a search of {BUDGET} on two cores: {row['search']:.4g}; "
        f"trained once more on all rows: {row['refit']:.4g}.",
    ]


def _wanted(name: str, budget: str, seeds: Sequence[int]) -> list[dict[str, Any]]:
    """Return the measurements of a data set."""
    return [
        {"data": name, "what": "baselines"},
        *({"data": name, "what": "untouched", "seed": seed} for seed in seeds),
        *({"data": name, "what": "search", "budget": budget, "seed": seed} for seed in seeds),
    ]


def _measured(data: str, what: str, **options: Any) -> dict[str, Any]:
    from benchmarks.fields import baselines, measuring

    if what == "baselines":
        return {"scores": baselines.measured(data)}
    return (measuring.untouched if what == "untouched" else measuring.searched)(data, **options)


def _row(name: str, runs: Sequence[dict[str, Any]], budget: str, seeds: Sequence[int]) -> dict[str, Any]:
    """Return the line of a data set in the table, medians over seeds; None for what was not measured."""
    from benchmarks.fields.baselines import SIMPLE, best

    wanted = _wanted(name, budget, seeds)
    found = [run for run in runs if any(each.items() <= run.items() for each in wanted)]
    scores = next((run["scores"] for run in found if run["what"] == "baselines"), {})
    lowest = name.startswith("reg")
    simple, simple_score = best(scores, SIMPLE, lowest) if scores else (None, None)
    any_, any_score = best(scores, tuple(scores), lowest) if scores else (None, None)
    return {
        "data": name, "score": "RMSE" if lowest else "accuracy",
        "linear or neural": simple_score, "which": simple, "any": any_score, "which of any": any_,
        "untouched": _median(found, "untouched", "score"), "search": _median(found, "search", "score"),
        "refit": _median(found, "search", "refit"), "trials": _median(found, "search", "trials"),
    }  # fmt: skip


def _median(runs: Sequence[dict[str, Any]], what: str, key: str) -> float | None:
    values = [run[key] for run in runs if run["what"] == what]
    return statistics.median(values) if values else None


def _known(out: Path | None) -> list[dict[str, Any]]:
    return list(json.loads(out.read_text())["runs"]) if out is not None and out.exists() else []


def _keep(out: Path | None, runs: Sequence[dict[str, Any]]) -> None:
    if out is not None:
        written(TITLE, [], out, (), runs)
