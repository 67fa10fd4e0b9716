"""`python -m benchmarks quality`: its options, its file, its two tables."""

from collections.abc import Collection, Sequence
from pathlib import Path

import click

from benchmarks.output import machine, print_table, seeds, written
from benchmarks.quality import runner, table
from benchmarks.quality.job import Run

TASKS = ("ts_mnist1d", "img_optdigits", "tab_satimage", "audio_vowel", "gen_splice", "text_bbc")
TUNERS = ("autoopt", "hyperband", "bayesian", "random", "optuna", "random-twice", "plain")


@click.command()
@click.option("--tasks", default=",".join(TASKS), show_default=True)
@click.option("--tuners", default=",".join(TUNERS), show_default=True)
@click.option("--budgets", default="60,180", show_default=True, help="Seconds of each search.")
@click.option("--seeds", "seeds_", default="0,1,2", show_default=True)
@click.option("--epochs", type=click.IntRange(1), help="Most epochs a trial.  [default: by task]")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Written after each run; what it holds already is kept."
)
def quality(tasks: str, tuners: str, budgets: str, seeds_: str, epochs: int | None, out: Path | None) -> None:
    """What a search finds in the same minutes: autoopt from the plain model, peers from a space by hand."""
    wanted = runner.Wanted(
        _named("--tasks", tasks, TASKS), _named("--tuners", tuners, TUNERS), _seconds(budgets), seeds(seeds_), epochs,
    )  # fmt: skip
    found = runner.known(out, machine([runner.BACKEND]))
    try:
        for run in runner.run(wanted, found):
            found.append(run)
            _write(out, found)
    finally:  # hours of measurements are shown, whatever ends them
        if found:
            print_table("Quality, medians over the seeds", table.rows(found), [runner.BACKEND])
            print_table("Quality, over the tasks", table.summary(found), [runner.BACKEND])
            _write(out, found)


def _write(out: Path | None, found: Sequence[Run]) -> None:
    if out is not None:
        rows = [*table.rows(found), *table.summary(found)]
        written("Quality", rows, out, [runner.BACKEND], [run.to_plain() for run in found])


def _named(option: str, text: str, known: Collection[str]) -> list[str]:
    """Read names with commas between."""
    names = [name for name in text.split(",") if name]
    for name in names:
        if name not in known:
            raise click.BadParameter(f"{option} was given {name!r}. Known: {', '.join(known)}.")
    return names


def _seconds(text: str) -> list[float]:
    """Read `60,180`."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found or min(found) <= 0:
        raise click.BadParameter(f"--budgets was given {text!r}. Expected seconds above 0, as 60,180.")
    return found
