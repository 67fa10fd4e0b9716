"""Runner: one fresh process a measurement, one after the other; what a file holds already is not measured again."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from benchmarks import fresh
from benchmarks.quality.job import Job, Measured, Run
from benchmarks.quality.table import seconds

BACKEND = "tensorflow"
"""The only one on which all of the peers are usually run."""


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for.

    Attributes:
        tasks: Names of tasks.
        tuners: Names of tuners.
        budgets: Seconds of each search.
        seeds: One measurement each.
        epochs: Most epochs a trial, None as the task has it.
    """

    tasks: Sequence[str]
    tuners: Sequence[str]
    budgets: Sequence[float]
    seeds: Sequence[int]
    epochs: int | None = None

    def jobs(self) -> list[Job]:
        """Return every measurement, side by side: all tuners of a task, budget and seed follow each other."""
        return [
            Job(task, tuner, budget, seed, self.epochs)
            for task in self.tasks
            for seed in self.seeds
            for budget in self.budgets
            for tuner in self.tuners
        ]


def run(wanted: Wanted, done: Sequence[Run]) -> Iterator[Run]:
    """Measure what has not been measured, and yield each as it comes.

    Args:
        wanted: Everything that is asked for.
        done: What is known from before.

    Raises:
        click.ClickException: A measuring process failed; its own message is part of this one.
    """
    known = {each.job for each in done}
    for job in wanted.jobs():
        if job in known:
            continue
        label = f"{job.task}, {job.tuner}, {job.budget:g} s, seed {job.seed}"
        given = seconds(job.tuner, job.budget)

        def question(folder: str, job: Job = job, given: float = given) -> str:
            return replace(job, budget=given, folder=folder).to_json()

        measured = Measured.from_json(fresh.answer("benchmarks.quality", question, BACKEND, label))
        click.echo(
            f"{label}: validation {measured.validation:.4f}, test {measured.test:.4f}, "
            f"{measured.trials} trials in {measured.seconds:.1f} s", err=True,
        )  # fmt: skip
        yield Run(job, measured)


def known(path: Path | None, machine: str) -> list[Run]:
    """Return the runs that a file holds, none without a file.

    Args:
        path: An earlier `--out`.
        machine: The present one: figures of two are not put side by side.

    Raises:
        click.ClickException: It was measured elsewhere.
    """
    if path is None or not path.exists():
        return []
    found = json.loads(path.read_text())
    if found["machine"] != machine:
        raise click.ClickException(
            f"{path} was measured on {found['machine']!r}. Expected this machine, {machine!r}: name another --out."
        )
    return [Run.from_plain(each) for each in found["runs"]]
