"""Which benchmarks there are: the options of each, and what is called."""

import statistics
from dataclasses import asdict
from pathlib import Path

import click

from benchmarks.fields.command import fields
from benchmarks.output import seeds, show
from benchmarks.quality.command import quality
from benchmarks.scale.command import scale
from benchmarks.scale.together import together
from benchmarks.search_commands import cost, drawing, logging, opening, repeatable, suggest
from benchmarks.starters.command import starters
from benchmarks.throughput.tasks import TASKS
from benchmarks.workers.command import workers


@click.group()
def main() -> None:
    """Measure autoopt."""


@main.command()
@click.option("--seeds", "seeds_", default="0,1,2", show_default=True)
@click.option("--budget", default="3m", show_default=True)
@click.option("--epochs", default=60, show_default=True)
@click.option("--out", type=click.Path(path_type=Path))
def mnist1d(seeds_: str, budget: str, epochs: int, out: Path | None) -> None:
    """From the paper's plain convolutional net on MNIST-1D: gain over it."""
    from benchmarks import mnist1d as benchmark
    from benchmarks.runs import summary

    rows = benchmark.measured(seeds(seeds_), budget, epochs)
    show(f"MNIST-1D, epochs={epochs}, budget={budget}", [*rows, summary(rows, statistics.median)], out)


@main.command("plain-net")
@click.option("--data", help="Names with commas between.  [default: all four]")
@click.option("--seeds", "seeds_", default="0", show_default=True)
@click.option("--budget", default="90s", show_default=True)
@click.option("--epochs", default=50, show_default=True)
@click.option("--out", type=click.Path(path_type=Path))
def plain_net(data: str | None, seeds_: str, budget: str, epochs: int, out: Path | None) -> None:
    """From a plain two-layer net on a table, images, bases and speech: gain in validation and test."""
    from benchmarks import plain_net as benchmark
    from benchmarks.datasets import MissingPackage

    names = data.split(",") if data else benchmark.NAMES
    for name in names:
        if name not in benchmark.NAMES:
            raise click.BadParameter(f"--data was given {name!r}. Known: {', '.join(benchmark.NAMES)}.")
    try:
        rows = benchmark.measured(names, seeds(seeds_), budget, epochs)
    except MissingPackage as error:
        raise click.ClickException(str(error)) from error
    show(f"Plain net, epochs={epochs}, budget={budget}", rows, out)
    click.echo(f"\n{benchmark.verdict(rows)}")


@main.command()
@click.option("--seeds", "seeds_", default="0,1", show_default=True)
@click.option("--epochs", default=60, show_default=True)
@click.option("--out", type=click.Path(path_type=Path))
def portfolio(seeds_: str, epochs: int, out: Path | None) -> None:
    """Each recipe of the portfolio beside the plain net."""
    from benchmarks import portfolio as benchmark

    show(f"Portfolio, epochs={epochs}", benchmark.measured(seeds(seeds_), epochs), out)


@main.command()
@click.option(
    "--searches/--values", default=False, help="Whole searches, or each value alone.  [default: values]"
)
@click.option("--examples", default="mnist1d,digits", show_default=True)
@click.option("--seeds", "seeds_", default="0,1", show_default=True)
@click.option("--trials", default=40, show_default=True, help="Of each search.")
@click.option("--epochs", default=30, show_default=True)
@click.option("--out", type=click.Path(path_type=Path))
def parts(searches: bool, examples: str, seeds_: str, trials: int, epochs: int, out: Path | None) -> None:
    """Activation, normalization and pooling: each value in a recipe of the portfolio, or searches of them."""
    from benchmarks import parts as benchmark

    names = examples.split(",")
    if searches:
        rows = benchmark.searches(names, seeds(seeds_), trials, epochs)
        show(f"Searches of parts, trials={trials}, epochs={epochs}", rows, out)
    else:
        rows = benchmark.values(names, seeds(seeds_), epochs)
        show(f"Parts, epochs={epochs}", rows, out)


@main.command("first-command")
@click.option("--budget", default="60s", show_default=True)
@click.option("--out", type=click.Path(path_type=Path))
def first_command(budget: str, out: Path | None) -> None:
    """The README's first command, set-up left out: seconds beyond its budget."""
    from benchmarks import first_command as benchmark

    show(f"autoopt tune examples/digits.py --budget {budget}", [benchmark.measured(budget)], out)


@main.command()
@click.option("--runs", default=20, show_default=True)
@click.option("--trials", default=8, show_default=True, help="Of each search.")
@click.option("--epochs", default=5, show_default=True)
@click.option("--out", type=click.Path(path_type=Path))
def honesty(runs: int, trials: int, epochs: int, out: Path | None) -> None:
    """Labels of pure noise: does the confirmed score hold on the test part, and does any search claim a gain?"""
    from benchmarks import honesty as benchmark

    rows = []
    for row in benchmark.measured(runs, trials, epochs):
        click.echo(f"{row}", err=True)
        rows.append(row)
    show(f"Pure noise, 1,000 rows, trials={trials}, epochs={epochs}", rows, out)
    click.echo(f"\n{benchmark.verdict(rows)}")


@main.command()
@click.option("--budgets", default="20s,40s", show_default=True)
@click.option("--seeds", "seeds_", default="0", show_default=True)
@click.option("--out", type=click.Path(path_type=Path))
def budget(budgets: str, seeds_: str, out: Path | None) -> None:
    """Seconds that `tune` takes beyond its budget on digits, confirmation, test and export included."""
    from benchmarks import budget as benchmark

    rows = [benchmark.measured(each, seed) for each in budgets.split(",") for seed in seeds(seeds_)]
    show("Budgets of tune on digits", rows, out)


@main.command()
@click.option("--models", default="", help="Names with commas between.  [default: all]")
@click.option("--draws", default=20, show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("--out", type=click.Path(path_type=Path))
def applications(models: str, draws: int, seed: int, out: Path | None) -> None:
    """Depth and width of the models of keras.applications: each draw is built, run, saved and read back."""
    from benchmarks import applications as benchmark

    rows = []
    for name in models.split(",") if models else benchmark.names():
        found = benchmark.tried(name, draws, seed)
        click.echo(f"{name}: {found.built} of {draws} {'; '.join(found.failures)}", err=True)
        rows.append(asdict(found))
    show(f"keras.applications, {draws} draws each, seed {seed}", rows, out)
    if any(row["failures"] for row in rows):
        raise SystemExit(1)


@main.command()
@click.option("--task", type=click.Choice(list(TASKS)), default="pinned", show_default=True)
@click.option("--tuners", default="", help="Of the task's, with commas between.  [default: by task]")
@click.option("--backends", default="tensorflow,jax", show_default=True)
@click.option("--seeds", "seeds_", default="0,1,2", show_default=True)
@click.option("--trials", type=click.IntRange(1), help="Not for the task minutes.  [default: by task]")
@click.option("--epochs", type=click.IntRange(1), help="[default: by task]")
@click.option("--budget", default="3m", show_default=True, help="Of each search of the task minutes.")
@click.option("--out", type=click.Path(path_type=Path))
def throughput(
    task: str,
    tuners: str,
    backends: str,
    seeds_: str,
    trials: int | None,
    epochs: int | None,
    budget: str,
    out: Path | None,
) -> None:
    """How many trials an hour holds: autoopt beside its peers, each measurement in a fresh process."""
    from benchmarks.throughput import runner, table

    names, wanted = [part for part in tuners.split(",") if part], backends.split(",")
    known = {name for part in TASKS[task] for name in part.tuners}
    for name in names:
        if name not in known:
            raise click.BadParameter(
                f"{name!r} is not measured on {task}. Known: {', '.join(sorted(known))}."
            )
    asked = runner.Wanted(names, wanted, seeds(seeds_), trials, epochs, budget)
    given = {"trials": trials, "epochs": epochs, "budget": budget if task == "minutes" else None}
    title = f"Throughput, task={task}, seeds={seeds_}" + "".join(f", {k}={v}" for k, v in given.items() if v)
    found: list[runner.Measurement] = []
    try:
        for each in runner.run(TASKS[task], asked):
            found.append(each)
    finally:  # an hour's measurements are shown, whatever ends them
        if found:
            show(title, table.rows(task, found), out, wanted, [each.summary() for each in found])
    if not found:
        raise click.UsageError(f"Nothing was measured: none of {tuners!r} runs on {backends}.")


@main.command()
@click.option("--epochs", default=12, show_default=True)
@click.option("--out", type=click.Path(path_type=Path))
def xla(epochs: int, out: Path | None) -> None:
    """What the choice between XLA over epochs, over steps, or not at all rests on; run it on each backend."""
    from benchmarks import xla as benchmark

    show(f"XLA, 1,437 examples, batches of 32, epochs={epochs}", benchmark.measured(epochs), out)


@main.command()
@click.option("--problems", default="mnist1d,digits", show_default=True)
@click.option("--seeds", "seeds_", default="0,1,2", show_default=True)
@click.option("--trials", type=click.IntRange(1), help="Of each search; else --budget ends it.")
@click.option("--budget", default="3m", show_default=True)
@click.option("--epochs", default=60, show_default=True)
@click.option("--out", type=click.Path(path_type=Path))
def inherit(
    problems: str, seeds_: str, trials: int | None, budget: str, epochs: int, out: Path | None
) -> None:
    """Wider and deeper proposals that start from their parent's weights, beside fresh ones."""
    from benchmarks import inherit as benchmark

    limit = None if trials else budget
    rows = benchmark.measured(problems.split(","), seeds(seeds_), trials, limit, epochs)
    show(
        f"Inheritance, epochs={epochs}, " + (f"trials={trials}" if trials else f"budget={budget}"), rows, out
    )


@main.command()
@click.option("--problems", default="digits", show_default=True)
@click.option("--seeds", "seeds_", default="0", show_default=True, help="A search each.")
@click.option(
    "--trials", default=50, show_default=True, help="Of each search; all of them train to their end."
)
@click.option("--epochs", default=50, show_default=True)
@click.option("--orders", default=20, show_default=True, help="In which the trials are replayed.")
@click.option(
    "--curves", type=click.Path(path_type=Path), help="Where trainings are kept, or read if they are."
)
@click.option("--out", type=click.Path(path_type=Path))
def pruning(
    problems: str, seeds_: str, trials: int, epochs: int, orders: int, curves: Path | None, out: Path | None
) -> None:
    """Rules of pruning, replayed on whole trainings: epochs that are left, and what is lost."""
    from benchmarks import pruning as benchmark

    if curves is not None and curves.exists():
        found = benchmark.read(curves)
    else:
        found = [
            benchmark.recorded(problem, trials, epochs, seed)
            for problem in problems.split(",")
            for seed in seeds(seeds_)
        ]
        if curves is not None:
            benchmark.write(found, curves)
    show("Rules of pruning", benchmark.compared(found, orders), out)


@main.command()
@click.option("--optimizers", default="", help="Of these alone, as `adam,sgd`.  [default: all]")
@click.option("--seed", default=0, show_default=True)
@click.option("--out", type=click.Path(path_type=Path))
def pairs(optimizers: str, seed: int, out: Path | None) -> None:
    """All pairs of optimizer, schedule and initializer on digits, on the backend that is loaded."""
    from benchmarks import pairs as benchmark

    names = optimizers.split(",") if optimizers else list(benchmark.ALGORITHMS)
    show("Pairs of optimizer, schedule and initializer", benchmark.measured(names, seed), out)


@main.command()
@click.option("--samplers", default="", help="Names with semicolons between.  [default: all]")
@click.option("--seeds", "seeds_", default=",".join(map(str, range(20))), show_default=True)
@click.option("--trials", default="20,40,80", show_default=True, help="Counts after which it is measured.")
@click.option("--out", type=click.Path(path_type=Path))
def pareto(samplers: str, seeds_: str, trials: str, out: Path | None) -> None:
    """Fronts of error and parameters by sampler, on a net whose scores are formulas: hypervolume."""
    from benchmarks import pareto as benchmark

    names = samplers.split(";") if samplers else list(benchmark.SAMPLERS)
    for name in names:
        if name not in benchmark.SAMPLERS:
            raise click.BadParameter(
                f"--samplers was given {name!r}. Known: {'; '.join(benchmark.SAMPLERS)}."
            )
    counts = [int(part) for part in trials.split(",")]
    show("Pareto front, hypervolume", benchmark.measured(names, seeds(seeds_), counts), out)


@main.command()
@click.option("--rows", default=1_000_000, show_default=True)
@click.option("--columns", default=30, show_default=True)
@click.option("--limit", help="What it may take, as Resources(memory=…).  [default: what is available]")
@click.option("--out", type=click.Path(path_type=Path))
def table(rows: int, columns: int, limit: str | None, out: Path | None) -> None:
    """A large CSV to rows whose kinds are known: seconds and peak memory."""
    from benchmarks import table as benchmark

    show("A table of numbers and, a fifth, categories", [benchmark.measured(rows, columns, limit)], out)


@main.command()
@click.option(
    "--of",
    type=click.Choice(["table", "images", "memory"]),
    default="table",
    show_default=True,
    help="What is read; memory is that of images.",
)
@click.option("--rows", help="How many.  [default: 165000 of a table, 4000 images]", type=int)
@click.option("--sizes", default="32,256", show_default=True, help="Examples a batch.")
@click.option("--limit", help="What they may take, as Resources(memory=…).  [default: 10MB, images 400MB]")
@click.option("--out", type=click.Path(path_type=Path))
def streamed(of: str, rows: int | None, sizes: str, limit: str | None, out: Path | None) -> None:
    """An epoch over rows in memory, and over the same where more do not fit: seconds; or peak memory."""
    from benchmarks import streamed as benchmark

    rows = rows or (165_000 if of == "table" else 4_000)
    limit = limit or ("10MB" if of == "table" else "400MB")
    if of == "memory":
        show("Images that do not fit", benchmark.measured(rows, limit), out)
    else:
        found = benchmark.epochs(rows, of == "images", limit, seeds(sizes))
        show("An epoch over rows that do not fit", found, out)


for command in (
    quality, cost, suggest, opening, repeatable, drawing, logging, starters, workers, scale, together, fields,
):  # fmt: skip
    main.add_command(command)
