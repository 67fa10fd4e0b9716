"""The command line, thin: it reads arguments, calls the same functions as Python does, and prints."""

import sys
from pathlib import Path
from typing import Any

import click

INTERRUPTED = 130


SAID_OF_DATA = (
    click.option(
        "--target",
        multiple=True,
        metavar="COLUMN",
        help="What is predicted; repeated, several labels of 0 and 1.",
    ),
    click.option(
        "--task",
        help="binary or multiclass, of folders too; multilabel, regression or counts.  [default: by the target]",
    ),
    click.option(
        "--types",
        multiple=True,
        metavar="COLUMN=KIND,…",
        help="number, category, text, date, dna, rna or protein; or series alone. Of a folder of images their size, image=64x48.",
    ),
    click.option("--drop", multiple=True, metavar="COLUMN,…", help="Columns that are not learnt from."),
)
"""Options of every command that reads data to learn from."""


def _said_of_data(command: Any) -> Any:
    for option in reversed(SAID_OF_DATA):
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="autoopt")
def main() -> None:
    """Tune a Keras model: structure, initialization, regularization, optimizer and batch size together."""


@main.command()
@click.argument("model", metavar="MODEL|STARTER")
@click.argument("data", required=False, type=click.Path(path_type=Path))
@_said_of_data
@click.option("--validation-data", type=click.Path(path_type=Path), help="A file to validate on.")
@click.option(
    "--test-data", type=click.Path(path_type=Path), help="A file that is looked at once, at the end."
)
@click.option(
    "--budget",
    help='Time for the whole call: "90s", "10m", "2h", or seconds.  [default: 10m, without --max-trials]',
)
@click.option("--max-trials", type=int, help="Most trials, the user's own model counted.")
@click.option(
    "--epochs",
    type=int,
    help="Most epochs a trial.  [default: 50, or as few as let a dozen trials fit the budget]",
)
@click.option(
    "--objective",
    multiple=True,
    help='What is compared, as "val_accuracy"; may be repeated, also with parameters, latency and '
    "seconds_per_epoch: then a front is searched for.  [default: auto]",
)
@click.option("--validation-split", type=float, help="Share of the data to validate on.  [default: 0.2]")
@click.option("--workers", help="How many trials run at once, or auto.  [default: 1]")
@click.option("--address", help='Of a Ray cluster for the workers: "auto", "HOST:6379", "ray://HOST:10001".')
@click.option("--gpus", type=float, help="GPUs a worker: 1, 0.5, ….  [default: one, or a part]")
@click.option("--backend", help="Keras's backend in workers: tensorflow, jax or torch.")
@click.option("--sampler", help="Where values come from: tpe, random, gp, ….  [default: tpe]")
@click.option(
    "--pruner", help="What ends hopeless trials: halving, median, hyperband, none.  [default: halving]"
)
@click.option("--oracle", help="KerasTuner's random, bayesian, grid or hyperband, instead of autoopt's own.")
@click.option("--engine", help="auto, or keras for plain fit.  [default: auto]")
@click.option(
    "--isolate", is_flag=True, default=None, help="Each trial in a worker process: a crash costs that trial."
)
@click.option("--memory", help='Past it trials move on to a fresh process: "4GB".  [default: half of all]')
@click.option("--max-disk", help='Most that the run folder may take: "2GB".')
@click.option("--max-params", type=int, help="Most parameters of a candidate.")
@click.option("--max-latency-ms", type=float, help="Most milliseconds for one prediction.")
@click.option("--max-seconds-per-epoch", type=float, help="Most seconds of training for one epoch.")
@click.option("--class-weight", type=click.Choice(["balanced"]), help="Weigh classes by their rarity.")
@click.option("--directory", type=click.Path(path_type=Path), help="Where runs lie.  [default: autoopt_runs]")
@click.option("--project-name", help="The run's name.  [default: a fresh one]")
@click.option(
    "--resume", type=click.Choice(["true", "false", "overwrite"]), help="Go on with a run of that name."
)
@click.option(
    "--logdir", type=click.Path(path_type=Path), help="TensorBoard's folder.  [default: tensorboard_logs]"
)
@click.option("--seed", type=int, help="A whole number from 0.")
@click.option(
    "--open",
    "opened",
    multiple=True,
    metavar="AXES",
    help="Search these axes alone, as structure,optimizer, and those that --fix and --batch-size name; others stay as written.",
)
@click.option("--close", "closed", multiple=True, metavar="AXES", help="Leave these axes as written.")
@click.option("--batch-size", multiple=True, metavar="SIZES", help="Batch sizes to choose from: 32,64.")
@click.option("--fix", multiple=True, metavar="NAME=VALUE", help="Pin a hyperparameter; may be repeated.")
@click.option("--verbose", type=click.IntRange(0, 2), help="0 nothing, 1 progress, 2 a line for each trial.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON; progress goes to stderr.")
def tune(model: str, data: Path | None, as_json: bool, **options: Any) -> None:
    """Search for a better version of a model.

    MODEL is a Python file that defines `model_fn` and `data`, or one function of it as file.py:function or
    package.module:function, then with DATA. STARTER is the name of a model for your kind of data: `autoopt new` lists
    them. DATA is a table (CSV, TSV, Parquet, Feather, JSON lines), FASTA, an .npz that holds x and y, or a folder with
    a folder of images, sounds or texts for each class; alone it is learnt from by the starter that fits.
    """
    from autoopt import commands

    _exit(commands.tune, model, data, options, as_json)


@main.command()
@click.argument("run")
@click.argument("model", metavar="[MODEL|STARTER]", required=False)
@click.argument("data", required=False, type=click.Path(path_type=Path))
@_said_of_data
@click.option("--budget", help="Time for all of its sessions together, instead of the limits of before.")
@click.option("--max-trials", type=int, help="Most trials of all sessions, instead of the limits of before.")
@click.option("--directory", type=click.Path(path_type=Path), default=Path("autoopt_runs"), show_default=True)
@click.option("--verbose", type=click.IntRange(0, 2), help="0 nothing, 1 progress, 2 a line for each trial.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON; progress goes to stderr.")
def resume(
    run: str, model: str | None, data: Path | None, directory: Path, as_json: bool, **options: Any
) -> None:
    """Go on with a run that was interrupted, or that is to search for longer.

    RUN is its folder, or its name. MODEL and DATA are as for `tune`: without them the run goes on with what you began
    it with in a shell.
    """
    from autoopt import commands

    _exit(commands.resume, run, model, data, directory, options, as_json)


@main.command()
@click.argument("what", metavar="MODEL|STARTER|DATA")
@click.argument("data", required=False, type=click.Path(path_type=Path))
@_said_of_data
@click.option("--json", "as_json", is_flag=True, help="Print what was read of data as JSON.")
def inspect(what: str, data: Path | None, as_json: bool, **options: Any) -> None:
    """Show what data hold, or what of a model's structure can be searched, and what not and why.

    A file or folder of data: the task, the target, classes, each column with its kind, and what catches the eye. A
    MODEL, a Python file that defines `model_fn` or one function of it, or a STARTER: its layers as a tree, with DATA for
    what they are to learn from.
    """
    from autoopt import starting

    _exit(starting.inspect, what, data, options, as_json)


@main.command()
@click.argument("starter", required=False)
@click.argument("data", required=False, type=click.Path(path_type=Path))
@_said_of_data
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="A file to write, which must not be there yet."
)
def new(starter: str | None, data: Path | None, out: Path | None, **options: Any) -> None:
    """Print a starter as a model file to start from; without STARTER list them.

    It is a function of Keras alone. With DATA it has the shapes of these, as they are prepared for it.
    """
    from autoopt import starting

    _exit(starting.new, starter, data, options, out)


@main.command()
@click.argument("run")
@click.argument("data", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="A CSV to write.  [default: standard output]"
)
@click.option("--proba", is_flag=True, help="Write the probability of each class too.")
@click.option("--directory", type=click.Path(path_type=Path), default=Path("autoopt_runs"), show_default=True)
def predict(run: str, data: Path, out: Path | None, proba: bool, directory: Path) -> None:
    """Predict for the rows of FILE with a run's winner, and write them as CSV.

    Columns are found by name: their order does not matter, nor do others, nor whether the target is there. FILE may be
    a folder of images, sounds or texts.
    """
    from autoopt import predicting

    _exit(predicting.predict, run, data, out, proba, directory)


@main.command()
@click.argument("run")
@click.argument("data", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--directory", type=click.Path(path_type=Path), default=Path("autoopt_runs"), show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the metrics as JSON.")
def evaluate(run: str, data: Path, directory: Path, as_json: bool) -> None:
    """Show what a run's winner scores on the rows of FILE, which have labels."""
    from autoopt import predicting

    _exit(predicting.evaluate, run, data, as_json, directory)


@main.command()
@click.argument("run", required=False)
@click.option("--directory", type=click.Path(path_type=Path), default=Path("autoopt_runs"), show_default=True)
@click.option("-n", "rows", type=click.IntRange(1), default=10, show_default=True, help="Trials to list.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def show(run: str | None, directory: Path, rows: int, as_json: bool) -> None:
    """Show what a run found; without RUN the newest."""
    from autoopt import looking

    _exit(looking.show, run, directory, rows, as_json)


@main.command()
@click.option("--directory", type=click.Path(path_type=Path), default=Path("autoopt_runs"), show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def runs(directory: Path, as_json: bool) -> None:
    """List the runs."""
    from autoopt import looking

    _exit(looking.runs, directory, as_json)


@main.command()
@click.argument("run")
@click.option("--directory", type=click.Path(path_type=Path), default=Path("autoopt_runs"), show_default=True)
@click.option("--evaluator", default="ped_anova", show_default=True, help="ped_anova or fanova.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def importance(run: str, directory: Path, evaluator: str, as_json: bool) -> None:
    """Show which hyperparameters of a run mattered, by Optuna's evaluators."""
    from autoopt import looking

    _exit(looking.importance, run, directory, evaluator, as_json)


@main.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN …")
@click.option("--directory", type=click.Path(path_type=Path), default=Path("autoopt_runs"), show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
def compare(runs: tuple[str, ...], directory: Path, as_json: bool) -> None:
    """Show runs beside each other: what each reached, and in which hyperparameters their winners differ."""
    from autoopt import looking

    _exit(looking.compare, runs, directory, as_json)


@main.command()
@click.argument("run")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--directory", type=click.Path(path_type=Path), default=Path("autoopt_runs"), show_default=True)
def report(run: str, path: Path | None, directory: Path) -> None:
    """Write all that is known of a run as one page of HTML, which needs no network.

    PATH is report.html in the run's folder where it is left out.
    """
    from autoopt import looking

    _exit(looking.report, run, path, directory)


@main.command()
@click.argument("run")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "format_",
    default="keras",
    show_default=True,
    help="keras, python (a script of Keras alone), weights, json, onnx or saved_model (a folder).",
)
@click.option("--directory", type=click.Path(path_type=Path), default=Path("autoopt_runs"), show_default=True)
def export(run: str, path: Path, format_: str, directory: Path) -> None:
    """Write a run's best model to PATH: as a model, as the code that builds and trains it, or for other programs."""
    from autoopt import commands

    _exit(commands.export, run, path, format_, directory)


@main.command()
@click.argument("run", required=False)
@click.option("--directory", type=click.Path(path_type=Path), default=Path("autoopt_runs"), show_default=True)
@click.option(
    "--logdir",
    type=click.Path(path_type=Path),
    help="Where logs lie.  [default: tensorboard_logs, or where RUN has them]",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=6006,
    show_default=True,
    help="Where one is taken the next free one is; 0 takes any.",
)
@click.option(
    "--host", default="localhost", show_default=True, help="Who may look: localhost is this machine."
)
@click.option("--no-open", is_flag=True, help="Open no browser, also where this machine has a screen.")
def board(run: str | None, directory: Path, logdir: Path | None, port: int, host: str, no_open: bool) -> None:
    """Start TensorBoard on the logs of RUN, without it on those of all runs, and show the table of trials."""
    from autoopt import board

    _exit(board.serve, run, directory, logdir, port, host, not no_open)


def _exit(command: Any, *arguments: Any) -> None:
    """Carry out a command; the only place that turns what happened into an exit code.

    0 is done, 1 failed, 2 wrong usage, 130 interrupted.
    """
    from autoopt import library_output
    from autoopt.errors import AutooptError, UsageError
    from autoopt.spelling import spelling
    from autoopt.untrusted import printable

    library_output.keep_off_screen()
    try:
        with spelling(shell=True):
            code = command(*arguments)
    except UsageError as error:
        click.echo(printable(f"{_users_traceback(error)}Error: {error}"), err=True)
        code = 2
    except AutooptError as error:
        click.echo(printable(f"Error: {error}"), err=True)
        code = 1
    except KeyboardInterrupt:
        click.echo("Interrupted.", err=True)
        code = INTERRUPTED
    sys.exit(code or 0)


def _users_traceback(error: Exception) -> str:
    """Return the traceback of what the user's own model file raised, as far as it lies in the user's files."""
    import sysconfig
    import traceback

    from autoopt.errors import ModelError

    if not isinstance(error, ModelError) or error.__cause__ is None:
        return ""
    shown = traceback.TracebackException.from_exception(error.__cause__)
    foreign = (str(Path(__file__).parent), "<frozen ", *sysconfig.get_paths().values())
    own = [frame for frame in shown.stack if not frame.filename.startswith(foreign)]
    shown.stack = traceback.StackSummary.from_list(own)
    return "".join(shown.format())


if __name__ == "__main__":
    main()
