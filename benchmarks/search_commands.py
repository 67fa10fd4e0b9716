"""The benchmarks of what a search rests on: what programs cost, how long a suggestion takes, whether runs repeat."""

from pathlib import Path

import click

from benchmarks.output import show


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
