"""Which benchmarks there are, and what they have in common: seeds, a table, a JSON file, the machine."""

import json
import os
import platform
from importlib import metadata
from pathlib import Path

import click


@click.group()
def main() -> None:
    """Measure autoopt."""


def seeds(text: str) -> list[int]:
    """Read `0,1,2`."""
    return [int(part) for part in text.split(",")]


def show(title: str, rows: list[dict], out: Path | None) -> None:
    """Print rows as a Markdown table with the machine they come from, and write them where asked."""
    columns = list(rows[0])
    click.echo(f"\n{title}\n{machine()}\n")
    click.echo("| " + " | ".join(columns) + " |\n|" + " --- |" * len(columns))
    for row in rows:
        click.echo("| " + " | ".join(_cell(row[column]) for column in columns) + " |")
    if out is not None:
        out.write_text(json.dumps({"title": title, "machine": machine(), "rows": rows}, indent=1) + "\n")


def machine() -> str:
    """Return processor count, Python, Keras and its backend in one line."""
    import keras

    backend = keras.backend.backend()
    return (
        f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, "
        f"Keras {keras.__version__}, {backend} {metadata.version(backend)}"
    )


def _cell(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "-" if value is None else str(value)


@main.command()
@click.option("--seeds", "seeds_", default="0,1,2", show_default=True)
@click.option("--budget", default="3m", show_default=True)
@click.option("--epochs", default=60, show_default=True)
@click.option("--out", type=click.Path(path_type=Path))
def mnist1d(seeds_: str, budget: str, epochs: int, out: Path | None) -> None:
    """From the paper's plain convolutional net on MNIST-1D: gain over it."""
    from benchmarks import mnist1d as benchmark

    rows = benchmark.measured(seeds(seeds_), budget, epochs)
    show(f"MNIST-1D, epochs={epochs}, budget={budget}", [*rows, benchmark.median(rows)], out)


@main.command()
@click.option("--seeds", "seeds_", default="0,1", show_default=True)
@click.option("--epochs", default=60, show_default=True)
@click.option("--out", type=click.Path(path_type=Path))
def portfolio(seeds_: str, epochs: int, out: Path | None) -> None:
    """Each recipe of the portfolio beside the plain net."""
    from benchmarks import portfolio as benchmark

    show(f"Portfolio, epochs={epochs}", benchmark.measured(seeds(seeds_), epochs), out)


@main.command("first-command")
@click.option("--budget", default="60s", show_default=True)
@click.option("--out", type=click.Path(path_type=Path))
def first_command(budget: str, out: Path | None) -> None:
    """The README's first command, set-up left out: seconds beyond its budget."""
    from benchmarks import first_command as benchmark

    show(f"autoopt tune examples/digits.py --budget {budget}", [benchmark.measured(budget)], out)
