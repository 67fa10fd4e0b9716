"""The benchmarks of what a search rests on: what programs, suggestions and drawing cost, whether runs repeat."""

from pathlib import Path

import click

from benchmarks.output import seeds, show


@click.command()
@click.option("--nets", default="", help="Names with commas between.  [default: all]")
@click.option("--epochs", default=25, show_default=True, help="Of each training.")
@click.option("--out", type=click.Path(path_type=Path))
def cost(nets: str, epochs: int, out: Path | None) -> None:
    """Seconds of a program and of an epoch, and the prices that follow; run it on each backend."""
    from benchmarks import cost as benchmark

    names = nets.split(",") if nets else list(benchmark.NETS)
    for name in names:
        if name not in benchmark.NETS:
            raise click.BadParameter(f"--nets was given {name!r}. Known: {', '.join(benchmark.NETS)}.")
    found = benchmark.measured(names, epochs)
    show(f"Nets, {benchmark.EXAMPLES:,} examples, epochs={epochs}", benchmark.rows(found), None)
    show("Constants", benchmark.constants(found), out, runs=benchmark.rows(found))
    click.echo(f"\n{benchmark.told()}")


@click.command()
@click.option("--counts", default="100,300,1000", show_default=True, help="Finished trials.")
@click.option("--suggestions", default=20, show_default=True, help="Timed after each.")
@click.option("--out", type=click.Path(path_type=Path))
def suggest(counts: str, suggestions: int, out: Path | None) -> None:
    """Milliseconds of a suggestion after so many finished trials, over the full space of the digits."""
    from benchmarks import suggest as benchmark

    show("Suggestions, examples/digits.py", benchmark.measured(seeds(counts), suggestions), out)


@click.command()
@click.option("--counts", default="100,1000", show_default=True, help="Trials of a run.")
@click.option("--out", type=click.Path(path_type=Path))
def opening(counts: str, out: Path | None) -> None:
    """Seconds and memory to open a run of so many trials: to read it, and to go on with it."""
    from benchmarks import opening as benchmark

    show("A run is opened, space of examples/digits.py", benchmark.measured(seeds(counts)), out)


@click.command()
@click.option("--counts", default="100,1000", show_default=True, help="Trials of a search.")
@click.option("--epochs", default=30, show_default=True, help="Of each trial.")
@click.option("--out", type=click.Path(path_type=Path))
def logging(counts: str, epochs: int, out: Path | None) -> None:
    """Milliseconds a trial that TensorBoard's logs take, and seconds that their pictures take."""
    from benchmarks import logs as benchmark

    show(f"TensorBoard, epochs={epochs}, 4 metrics", benchmark.measured(seeds(counts), epochs), out)


@click.command()
@click.option("--backends", default="tensorflow,jax,torch", show_default=True)
@click.option("--example", default="digits", show_default=True, help="A file of examples/.")
@click.option("--trials", default=12, show_default=True)
@click.option("--epochs", default=5, show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("--out", type=click.Path(path_type=Path))
def repeatable(backends: str, example: str, trials: int, epochs: int, seed: int, out: Path | None) -> None:
    """Whether two runs with one seed give the same table, on each backend; exit code 1 where one does not."""
    from benchmarks import repeatable as benchmark

    names = backends.split(",")
    for name in names:
        if name not in benchmark.BACKENDS:
            raise click.BadParameter(
                f"--backends was given {name!r}. Known: {', '.join(benchmark.BACKENDS)}."
            )
    asked = {"name": example, "trials": trials, "epochs": epochs, "seed": seed}
    rows = benchmark.measured(names, asked)
    show(f"Two runs, trials={trials}, epochs={epochs}, seed={seed}", rows, out, names)
    if any(row["identical"] == "no" for row in rows):
        raise SystemExit(1)


@click.command()
@click.option("--sizes", default="80x24,160x50", show_default=True, help="Columns and rows of terminals.")
@click.option("--trials", default=100, show_default=True, help="Of each search.")
@click.option("--epochs", default=20, show_default=True)
@click.option("--seeds", "seeds_", default="0,1", show_default=True)
@click.option("--out", type=click.Path(path_type=Path))
def drawing(sizes: str, trials: int, epochs: int, seeds_: str, out: Path | None) -> None:
    """Share of a search's time that its live view takes, beside searches that print nothing."""
    from benchmarks import drawing as benchmark

    try:
        asked = [
            (int(columns), int(rows))
            for columns, _, rows in (each.partition("x") for each in sizes.split(","))
        ]
    except ValueError as error:
        raise click.BadParameter(
            f"--sizes was given {sizes!r}. Expected columns x rows, as 80x24,160x50."
        ) from error
    found = benchmark.measured(asked, trials, epochs, seeds(seeds_))
    show(f"Live view, examples/digits.py, trials={trials}, epochs={epochs}", found, out)
