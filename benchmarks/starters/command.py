"""The benchmark of starters: its options."""

from pathlib import Path

import click

from benchmarks.output import seeds, show


@click.command()
@click.option("--data", help="Names with commas between.  [default: all]")
@click.option("--seeds", "seeds_", default="0", show_default=True)
@click.option(
    "--epochs",
    default=15,
    show_default=True,
    help="Most of a training; the best one by validation is tested.",
)
@click.option("--out", type=click.Path(path_type=Path))
def starters(data: str | None, seeds_: str, epochs: int, out: Path | None) -> None:
    """Each starter untouched, on data sets of its kind: test scores beside scikit-learn's linear model and dense net."""
    from benchmarks.datasets import LOADERS, MissingPackage
    from benchmarks.starters import training

    names = data.split(",") if data else list(LOADERS)
    for name in names:
        if name not in LOADERS:
            raise click.BadParameter(f"--data was given {name!r}. Known: {', '.join(LOADERS)}.")
    rows = []
    for name in names:
        try:
            for row in training.measured(name, seeds(seeds_), epochs):
                click.echo(f"{row}", err=True)
                rows.append(row)
        except MissingPackage as error:
            click.echo(f"{name} is left out. {error}", err=True)
    if rows:
        show(f"Starters, epochs={epochs}", rows, out)
