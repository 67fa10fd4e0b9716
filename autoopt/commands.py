"""What each command does, apart from how its arguments are spelled. Returns exit codes, prints outcomes."""

import contextlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from autoopt import command, flags
from autoopt.command import Command
from autoopt.errors import RunError, UsageError
from autoopt.printing import print_json, print_lines, say
from autoopt.subject import is_model, model_and_data

FAILED, INTERRUPTED = 1, 130


def tune(model: str, data: Path | None, options: Mapping[str, Any], as_json: bool) -> int:
    """Run a search and print its outcome.

    Args:
        model: `file.py`, `file.py:function`, `package.module:function`, a starter, or data alone.
        data: A file or folder of data; None takes `data` from the model's file.
        options: The flags, None where one was not given.
        as_json: Whether to print JSON.
    """
    return _carried_out(Command(*model_and_data(model, data), options), dict, as_json)


def resume(
    run: str, model: str | None, data: Path | None, directory: Path, options: Mapping[str, Any], as_json: bool
) -> int:
    """Go on with a run and print its outcome.

    Args:
        run: Its folder, or its name.
        model: As for `tune`; None takes what the run was begun with, where this user began it in a shell.
        data: Likewise.
        directory: Where runs lie.
        options: Flags that change those of before.
        as_json: Whether to print JSON.
    """
    from autoopt import storage

    folder = storage.find(run, directory)
    record = folder.read("run").get("command")
    before = command.read(record)
    if model is None and before is None:
        raise RunError(_unknown_model(run, record, bool(folder.read("schema"))))
    now = None if model is None else Command(*model_and_data(model, data))
    place = {"directory": folder.path.parent.resolve(), "project_name": folder.name, "resume": "true"}
    going_on = command.going_on(before, now, {**options, **place})
    limited = any(options[name] is not None for name in command.LIMITS)
    asked = folder.read("run", needs=("objective", "epochs", "constraints", *command.LIMITS))
    base = partial(_asked_before, asked, folder.read("space"), limited)
    if not Path(going_on.folder).is_dir():
        raise RunError(
            f"The run {run!r} was begun in the folder {going_on.folder}, which is gone, with the model file {going_on.model!r}. "
            f"Expected a model file. Name it: autoopt resume {run} model.py"
        )
    file = Path(going_on.folder, going_on.model.partition(":")[0])
    if model is None and file.suffix == ".py" and not file.is_file():
        raise RunError(
            f"The run {run!r} goes on with {str(file)!r}, which is not there. Expected a model file. Name another: "
            f"autoopt resume {run} model.py"
        )
    with contextlib.chdir(going_on.folder):
        return _carried_out(going_on, base, as_json)


def _carried_out(given: Command, base: Callable[[], Mapping[str, Any]], as_json: bool) -> int:
    """Run a search and print its outcome.

    Args:
        given: The model file, and flags.
        base: Returns arguments of `tune` that the model file and flags change.
        as_json: Whether to print JSON.
    """
    said = flags.read(given.options)
    _check(given, said)
    verbose = said.plain.get("verbose")
    if sys.stderr.isatty() and verbose != 0:
        say(f"Loading {given.model if is_model(given.model) else given.data} and Keras …")
    with _standard_output_kept(as_json), command.given(given):
        resources = said.unspaced({}).get("resources")
        if resources is not None and resources.memory is not None:
            from autoopt import checks  # loads Keras: what that takes is looked at before data are there

            checks.memory_suffices(resources)
        model_fn, learnt_from, defined = _named(given)
        import autoopt

        arguments = said.arguments({**base(), **defined})
        result = autoopt.tune(model_fn, learnt_from, **arguments)
    if as_json:
        print_json(result.summary())
    if result.folder.best_model.name in result.folder.in_memory:
        say(_elsewhere(result))
        return FAILED
    if verbose != 0 and not as_json:
        from autoopt.reports import where_to_look

        logdir = Path(said.plain.get("logdir", command.LOGDIR))
        print_lines(where_to_look(result.run_dir, logdir, takes_rows=result.schema is not None))
    return INTERRUPTED if result.reason == "interrupted" else 0


def _check(given: Command, said: flags.Flags) -> None:
    """Check what was typed as far as that can be done before Keras is loaded, which takes seconds.

    Raises:
        UsageError: The first that is wrong.
    """
    from autoopt import call, storage
    from autoopt.data.files import check_file, check_said

    call.check(said.unspaced({}))
    for path in (given.data, said.plain.get("validation_data"), said.plain.get("test_data")):
        if path is not None:
            check_file(path)
    if given.data is not None:
        said_of = {
            name: said.plain[name] for name in ("target", "task", "types", "drop") if name in said.plain
        }
        check_said(given.data, **said_of)
    place = {name: said.plain.get(name) for name in ("project_name", "resume")}
    storage.locate(
        said.plain.get("directory", command.DIRECTORY), place["project_name"], place["resume"] or False
    )


def _named(given: Command) -> tuple[Any, Any, Mapping[str, Any]]:
    """Return the model, the data, and the further arguments of `tune` that a model file defines."""
    if not is_model(given.model):
        return given.model, given.data, {}
    from autoopt import call, model_file
    from autoopt.spelling import spelling

    defined = model_file.read(given.model)
    options = defined.options()
    with spelling(shell=False):  # a file says them in Python
        call.check(options)
    return defined.model_fn, defined.data() if given.data is None else given.data, options


def _unknown_model(run: str, record: Any, on_rows: bool) -> str:
    known = record.get("model") if isinstance(record, dict) else None
    begun = f"by another user or on another machine, with {known!r}" if known else "in Python"
    return (
        f"The run {run!r} was begun {begun}: which file makes its model is not taken from there. Expected a model file. "
        f"Name it: autoopt resume {run} model.py"
        + (
            f", or a starter and the data: autoopt resume {run} auto train.csv --target NAME"
            if on_rows
            else ""
        )
    )


def _asked_before(asked: Mapping[str, Any], space: Mapping[str, Any], limited: bool) -> dict[str, Any]:
    """Return the arguments of `tune` in a run's last session, as far as they are written down.

    Args:
        asked: Its `run.json`.
        space: Its `space.json`.
        limited: Whether limits are given now, which take the place of those of before.
    """
    from autoopt.constraints import Constraints
    from autoopt.space import Space

    objectives = [
        (each["name"], each["direction"]) for each in (asked["objective"], *asked.get("others", ()))
    ]
    return {
        "epochs": asked["epochs"],
        "objective": objectives if len(objectives) > 1 else objectives[0],
        "constraints": Constraints(**asked["constraints"]),
        "space": Space.from_json(json.dumps(space)),
        **({} if limited else {name: asked[name] for name in command.LIMITS}),
    }


def _elsewhere(result: Any) -> str:
    """Write the winner where files may lie for a while, and say where: memory, where it is, ends with this process."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="autoopt-"))
        model, told = result.export(folder / "best.keras"), result.export(folder / "summary.json", "json")
    except (OSError, UsageError) as error:
        why = error.__cause__ or error  # what export makes of an error speaks of a path that nobody gave
        return (
            f"The winner could be written neither to {result.run_dir} nor elsewhere ({getattr(why, 'strerror', None) or why}). "
            "Free space and search again with the same seed."
        )
    return f"{result.run_dir} could not take the winner. It is in {model}, and what was found in {told}: move both."


def export(run: str, path: Path, format_: str, directory: Path) -> int:
    """Write a run's best model to a file."""
    from autoopt import storage

    storage.find(run, directory)
    from autoopt.result import load  # loads Keras

    print_lines([str(load(run, directory).export(path, format_))])
    return 0


@contextlib.contextmanager
def _standard_output_kept(as_json: bool) -> Iterator[None]:
    """Send what is printed meanwhile to stderr, so that standard output is JSON alone."""
    if not as_json:
        yield
        return
    with contextlib.redirect_stdout(sys.stderr):
        yield
