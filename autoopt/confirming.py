"""Confirming: how many of the best trials there is time to run again, and how often; and that they are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autoopt.executors import Executor
from autoopt.records import Event, Objective, Trial
from autoopt.search import (
    Confirmation,
    Confirmations,
    KeptRuns,
    Limits,
    Rounds,
    Search,
    Witness,
    affordable,
    contenders,
    points,
)
from autoopt.worker import Worker

SPARE = 1.5
"""So many times the seconds that confirmation is expected to take are kept for it."""


@dataclass(frozen=True)
class Confirming:
    """What one run confirms.

    Attributes:
        worker: What trains.
        executor: Where it trains.
        limits: When nothing more may be trained.
        search: How much is asked for.
        objectives: What is compared.
        epochs: Most epochs a trial.
        seed: Where all chance comes from.
        fresh_cuts: Whether each round has a cut of the data of its own.
        folds: How many trainings a run consists of.
        kept: Runs that are known from before.
        witness: What examples say of a score.
        emit: Tells the sinks.
        model: What the user's model is called.
        earlier: How many trials another process ran.
    """

    worker: Worker
    executor: Executor
    limits: Limits
    search: Search
    objectives: Sequence[Objective]
    epochs: int
    seed: int
    fresh_cuts: bool
    folds: int
    kept: KeptRuns
    witness: Witness
    emit: Callable[[Event], None]
    model: str
    earlier: int

    def seconds(self, trials: Sequence[Trial]) -> float:
        """Return the seconds that confirmation would take, with some to spare, if these were all trials."""
        ranked, most = points(contenders(trials, self.objectives), trials), (self.limits.kept or 0.0) / SPARE
        return SPARE * self._rounds(ranked, trials, most).seconds

    def run(
        self, ranked: Sequence[Trial], trials: Sequence[Trial], say: Callable[[str], None]
    ) -> Confirmations:
        """Run the best again, as far as time allows.

        Args:
            ranked: The trials that may win, best first.
            trials: All of the run.
            say: Tells the user a sentence.
        """
        self.limits.conclude()
        rounds = self._rounds(ranked, trials, self.limits.left())
        asked = bool(self.search.confirmations and ranked)
        if self.limits.interrupted and not rounds.trials:
            if asked:
                say("The best trial is not confirmed: interrupted before.")
        elif rounds.note:
            say(rounds.note)
        if not rounds.trials:
            return Confirmations({}, lacking=self._lacking() if asked else "")
        runs = Confirmation(
            self.worker.hypermodel, self.executor, self.limits, self.worker.objective, self.epochs, self.seed, self.emit,
            self.worker.dataset.recut, self.witness, self.kept,
        ).run(rounds.trials, rounds.most)  # fmt: skip
        done = max(map(len, runs.values()), default=0)
        if done < rounds.repeats:
            why = "interrupted" if self.limits.interrupted else "the time is used up"
            say(
                f"Confirmation ended after {done} of {rounds.repeats} rounds ({why}); one that not all ran in is left out."
            )
        scored = sum(trial.score is not None for trial in trials)
        return Confirmations(runs, self.fresh_cuts, scored, "" if runs else self._lacking())

    def _rounds(self, ranked: Sequence[Trial], trials: Sequence[Trial], left: float | None) -> Rounds:
        """Return what there is time to confirm of the trials that may win, best first."""
        own = next(
            (t for t in trials if t.number == 0 and t.score is not None and t.status != "failed"), None
        )
        return affordable(
            ranked, own, self.search, left, trials, self.folds, self.earlier, self.kept.missing, self.model,
            self.executor.slots,
        )  # fmt: skip

    def _lacking(self) -> str:
        """Return why nothing is confirmed."""
        return "interrupted before" if self.limits.interrupted else "there was no time left"
