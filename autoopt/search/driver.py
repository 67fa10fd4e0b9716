"""Driver: asks the oracle for trials, has them run, and tells everybody, until a limit is reached."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import keras_tuner
from keras_tuner.engine.trial import Trial as TunerTrial

from autoopt.engines import Verdict
from autoopt.executors import Executor, NoneBegun
from autoopt.failure import cause, failed
from autoopt.hypermodel import AutoHyperModel
from autoopt.recipe import Recipe
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
from autoopt.search.afforded import Afforded, told
from autoopt.search.ceiling import Ceiling, Excess
from autoopt.search.foreign import own_values
from autoopt.search.heirs import Heirs
from autoopt.search.limits import Limits
from autoopt.search.line import Line, Proposed
from autoopt.search.promotions import Promotions, best_within, known, noted
from autoopt.search.proposers import Opened, Proposer, proposer_of
from autoopt.search.rounds import run_seconds
from autoopt.search.running import Running
from autoopt.search.scores import Scores
from autoopt.stopwatch import Stopwatch
from autoopt.storage import Journal, quiet
from autoopt.worker import Job, Outcome

logger = logging.getLogger(__name__)

TUNER_ID = "autoopt"
FIRST_FAILURES = 3
"""When trial 0 and the next two fail for the same cause, the search stops: nothing better is to come."""


@dataclass(frozen=True)
class _Tried:
    """A proposal that was refused: a trial of this number has its very values."""

    number: int


@dataclass(frozen=True)
class Driver:
    """What one search consists of.

    Attributes:
        oracle: Proposes trials: ours, or any of KerasTuner's.
        hypermodel: Turns values into recipes.
        executor: Runs jobs.
        journal: Is told every trial.
        limits: When to end.
        objective: What is compared.
        epochs: Most epochs a trial.
        seed: The search's.
        emit: Tells the sinks.
        keep: Is handed each finished outcome, weights included.
        watch: Adds up the seconds that proposals and the journal take.
        ceiling: Says which candidates cost too much; None lets all be tried.
        heirs: Knows what proposals inherit; None has all of them start fresh.
        scores: Knows what trials reach in several objectives; None where one is compared.
        promotions: Knows which trainings proposals go on with.
        confirming: Returns the seconds that confirmation would take if these were all trials; the one that runs is among
            them, unless several objectives are compared. So many seconds are kept for it at the end of the budget, and
            where they are too few for any the search goes on instead; None keeps them by the longest trial.
    """

    oracle: keras_tuner.Oracle
    hypermodel: AutoHyperModel
    executor: Executor
    journal: Journal
    limits: Limits
    objective: Objective
    epochs: int
    seed: int
    emit: Callable[[Event], None]
    keep: Callable[[Outcome], None]
    watch: Stopwatch = field(default_factory=Stopwatch)
    ceiling: Ceiling | None = None
    heirs: Heirs | None = None
    scores: Scores | None = None
    promotions: Promotions = field(default_factory=Promotions)
    confirming: Callable[[Sequence[Trial]], float] | None = None
    _running: Running = field(default_factory=Running, init=False, repr=False)
    _tried: dict[frozenset[tuple[str, Any]], int] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def _afforded(self) -> Afforded:
        return Afforded(self.hypermodel)

    @property
    def _beside(self) -> int:
        """How many trials are in line beside one that runs: those that run too, and those that wait."""
        if self.executor.slots > 1:
            return self.executor.slots - 1 + min(self._proposer.waiting, self.executor.slots)
        # Other oracles count on being told of a trial before they propose the next.
        return self._proposer.ahead if self.executor.prepares else 0

    @cached_property
    def _proposer(self) -> Proposer:
        return proposer_of(self.oracle, self.journal, grows=self.hypermodel.own_fit is not None)

    def run(self, finished: list[Trial]) -> str:
        """Run trials until a limit is reached; add each to `finished` and return why it ended.

        Args:
            finished: The run's trials so far, by number.
        """
        if self.ceiling is not None:
            for trial in finished:
                self.ceiling.note(trial)
        for trial in finished:
            self._tried.setdefault(frozenset(trial.hyperparameters.items()), trial.number)
        line, self._running.finished, self._running.over = Line(), finished, False
        first = 1 + max((trial.program for trial in finished if trial.program is not None), default=-1)
        try:
            while (reason := self._ended(finished)) is None:
                exhausted = self._propose(line, len(finished))
                if not line:
                    return exhausted
                self._go_on(line, first, finished)
                if _hopeless(finished):
                    reason = "the first trials all failed for the same cause"
                    break
            self._wind_up(line, first, finished)
            return reason
        finally:
            for number in line:  # what has begun is begun again by whoever goes on with the run
                if number not in self._running:
                    self.journal.drop(number)
            self.executor.drop()

    def _ended(self, finished: Sequence[Trial]) -> str | None:
        """Return why the search ends, None while it goes on."""
        if finished:
            self._foresee(amid=False)
        return self.limits.reached(len(finished))

    def _cut(self, amid: bool = False) -> str | None:
        """Return why even the trials that run end now, None while they go on; `amid` one of them it is asked often."""
        self._foresee(amid)
        return self.limits.cut()

    def _is_over(self) -> bool:
        return self._running.over or self._cut(amid=True) is not None

    def _foresee(self, amid: bool) -> None:
        """Keep as much time for confirmation as it will take, as soon as that matters."""
        if self.confirming is None or self.limits.interrupted or not self.limits.late():
            return
        if not amid or self._running.is_due:
            self.limits.expect(self.confirming(self._running.all(self.objective)))

    def _go_on(self, line: Line, first: int, finished: list[Trial]) -> None:
        """Have one trial end and add it; where none has begun and all is to end, do nothing.

        Args:
            line: Those that were proposed.
            first: The programs of an earlier session of this run have the numbers below.
            finished: Those that have ended.
        """
        answered = line.answered(self.executor.slots)
        if answered is not None:
            proposed = line[answered]
            self.emit(TrialStarted(answered, proposed.values))
            outcome = proposed.answer
        else:
            try:
                outcome = self.executor.wait(self._report, self._begin, self._is_over)
            except NoneBegun:
                return
        assert outcome is not None
        proposed = line.take(outcome.trial.number)
        self._running.end(outcome.trial.number)
        finished.append(self._conclude(proposed, outcome, first).trial)

    def _begin(self, job: Job) -> None:
        self._running.begin(job)
        self.emit(TrialStarted(job.number, job.values))

    def _wind_up(self, line: Line, first: int, finished: list[Trial]) -> None:
        """Take back what has not begun, and have what runs end after its epoch."""
        self._running.over = True
        for number in line.untrained({job.number for job in self.executor.recall()}):
            line.take(number)
            self.journal.drop(number)
        while line:
            left = len(line)
            self._go_on(line, first, finished)
            # What waits for a worker to run again is left to whoever goes on with the run.
            if len(line) == left:
                return

    def _propose(self, line: Line, finished: int) -> str:
        """Add the next trials: as many as run at once, and those that are to be ready when one of them ends.

        Each knows all trials that have finished by then, and not those that wait or run.

        Returns:
            Why the oracle has no more, empty where it has.
        """
        beside = self._beside if self._is_ready_in_time() else 0
        while len(line) <= beside and self.limits.reached(finished + len(line)) is None:
            proposed = self._proposed(finished + len(line))
            if isinstance(proposed, str):
                return proposed
            line.add(proposed)
        return ""

    def _is_ready_in_time(self) -> bool:
        """Whether a program that is begun now is made before the search ends: later it would only slow confirmation."""
        left = self.limits.searching()
        if self.executor.slots > 1:  # nothing is compiled before a trial has begun
            return True
        longest = max((trial.costs.get("compile", 0.0) for trial in self._running.finished), default=0.0)
        return left is None or left > self._beside * longest

    def _proposed(self, trials: int) -> Proposed | str:
        """Return the trial after so many, the first that is within the constraints; or why there is none."""
        refused: list[Excess] = []
        for _ in range(self._proposer.draws):
            proposed = self._drawn(trials)
            if isinstance(proposed, Proposed | str):
                return proposed
            if isinstance(proposed, Excess):
                refused.append(proposed)
            if (reason := self._cut()) is not None:
                return reason
        if not refused:
            return "nothing was found any more that had not been tried"
        return f"nothing more that is within the constraints was found: the nearest {min(refused).text}"

    def _drawn(self, trials: int) -> Proposed | _Tried | Excess | str:
        """Ask the oracle once for the trial after so many and submit it.

        Returns:
            The trial; which trial it repeats or by how much it is over a limit, where it is refused; or why there is
            none.
        """
        with self.watch.measure("suggest"), quiet():  # once, and not with each value
            # KerasTuner gives whoever has a running trial that same trial again.
            opened = self._proposer.open(f"{TUNER_ID} {trials}")
            if isinstance(opened, str):
                return opened
            try:
                recipe = self.hypermodel.draw(opened.hp)
                excess = self.ceiling.excess(recipe, opened.hp.values) if self.ceiling else None
                # A run that goes on may know more trials than had ended when this one was proposed first.
                tell = self._running.finished[: max(trials - self._beside, 0)]
                parts = self._afforded.parts(recipe, opened.hp.values, tell)
            except Exception as error:
                return Proposed(opened, dict(opened.hp.values), Outcome(_unbuilt(opened, error)))
            if excess is not None and opened.number > 0:
                self._refuse(opened, excess.text)
                return excess
            repeats = self._tried.setdefault(frozenset(opened.values.items()), opened.number)
            if repeats != opened.number and self._proposer.draws_again:
                self._refuse(opened, f"repeats trial {repeats}")
                return _Tried(repeats)
            self._proposer.drawn(opened)
        job = replace(self._job(opened, recipe), parts=parts)
        answer = self._known(job)
        if answer is None:
            self.executor.submit(job)
        # What goes on with a training is no other seed of it.
        again = None if repeats == opened.number or job.continues is not None else repeats
        return Proposed(opened, opened.values, answer, excess, again, self._proposer.origin(opened.number))

    def _job(self, opened: Opened, recipe: Recipe) -> Job:
        """Return what is to be trained."""
        number, values = opened.number, opened.values
        # The user's model is trained to its end, whatever an oracle gives its first trial.
        asked = self.epochs if number == 0 else int(opened.own.get("tuner/epochs", self.epochs))
        heritage = None if self.heirs is None else self.heirs.heritage(number, recipe, values)
        epochs = max(1, min(asked, self.epochs))
        job = Job(number, recipe, values, epochs, self.epochs, self.seed, heritage=heritage)
        return self.promotions.linked(job, opened.proposal, together=self.executor.slots > 1)

    def _refuse(self, opened: Opened, why: str) -> None:
        """Take back a proposal that costs too much or has been tried."""
        logger.debug("proposal %d %s", opened.number, why)
        self._proposer.refuse(opened, why)

    def _known(self, job: Job) -> Outcome | None:
        """Return what becomes of a job that has nothing left to train, None for any other."""
        if job.continues is None or self.hypermodel.own_fit is not None:
            return None
        return known(job, self.journal.trial, self.objective)

    def _conclude(self, proposed: Proposed, outcome: Outcome, first: int) -> Outcome:
        """Complete what became of a trial, and tell everybody; `first` is as in `_go_on`."""
        outcome = replace(outcome, trial=told(noted(outcome.trial)))
        if first and outcome.trial.program is not None:
            outcome = replace(outcome, trial=replace(outcome.trial, program=first + outcome.trial.program))
        outcome = replace(
            outcome, trial=replace(outcome.trial, origin=proposed.origin, repeats=proposed.repeats)
        )
        if self.ceiling is not None:
            self.ceiling.note(outcome.trial)
            excess = proposed.excess or self.ceiling.slow(outcome.trial)
            text = "" if excess is None else excess.text
            outcome = replace(outcome, trial=replace(outcome.trial, excess=text))
        if self.scores is not None:
            outcome = replace(outcome, trial=self.scores.measured(outcome.trial))
        self._tell(proposed.opened.proposal, proposed.opened.hp, outcome)
        # A fit of the user's own may have asked for more.
        self._tried.setdefault(frozenset(outcome.trial.hyperparameters.items()), proposed.opened.number)
        return outcome

    def _report(self, job: Job, epoch: int, logs: Logs) -> Verdict:
        if job.execution:  # its epochs have been told and compared already
            self.emit(ExecutionAdvanced(job.number, job.execution, epoch, job.repeat))
            return "stop" if self._is_over() else "continue"
        self.emit(EpochEnded(job.number, epoch, logs, job.repeat))
        hopeless = False
        if self.objective.name in logs:  # a fit of the user's own may tell it at its end alone
            self._running.note(job.number, epoch, logs[self.objective.name])
            with self.watch.measure("log"):
                hopeless = self.journal.report(job.number, epoch, logs[self.objective.name])
        if self._is_over():
            return "stop"
        # The user's own model is the reference: it is never pruned.
        return "prune" if hopeless and job.number > 0 and epoch + 1 < job.epochs else "continue"

    def _tell(self, proposal: TunerTrial, hp: keras_tuner.HyperParameters, outcome: Outcome) -> None:
        """Tell journal, oracle and sinks what became of a trial; the journal first: it must not be lost."""
        trial = outcome.trial
        if trial.status == "completed":
            self.limits.note_run(run_seconds(trial))
        self.keep(outcome)
        with self.watch.measure("log"):
            self.journal.close(trial)
        if trial.status == "failed":
            logger.info("trial %d failed: %s", trial.number, trial.error or trial.note)
        proposal.hyperparameters = hp
        if trial.score is None or trial.status == "failed":
            proposal.status, proposal.message = "FAILED", trial.error
        else:
            proposal.status = "COMPLETED"
            asked = int(own_values(hp.values).get("tuner/epochs", trial.epochs))
            score, epoch = best_within(trial, asked, self.objective)
            self.oracle.update_trial(
                proposal.trial_id,
                {self.objective.name: trial.score if score is None else score},
                step=epoch or 0,
            )
        self.oracle.end_trial(proposal)
        self.emit(TrialEnded(trial, trainings=outcome.trainings))


def _hopeless(finished: Sequence[Trial]) -> bool:
    """Whether the first trials, the user's own model among them, all failed for one cause."""
    ended = len(finished)
    # Where several run at once, the user's model need not be among the first that end.
    decides = ended == FIRST_FAILURES or (ended > FIRST_FAILURES and finished[-1].number == 0)
    if not decides or any(trial.status != "failed" for trial in finished):
        return False
    return (
        any(trial.number == 0 for trial in finished) and len({cause(trial.note) for trial in finished}) == 1
    )


def _unbuilt(opened: Opened, error: Exception) -> Trial:
    """Return the trial of a proposal that cannot be built."""
    begun = Trial(opened.number, "running", None, dict(opened.hp.values), {}, None, time.time(), None)
    return failed(begun, error)
