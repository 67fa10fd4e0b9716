"""Runner: one fresh process a measurement, the tuners interleaved, so that a busy minute falls on all alike."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import click

from benchmarks import fresh
from benchmarks.throughput.job import Candidate, Job, Measured
from benchmarks.throughput.tasks import Part, chosen


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for.

    Attributes:
        tuners: Who is measured; empty takes those that the task names.
        backends: Keras's.
        seeds: One measurement each.
        trials: How many, None as the task has it.
        epochs: Likewise.
        budget: Of each search that a budget ends.
    """

    tuners: Sequence[str]
    backends: Sequence[str]
    seeds: Sequence[int]
    trials: int | None = None
    epochs: int | None = None
    budget: str = "3m"


@dataclass(frozen=True)
class Measurement:
    """A job and its answer."""

    job: Job
    measured: Measured

    def summary(self) -> dict[str, Any]:
        """Return both as one mapping, without the candidates, which the seed gives again."""
        found = {**vars(self.job), **vars(self.measured), "trials asked": self.job.trials}
        return {name: value for name, value in found.items() if name not in ("candidates", "folder")}


def run(parts: Sequence[Part], wanted: Wanted) -> Iterator[Measurement]:
    """Measure every job of a task, one after the other, and yield what was measured.

    Raises:
        click.ClickException: A measuring process failed; its own message is part of this one.
    """
    for part in parts:
        for job in _jobs(part, wanted):
            measured = Measured.from_json(_answer(job))
            place = f"{job.problem}, {job.tuner} on {job.backend}, seed {job.seed}"
            click.echo(f"{place}: {measured.trials} trials in {measured.seconds:.1f} s", err=True)
            yield Measurement(job, measured)


def _jobs(part: Part, wanted: Wanted) -> Iterator[Job]:
    """Yield A B C for the first seed, C B A for the next, and so on."""
    pairs = [(name, b) for b in wanted.backends for name in chosen(part, wanted.tuners, b)]
    trials = None if part.trials is None else wanted.trials or part.trials
    for i, seed in enumerate(wanted.seeds):
        asked = Job(
            part.problem, "draw", wanted.backends[0], seed, wanted.epochs or part.epochs, trials,
            wanted.budget if part.trials is None else None, profile=part.profile, memory=part.memory,
        )  # fmt: skip
        candidates: Sequence[Candidate] | None = json.loads(_answer(asked)) if part.drawn and pairs else None
        for name, backend in reversed(pairs) if i % 2 else pairs:
            yield replace(asked, tuner=name, backend=backend, candidates=candidates)


def _answer(job: Job) -> str:
    """Return what a fresh process answers."""
    label = f"{job.tuner} on {job.backend}, seed {job.seed}"
    return fresh.answer(
        "benchmarks.throughput", lambda folder: replace(job, folder=folder).to_json(), job.backend, label
    )
