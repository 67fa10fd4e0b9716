"""Confirmation: the best few trials and the user's own model run again with fresh seeds, and the winner is named on that."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from autoopt import seeding
from autoopt.data import Cut
from autoopt.engines import Verdict
from autoopt.executors import Executor, NoneBegun
from autoopt.hypermodel import AutoHyperModel
from autoopt.hyperparameters import AskingHyperParameters
from autoopt.model_function import ATTEMPTS, insisted
from autoopt.records import (
    EpochEnded,
    Event,
    ExecutionAdvanced,
    Logs,
    Objective,
    Trial,
    TrialEnded,
    TrialStarted,
)
from autoopt.search.chance import Run, Runs, Values
from autoopt.search.kept_runs import KeptRuns
from autoopt.search.limits import Limits
from autoopt.search.rounds import epochs_of
from autoopt.search.tally import Tally
from autoopt.worker import Job, Outcome

Recut = Callable[[int], Cut | None]
"""Returns a fresh cut of the data for a seed, None where there is only one."""

Witness = Callable[[Trial, Sequence[object], Cut | None, float], Values | None]
"""Told (trial, weights, cut, score), returns what each example says."""


@dataclass
class _Attempt:
    """One run of a round: of which trial, how it is told to begin, and how often it may be begun."""

    trial: Trial
    begun: TrialStarted
    left: int = ATTEMPTS
    has_begun: bool = False

    @property
    def key(self) -> tuple[int, int]:
        """The trial's number, and the round."""
        return self.trial.number, self.begun.repeat


@dataclass(frozen=True)
class Confirmation:
    """What the runs after a search consist of.

    Attributes:
        hypermodel: Turns values into recipes.
        executor: Runs jobs.
        limits: When nothing more may be trained.
        objective: What is compared.
        epochs: Epochs that the trials were asked for, where their schedules end.
        seed: The search's.
        emit: Tells the sinks.
        recut: Cuts the data for each repeat.
        witness: What examples say of a score.
        kept: Runs that are known from before, and where new ones are kept; None knows none.
    """

    hypermodel: AutoHyperModel
    executor: Executor
    limits: Limits
    objective: Objective
    epochs: int
    seed: int
    emit: Callable[[Event], None]
    recut: Recut
    witness: Witness
    kept: KeptRuns | None = None

    def run(self, candidates: Sequence[Trial], repeats: int) -> Mapping[int, Runs]:
        """Run the candidates again, one round of all after the other, as far as time allows.

        Within a round all train on the same fresh cut of train and validation: the rows that chose a candidate
        flatter it, and fresh seeds alone do not undo that. Where there is only one cut, because validation data was
        given, they do so all the same.

        Each run ends at the epoch that gave the candidate's score, and is scored there: its own best
        epoch would be a second selection on the same data. All runs start fresh, so a candidate that inherited
        its weights gets all epochs that it was trained for.

        Of several workers one that has nothing left to do in a round begins with the next: what counts, and when all
        ends, is decided round by round all the same.

        Returns:
            Trial number to its runs; the same number of runs for each candidate.
        """
        tally = Tally([trial.number for trial in candidates], repeats, self._known)
        waiting, going = deque(_attempts(candidates, repeats, tally)), dict[tuple[int, int], _Attempt]()
        cut_of = cache(lambda repeat: self.recut(seeding.derive(self.seed, seeding.CUTTING, repeat)))
        whole = tally.whole
        while True:
            while waiting and len(going) < self.executor.slots and not self.limits.over():
                attempt = waiting.popleft()
                going[attempt.key] = attempt
                tally.begin(attempt.begun.repeat)
                self.executor.submit(self._job(attempt, cut_of(attempt.begun.repeat)))
            if not going or (outcome := self._next(going)) is None:
                return tally.runs
            attempt = going.pop((outcome.trial.number, outcome.repeat))
            if self._is_tried_again(attempt, outcome):
                waiting.appendleft(attempt)
            elif (run := self._ended(attempt, outcome, cut_of(outcome.repeat))) is not None:
                tally.add(*attempt.key, run)
            else:
                waiting.clear()
            if tally.whole > whole and not tally.has_time(self.limits.left()):
                self._drop(going.values())
                return tally.runs
            whole = tally.whole

    def _known(self, number: int, repeat: int) -> Run | None:
        return None if self.kept is None else self.kept.of(number, repeat)

    def _next(self, going: Mapping[tuple[int, int], _Attempt]) -> Outcome | None:
        """Return what has become of one of the runs that were submitted; None where time is up and none has begun."""

        def begin(job: Job) -> None:
            attempt = going[job.number, job.repeat]
            if not attempt.has_begun:
                attempt.has_begun = True
                self.emit(replace(attempt.begun, hyperparameters=job.values))

        try:
            return self.executor.wait(self._report, begin, self.limits.over)
        except NoneBegun:
            self.executor.recall()
            return None

    def _drop(self, going: Iterable[_Attempt]) -> None:
        """Forget the runs that go on, of a round for which there is no time: who was told that they began is told that they ended."""
        self.executor.drop()
        for attempt in going:
            if attempt.has_begun:
                now = time.time()
                cut = replace(
                    attempt.trial, status="pruned", score=None, history={}, best_epoch=None, started=now, finished=now, costs={},
                    note="there was no time for its round",
                )  # fmt: skip
                self.emit(TrialEnded(cut, attempt.begun.repeat))

    def _job(self, attempt: _Attempt, cut: Cut | None) -> Job:
        """Return what an attempt consists of."""
        trial, epochs = attempt.trial, epochs_of(attempt.trial)
        attempt.left -= 1
        hp = AskingHyperParameters.of(trial.hyperparameters)
        recipe, horizon = insisted(lambda: self.hypermodel.draw(hp)), max(self.epochs, epochs)
        return Job(
            trial.number, recipe, dict(hp.values), epochs, horizon, self.seed, attempt.begun.repeat, cut=cut,
            parts=trial.parts,
        )  # fmt: skip

    def _is_tried_again(self, attempt: _Attempt, outcome: Outcome) -> bool:
        """Whether a run failed before its first epoch: it has been trained before, and chance has no say in it."""
        failed = outcome.trial.status == "failed" and not outcome.trial.epochs
        return failed and attempt.left > 0 and not self.limits.over()

    def _ended(self, attempt: _Attempt, outcome: Outcome, cut: Cut | None) -> Run | None:
        """Return one run, which is kept, None where it was cut; a failure counts as the worst score."""
        trial, repeat, ended = attempt.trial, attempt.begun.repeat, outcome.trial
        score = self._score(ended)
        known = ended.status == "completed" and math.isfinite(score)
        ended_as = replace(ended, score=score) if known else ended
        self.emit(TrialEnded(ended_as, repeat, outcome.trainings))
        if ended.status == "pruned":
            return None
        # Of several trainings that the score is the mean of, weights tell one alone.
        witnessed = known and outcome.weights is not None and ended.executions == 1
        run = Run(score, self.witness(trial, outcome.weights or (), cut, score) if witnessed else None)
        # One that failed before its first epoch is tried again by whoever goes on; one that diverged would do so again.
        if self.kept is not None and (known or ended.epochs):
            self.kept.keep(trial.number, repeat, run)
        return run

    def _score(self, ended: Trial) -> float:
        # A callback of the user's may have stopped it earlier: then that is where it is scored.
        reached = ended.history.get(self.objective.name, ())
        if ended.status == "completed" and reached and math.isfinite(reached[-1]):
            return float(reached[-1])
        return -math.inf if self.objective.direction == "max" else math.inf

    def _report(self, job: Job, epoch: int, logs: Logs) -> Verdict:
        if job.execution:  # one run is told once, however many folds it has
            self.emit(ExecutionAdvanced(job.number, job.execution, epoch, job.repeat))
        else:
            self.emit(EpochEnded(job.number, epoch, logs, job.repeat))
        return "stop" if self.limits.over() else "continue"


def _attempts(candidates: Sequence[Trial], repeats: int, tally: Tally) -> Iterator[_Attempt]:
    """Yield the runs that are not known, one round after the other."""
    of = repeats * len(candidates)
    for repeat in range(1, repeats + 1):
        for place, trial in enumerate(candidates, 1 + (repeat - 1) * len(candidates)):
            if (trial.number, repeat) not in tally:
                begun = TrialStarted(trial.number, trial.hyperparameters, repeat, repeats, place, of)
                yield _Attempt(trial, begun)
