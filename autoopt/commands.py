"""What each command does, apart from how its arguments are spelled. Returns exit codes, prints outcomes."""

import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from autoopt.errors import RunError, UsageError

INTERRUPTED = 130


def tune(model: str, data: Path | None, options: Mapping[str, Any], as_json: bool) -> int:
    """Run a search and print its outcome.

    Args:
        model: `file.py`, `file.py:function` or `package.module:function`.
        data: A data file; None takes `data` from the model's file.
        options: The flags, None where one was not given.
        as_json: Whether to print JSON.
    """
    import autoopt
    from autoopt import model_file

    with _standard_output_kept(as_json):
        defined = model_file.read(model)
        chosen = {name: value for name, value in options.items() if value not in (None, ())}
        if "fix" in chosen:
            chosen["space"] = autoopt.Space(fix=dict(_pin(text) for text in chosen.pop("fix")))
        if "resume" in chosen:
            chosen["resume"] = {"true": True, "false": False}.get(chosen["resume"], chosen["resume"])
        if chosen.get("workers", "auto") != "auto":
            chosen["workers"] = _value(chosen["workers"])
        learnt_from = defined.data() if data is None else data
        result = autoopt.tune(defined.model_fn, learnt_from, **{**defined.options(), **chosen})
    if as_json:
        click.echo(json.dumps(result.summary()))
    elif chosen.get("verbose") != 0:
        print_outcome(result, Path(chosen.get("logdir", "tensorboard_logs")))
    return INTERRUPTED if result.reason == "interrupted" else 0


def show(run: str | None, directory: Path, rows: int, as_json: bool) -> int:
    """Print what a run found; without a name the newest."""
    from autoopt import storage
    from autoopt.result import Result, load

    if run is None:
        found = storage.every(directory)
        if not found:
            raise RunError(f"There are no runs under {directory}. Start one: autoopt tune model.py")
        result = Result(found[-1])
    else:
        result = load(run, directory)
    if as_json:
        board = result.leaderboard(rows)
        click.echo(
            json.dumps({**result.summary(), "leaderboard": json.loads(board.to_json(orient="records"))})
        )
        return 0
    print_outcome(result, None)
    print_leaderboard(result, rows)
    return 0


def runs(directory: Path, as_json: bool) -> int:
    """List the runs, oldest first."""
    from autoopt import storage
    from autoopt.result import Result

    found = [Result(folder).summary() for folder in storage.every(directory)]
    if as_json:
        click.echo(json.dumps(found))
        return 0
    if not found:
        click.echo(f"There are no runs under {directory}. Start one: autoopt tune model.py")
    _print_table(
        ("run", "objective", "baseline", "best", "trials", "ended"),
        [
            (
                Path(each["run"]).name, each["objective"]["name"], _score(each["baseline_score"]),
                _score(each["best_score"]), str(sum(each["trials"].values())), each["reason"] or "not yet",
            )
            for each in found
        ],
    )  # fmt: skip
    return 0


def export(run: str, path: Path, format_: str, directory: Path) -> int:
    """Write a run's best model to a file."""
    from autoopt.result import load

    click.echo(str(load(run, directory).export(path, format_)))
    return 0


def board(logdir: Path, port: int, host: str) -> int:
    """Run TensorBoard on the logs until it is stopped."""
    if not logdir.is_dir():
        raise UsageError(f"There is no folder {str(logdir)!r}. Run a search first, or name its --logdir.")
    free = port if port == 0 or _is_free(host, port) else 0
    if free != port:
        click.echo(f"Port {port} is taken; TensorBoard takes another and names it below.", err=True)
    click.echo("The table of all trials is on the HPARAMS page. Ctrl-C ends TensorBoard.", err=True)
    command = [
        sys.executable,
        "-m",
        "tensorboard.main",
        "--logdir",
        str(logdir),
        "--host",
        host,
        "--port",
        str(free),
    ]
    return subprocess.call(command)


def print_outcome(result: Any, logdir: Path | None) -> None:
    """Print baseline, best, what was changed, and where to look."""
    from autoopt.reports import duration

    summary = result.summary()
    name = summary["objective"]["name"]
    counts = ", ".join(f"{count} {status}" for status, count in summary["trials"].items() if count)
    took = "" if summary["seconds"] is None else f" in {duration(summary['seconds'])}"
    click.echo(
        f"\n{sum(summary['trials'].values())} trials{took} ({counts}); ended: {summary['reason'] or 'not yet'}."
    )
    click.echo(f"  baseline   {name} {_score(summary['baseline_score'])}  (your model)")
    click.echo(f"  best       {name} {_score(summary['best_score'])}  (trial {summary['best_trial']})")
    if summary["confirmed"]:
        confirmed = summary["confirmed"]
        runs_ = f"{confirmed['n']} fresh seed{'s' if confirmed['n'] > 1 else ''}"
        click.echo(f"  confirmed  {name} {_score(confirmed['mean'])} ± {confirmed['std']:.4f}  ({runs_})")
    if summary["test_metrics"]:
        tested = ", ".join(f"{key} {_score(value)}" for key, value in summary["test_metrics"].items())
        click.echo(f"  test       {tested}")
    if summary["changes"]:
        click.echo("Changed from your model:")
        for change in summary["changes"]:
            before, after = _plain(change["before"]), _plain(change["after"])
            click.echo(f"  {change['name']:<32} {before} -> {after}")
    elif summary["best_trial"] is not None:
        click.echo("Nothing was changed: no trial beat your model.")
    click.echo(f"Model: {Path(summary['run']) / 'best.keras'}")
    if logdir is not None:
        click.echo(f"Look:  autoopt show {Path(summary['run']).name} · autoopt board --logdir {logdir}")


def print_leaderboard(result: Any, rows: int) -> None:
    """Print the best trials, with the hyperparameters that differ among them."""
    board = result.leaderboard(rows)
    varied = [name for name in board.columns[5:] if board[name].nunique(dropna=False) > 1]
    shown = board[["trial", "status", "score", "epochs", "seconds", *varied]]
    click.echo("")
    _print_table(
        tuple(shown.columns), [tuple(_plain(value) for value in row) for row in shown.itertuples(index=False)]
    )


def _print_table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    if rows:
        # Away from a terminal nothing is cut to a width: the lines are for other programs.
        Console(width=None if sys.stdout.isatty() else 1000).print(table)


@contextlib.contextmanager
def _standard_output_kept(as_json: bool) -> Iterator[None]:
    """Send what is printed meanwhile to stderr, so that standard output is JSON alone."""
    if not as_json:
        yield
        return
    with contextlib.redirect_stdout(sys.stderr):
        yield


def _pin(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--fix was given {text!r}. Expected NAME=VALUE, for example optimizer/name=adam.")
    return name, _value(value)


def _value(text: str) -> Any:
    """Read a value as JSON would, else as the text that it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _score(value: float | None) -> str:
    from autoopt.reports import score_text

    return score_text(value)


def _plain(value: Any) -> str:
    if value is None or value != value:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
