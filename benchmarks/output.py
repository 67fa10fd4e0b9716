"""What the benchmarks print: a table, a JSON file, the machine that the figures come from; and how seeds are read."""

import json
import os
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import click


def seeds(text: str) -> list[int]:
    """Read `0,1,2`."""
    return [int(part) for part in text.split(",")]


def show(
    title: str, rows: list[dict], out: Path | None, backends: Sequence[str] = (), runs: Sequence[dict] = ()
) -> None:
    """Print rows as a Markdown table with the machine they come from, and write them where asked.

    Args:
        title: What was measured.
        rows: The table.
        out: The JSON file, or None.
        backends: Of Keras, that were measured; none takes the one of this process.
        runs: The single measurements behind the rows, for the file alone.
    """
    print_table(title, rows, backends)
    if out is not None:
        written(title, rows, out, backends, runs)


def print_table(title: str, rows: Sequence[dict], backends: Sequence[str] = ()) -> None:
    """Print rows as a Markdown table with the machine they come from; arguments as in `show`."""
    columns = list(rows[0])
    click.echo(f"\n{title}\n{machine(backends)}\n")
    click.echo("| " + " | ".join(columns) + " |\n|" + " --- |" * len(columns))
    for row in rows:
        click.echo("| " + " | ".join(_cell(row[column]) for column in columns) + " |")


def written(
    title: str, rows: Sequence[dict], out: Path, backends: Sequence[str] = (), runs: Sequence[dict] = ()
) -> None:
    """Write rows and runs to a file, whole or not at all; arguments as in `show`."""
    found = {"title": title, "machine": machine(backends), "rows": list(rows), "runs": list(runs)}
    new = out.with_name(f"{out.name}.new")
    new.write_text(json.dumps(found, indent=1) + "\n")
    new.replace(out)


def machine(backends: Sequence[str] = ()) -> str:
    """Return processor count, Python, Keras and its backends in one line; no backends mean the one loaded."""
    if not backends:
        import keras

        backends = [keras.backend.backend()]
    versions = [f"{name} {metadata.version(name)}" for name in backends]
    return (
        f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, "
        f"Keras {metadata.version('keras')}, {', '.join(versions)}"
    )


def _cell(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "-" if value is None else str(value)
