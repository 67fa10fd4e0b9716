"""What the commands do that look at runs: show, list, compare, report. Returns exit codes, prints outcomes."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autoopt.errors import AutooptError, RunError, UsageError
from autoopt.printing import print_json, print_lines, print_pieces, width
from autoopt.records import own_model


def show(run: str | None, directory: Path, rows: int, as_json: bool) -> int:
    """Print what a run found; without a name the newest."""
    result = _newest(directory) if run is None else _loaded(run, directory)
    from autoopt.reports import failed_line, importance_grid, outcome, screen, trials_grid, trials_table
    from autoopt.search import ranked

    summary, shares = result.summary(), _shares(result)
    if as_json:
        board = json.loads(result.leaderboard(rows).to_json(orient="records"))
        print_json({**summary, "leaderboard": board, "importance": shares})
        return 0
    best, (first, *others) = ranked(result.trials, result.objectives)[:rows], result.objectives
    names, model = [each.name for each in others], own_model(summary["starter"])
    told = importance_grid([(each["hyperparameter"], each["importance"], each["trials"]) for each in shares])
    if sys.stdout.isatty():
        board = trials_grid(best, result.trials, first.name, names, model)
        print_pieces(screen(summary, board, told, failed_line(result.trials)))
        return 0
    listed = trials_table(best, result.trials, first.name, width(), names, model)
    print_lines(
        [str(result.run_dir), *outcome(summary), "", *listed, *([] if told is None else ["", *told.lines()])]
    )
    return 0


def runs(directory: Path, as_json: bool) -> int:
    """List the runs, oldest first; one that cannot be read is listed as such."""
    from autoopt.reports import Grid, compared_score, interrupted, score_text

    found = [_summary(folder) for folder in _every(directory)]
    if as_json:
        print_json(found)
        return 0
    if not found:
        print_lines([f"There are no runs under {directory}. Start one: autoopt tune model.py"])
        return 0
    rows = [
        (Path(each["run"]).name, "-", "-", "-", "-", f"unreadable: {each['error']}") if "error" in each else
        (
            Path(each["run"]).name,
            ", ".join(goal["name"] for goal in (each["objective"], *each["others"])), score_text(each["baseline_score"]),
            score_text(compared_score(each)), str(sum(each["trials"].values())), each["reason"] or ("not yet" if each["running"] else interrupted(each["run"])),
        )
        for each in found
    ]  # fmt: skip
    print_pieces([Grid("", ("run", "objective", "baseline", "best", "trials", "ended"), rows)])
    return 0


def compare(names: Sequence[str], directory: Path, as_json: bool) -> int:
    """Print runs beside each other.

    Raises:
        UsageError: There are fewer than two.
    """
    if len(names) < 2:
        raise UsageError(
            f"compare was given {names[0]!r} alone. Expected two runs or more: autoopt runs lists them."
        )
    from autoopt.reports import compared, comparison

    found = comparison([_loaded(name, directory).summary() for name in names])
    if as_json:
        print_json(found)
    else:
        print_pieces(compared(found))
    return 0


def report(run: str, path: Path | None, directory: Path) -> int:
    """Write the page of a run."""
    print_lines([str(_loaded(run, directory).report(path))])
    return 0


def importance(run: str, directory: Path, evaluator: str, as_json: bool) -> int:
    """Print which hyperparameters of a run mattered."""
    from autoopt.reports import table

    found = _loaded(run, directory).importance(evaluator)
    if as_json:
        print_json(found.to_dict("records"))
        return 0
    rows = [(name, f"{share:.3f}", str(trials)) for name, share, trials in found.itertuples(index=False)]
    print_lines(table(found.columns, rows, width()))
    return 0


def _every(directory: Path) -> Sequence[Any]:
    """Return the runs under a directory, oldest first; none where it is not there."""
    from autoopt import storage

    if directory.exists() and not directory.is_dir():
        raise RunError(
            f"--directory was given {str(directory)!r}, which is a file. Expected the folder in which runs lie: name that."
        )
    return storage.every(directory)


def _summary(folder: Any) -> Mapping[str, Any]:
    """Return the outcome of a run, or why it cannot be read: the others are listed all the same."""
    from autoopt.result import Result

    try:
        return Result(folder).summary()
    except AutooptError as error:
        return {"run": str(folder.path), "error": str(error)}


def _loaded(run: str, directory: Path) -> Any:
    from autoopt import storage

    storage.find(run, directory)  # which says that there is none before Keras is loaded
    from autoopt.result import load

    return load(run, directory)


def _newest(directory: Path) -> Any:
    found = _every(directory)
    if not found:
        raise RunError(f"There are no runs under {directory}. Start one: autoopt tune model.py")
    from autoopt.result import Result  # loads Keras

    return Result(found[-1])


def _shares(result: Any) -> list[dict[str, Any]]:
    """Return the importances of a run, none where its trials do not tell."""
    try:
        return result.importance().to_dict("records")  # type: ignore[no-any-return]
    except RunError:
        return []
