"""Session: one run from its first trial to the winner on disk, once everything has been checked."""

import contextlib
import logging
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NoReturn

import keras_tuner
import numpy as np

from autoopt import compiling, surgery
from autoopt.asked import Asked, nodes
from autoopt.confirming import Confirming
from autoopt.data import Cut
from autoopt.errors import RunError, SearchError
from autoopt.executors import Executor
from autoopt.fingerprints import Fingerprint
from autoopt.handover import Handover
from autoopt.pricing import program_price
from autoopt.records import (
    CLOCKS,
    Event,
    Objective,
    SearchEnded,
    SearchStarted,
    Trial,
    TrialEnded,
    Weighed,
    own_model,
)
from autoopt.result import Result
from autoopt.resuming import Earlier
from autoopt.search import (
    AHEAD,
    Ceiling,
    Confirmations,
    Driver,
    Forecast,
    HalvingPruner,
    Heirs,
    Interrupts,
    KeptRuns,
    Limits,
    OptunaOracle,
    Plan,
    Scores,
    Search,
    Standing,
    Unseen,
    adopt,
    best_first,
    chosen,
    contenders,
    fitting,
    plan_of,
    points,
    promotes,
    standing,
    train_again,
)
from autoopt.stopwatch import Stopwatch
from autoopt.storage import FEWEST, BestWeights, Journal, RunFolder, importances
from autoopt.worker import Outcome, Worker

logger = logging.getLogger(__name__)

WEIGHED_AFTER = frozenset(FEWEST * 4**power for power in range(10))
"""Numbers of trials after which it is told what mattered so far: four times as many each time, since all are looked at."""


@dataclass(frozen=True)
class Session:
    """One run.

    Attributes:
        folder: Where it is kept.
        worker: What trains.
        executor: Where it trains; the session closes it.
        limits: When it ends.
        ceiling: What candidates may cost.
        search: How trials are proposed and confirmed.
        epochs: Most epochs a trial.
        seed: Where all chance comes from.
        sinks: Who is told; each has a `close`.
        made_of: What tells the data and the user's model.
        started: When the call began, UTC seconds.
        others: What is compared beside the worker's objective.
        watch: Seconds of the search that no trial spends.
        folds: Of the cross-validation, in the order in which trials train on them; empty without one.
        earlier: What the earlier sessions of this run have left.
    """

    folder: RunFolder
    worker: Worker
    executor: Executor
    limits: Limits
    ceiling: Ceiling
    search: Search
    epochs: int
    seed: int
    sinks: Sequence[Any]
    made_of: Fingerprint
    started: float
    others: Sequence[Objective] = ()
    watch: Stopwatch = field(default_factory=Stopwatch)
    folds: Sequence[Cut] = ()
    earlier: Earlier = field(default_factory=Earlier)
    starter: str = ""

    @property
    def objectives(self) -> Sequence[Objective]:
        """What is compared, the one first that decides which epoch of a trial is its best."""
        return (self.worker.objective, *self.others)

    @property
    def plan(self) -> Plan:
        """What is going to be done; with several objectives no trial ends early."""
        most = self.limits.max_trials
        plan = plan_of(self.search, self.epochs, self.fresh_cuts, own_model(self.starter), most)
        return replace(plan, rungs=()) if self.others else plan

    @property
    def fresh_cuts(self) -> bool:
        """Whether each round of confirmation has a cut of its own: folds are of the rows on which all were compared."""
        return not self.folds and self.worker.dataset.can_be_recut

    @cached_property
    def kept_runs(self) -> KeptRuns:
        """What earlier sessions have confirmed."""
        weighed = self.earlier.written.get("class_weight")  # of what it is made of, data is known without
        return KeptRuns(self.folder, f"{self.made_of.scored_on} {weighed}")

    @cached_property
    def confirming(self) -> Confirming:
        """What is confirmed of it."""
        return Confirming(
            self.worker, self.executor, self.limits, self.search, self.objectives, self.epochs, self.seed,
            self.fresh_cuts, max(len(self.folds), 1), self.kept_runs, self.handover.evidence.of, self._emit,
            own_model(self.starter), len(self.earlier.trials),
        )  # fmt: skip

    @property
    def handover(self) -> Handover:
        """What makes the winner a model."""
        executions = self.search.executions_per_trial
        return Handover(self.folder, self.worker, self.epochs, executions, self.folds)

    def run(self, asked: Asked, say: Callable[[str], None]) -> Result:
        """Search, confirm, name the winner, export it; tell the sinks all the way.

        Args:
            asked: What was asked for.
            say: Tells the user a sentence.

        Raises:
            SearchError: No trial ended with a model to return.
        """
        with self.folder.held(), Interrupts(self.limits, say):
            self._write_down(asked)
            # Closed while the log is open: a sink of the user's may raise, and a slow one is waited for as the search is.
            with self.folder.logged(), contextlib.ExitStack() as closing:
                for sink in reversed(self.sinks):
                    closing.callback(sink.close)
                self._emit(self._started(asked))
                try:
                    return self._carried_out(asked, say)
                except KeyboardInterrupt:
                    goes_on = f"autoopt resume {shlex.quote(str(self.folder.path))}, or resume=True, goes on"
                    say(f"Stopped. What was found is kept: {goes_on}.")
                    raise

    def _carried_out(self, asked: Asked, say: Callable[[str], None]) -> Result:
        journal = self._journal(say)
        trials = journal.trials()
        known = len(trials)
        if known != len(self.earlier.trials):
            raise RunError(
                f"The run {self.folder.path} has {known} trials and had {len(self.earlier.trials)} when it was looked at: another "
                "process has gone on with it meanwhile. Expected one at a time. Call again to go on from there."
            )
        weights = self._best_weights(trials)
        try:
            self._found_again(weights, say)
            searched = time.perf_counter()
            reason = self._driver(journal, weights, asked, trials).run(trials)
            self._weigh(journal)
            took = time.perf_counter() - searched
            ahead = max(0.0, time.time() - took - self.started)
            spent = {
                **self.watch.seconds, "total": took, "workers": self.executor.slots * took, "begin": ahead,
            }  # fmt: skip
            able = contenders(trials, self.objectives)
            candidates = points([trial for trial in able if trial.number in weights], trials)
            confirmed = self.confirming.run(candidates, trials, say)
            weights.finish()
            reason = "interrupted" if self.limits.interrupted else reason
        finally:
            self.executor.close()
            weights.close()
        there = [trial for trial in candidates if trial.number in weights]
        best = chosen(there, confirmed.everyone(), self.objectives)
        if best is None:
            self._end_without_winner(trials, reason)
        trained = len(trials) > known or self.kept_runs.added
        return self._handed_over(best, confirmed, reason, spent, trained)

    def _end_without_winner(self, trials: Sequence[Trial], reason: str) -> NoReturn:
        """Write down that there is no winner, unless an earlier session's is still there, and raise why."""
        if self.folder.read("result").get("best") is None:
            self.folder.write("result", {"best": None, "best_score": None, "reason": reason})
        if self.limits.interrupted:
            raise KeyboardInterrupt  # there is nothing yet to return
        if contenders(trials, self.objectives):
            raise SearchError(
                f"The weights of the best trials are gone: was {self.folder.path} moved or removed? The search had ended "
                f"({reason}). Put the folder back and go on, with resume=True or autoopt resume: they are trained again."
            )
        raise SearchError(_nothing(trials, reason, "the starter" if self.starter else "your own model"))

    def _found_again(self, weights: BestWeights, say: Callable[[str], None]) -> None:
        """See that the weights are there that should be: the winner's are in its model, others are trained again."""
        lacking = weights.lacking()
        for trial in lacking:
            found = self.handover.kept_of(trial)
            if found is not None:
                weights.keep(trial, found)
        train_again(weights, self.worker.hypermodel, self.executor, self.limits, self.epochs, self.seed, say)

    def _journal(self, say: Callable[[str], None]) -> Journal:
        """Open the journal, and say what a process that was ended has left there."""
        journal = Journal(
            self.folder.journal, self.worker.objective, pruner=self._pruner(), others=self.others
        )
        if journal.torn:
            say(
                "The last record of the journal was half written, by a process that was ended: it is cut off."
            )
        if journal.interrupted:
            *others, last = map(str, journal.interrupted)
            which = f"Trials {', '.join(others)} and {last} were" if others else f"Trial {last} was"
            then = "run again" if self.search.oracle is None else "the oracle proposes anew"
            say(f"{which} interrupted: {then}.")
        if self.search.oracle is not None:  # it knows nothing of what it proposed to another process
            journal.give_up()
        return journal

    def _handed_over(
        self, best: Trial, confirmed: Confirmations, reason: str, spent: Mapping[str, float], trained: bool
    ) -> Result:
        """Make the winner a model, look at the test part, and write down what came out.

        Args:
            best: The winner.
            confirmed: What the best reached with fresh seeds.
            reason: Why the search ended.
            spent: Seconds of the search by kind.
            trained: Whether this session has trained anything.
        """
        before = self.folder.read("result")
        if before:  # from here on the model that is there need not be the one that this tells of
            self.folder.write("result", {**before, "model": None})
        model = self.handover.written(best)
        with compiling.measuring(model, self.worker.score):
            best_score, is_its_own = self.handover.scored_again(model, best)
            tested = self.handover.tested(model) if is_its_own else Unseen()
        found = standing(best, best_score, confirmed, tested, self.worker.objective, self.seed)
        now, saved = time.time(), self.folder.has_model(self.folder.best_model)
        taken = now - self.started if trained else 0.0  # looking at what there is takes nothing of a budget
        # A session that trained nothing took nothing.
        spent = {**spent, "end": max(0.0, taken - spent["begin"] - spent["total"])} if trained else {}
        earlier = before.get("spent", {})
        self.folder.write(
            "result",
            {
                "best": best.number, "model": best.number if saved else before.get("model"), "best_score": best_score, **found.written(),
                "unconfirmed": confirmed.lacking, "reason": reason,
                "test_metrics": tested.metrics, "seconds": round(self.earlier.spent + taken, 3), "ended": self.started + taken,
                "spent": {**earlier, **{kind: round(earlier.get(kind, 0.0) + s, 6) for kind, s in spent.items()}},
                "confirmations": {str(number): list(each.scores) for number, each in confirmed.everyone().items()},
            },
        )  # fmt: skip
        result = Result(self.folder, best_model=model)
        self._emit(replace(_ended(best, reason, found, tested), nodes=surgery.diagram(model)))
        return result

    def _pruner(self) -> Any:
        """Return what ends hopeless trials, None where the oracle does."""
        if self.search.pruner is not None or promotes(self.search.oracle):
            return self.search.pruner
        return HalvingPruner(self.epochs)

    def _driver(
        self,
        journal: Journal,
        weights: BestWeights,
        asked: Asked,
        earlier: Sequence[Trial],
    ) -> Driver:
        objective, oracle, space = self.worker.objective, self.search.oracle, asked.space
        if oracle is not None:
            adopt(oracle, objective, space, earlier, str(self.folder.path))
        else:
            # Whoever brings a sampler wants its proposals, not ours.
            usual = () if self.search.sampler else fitting(space)
            # A sampler of the user's may learn from each trial: it waits for all but the one that runs.
            ahead = AHEAD if self.search.sampler is None else 1
            # What is compiled meanwhile would slow down what is timed.
            ahead = 0 if any(each.name in CLOCKS for each in self.others) else ahead
            wanted = keras_tuner.Objective(objective.name, objective.direction)
            oracle = OptunaOracle(
                wanted, seed=self.seed, journal=journal, sampler=self.search.sampler,
                start=self.search.start, usual=usual, examples=self._validating, ahead=ahead if self.executor.prepares else 0,
                space=space, program=program_price(len(self.worker.hypermodel.reading().layers)),
                others=self.others, workers=self.executor.slots,
            )  # fmt: skip

        def keep(outcome: Outcome) -> None:
            trial = outcome.trial
            if outcome.asked:
                self._learn(outcome.asked, asked, oracle)
            weights.note(trial)
            if best_first([trial], objective) and outcome.weights is not None:
                with self.watch.measure("checkpoint"):
                    weights.keep(trial, outcome.weights)

        forecast = Forecast(self.plan, self.limits, self.executor.slots)

        finished = len(earlier)

        def tell(event: Event) -> None:
            nonlocal finished
            self._emit(event)
            finished += isinstance(event, TrialEnded)
            if isinstance(event, TrialEnded) and finished in WEIGHED_AFTER:
                self._weigh(journal)
            if (foreseen := forecast.after(event)) is not None and not self.limits.interrupted:
                self._emit(foreseen)

        heirs = Heirs(oracle, self.worker.hypermodel, weights.of) if self.search.inherit else None
        return Driver(
            oracle, self.worker.hypermodel, self.executor, journal, self.limits, objective, self.epochs, self.seed,
            tell, keep, self.watch, self.ceiling, heirs,
            Scores(self.objectives, self.ceiling) if self.others else None, confirming=self.confirming.seconds,
        )  # fmt: skip

    @property
    def _validating(self) -> int | None:
        """On how many examples a trial is scored."""
        scored = [cut.validation for cut in self.folds]
        return len(np.unique(np.concatenate(scored))) if scored else self.worker.dataset.validation.n

    def _weigh(self, journal: Journal) -> None:
        """Tell the sinks how much each hyperparameter mattered, as far as the trials can tell."""
        with self.watch.measure("log"):
            found = importances(journal, self.worker.objective, "ped_anova", seed=0)
        if found:
            self._emit(Weighed({each.name: each.share for each in found}))

    def _learn(self, definitions: Sequence[Any], asked: Asked, oracle: keras_tuner.Oracle) -> None:
        """Have hyperparameters searched that the user's own `fit` was the first to ask for."""
        own = self.worker.hypermodel.own_fit
        if own is None:
            return
        own.learn(definitions)
        if isinstance(oracle, OptunaOracle):
            space = asked.space.copy()
            space.merge(own.asked, overwrite=False)
            oracle.reopen(space)
        else:
            oracle.update_space(own.asked)
        self._write_down(asked)

    def _best_weights(self, earlier: Sequence[Trial]) -> BestWeights:
        """Return the keeper of weights, which knows those that lie on disk already."""
        most = max(self.search.confirm, self.search.keep, 1)
        always = (0,) if self.search.confirm else ()  # the user's own model is confirmed too, and may win
        if self.earlier.recoded:
            self.handover.drop_misfits(earlier)
        return BestWeights(self.folder, most, self.worker.objective, earlier, self.others, always)

    def _started(self, asked: Asked) -> SearchStarted:
        return SearchStarted(
            self.folder.name, self.worker.objective, asked.space, asked.metrics, self.epochs, asked.max_trials,
            self.limits.deadline, asked.notes, self.others, self.plan.sentences, self.earlier.trials, self.earlier.through,
            self.folder.path.absolute(), self.seed,
            max(len(self.folds), 1) * self.search.executions_per_trial, nodes(self.worker.hypermodel.reading()),
            () if asked.rows is None else asked.rows.described, self.starter, self.executor.slots,
        )  # fmt: skip

    def _write_down(self, asked: Asked) -> None:
        asked.write_down(
            self.folder,
            {
                "project": self.folder.name,
                "starter": self.starter,
                "objective": vars(self.worker.objective),
                **({"others": [vars(each) for each in self.others]} if self.others else {}),
                "epochs": self.epochs,
                "folds": len(self.folds),
                "executions_per_trial": self.search.executions_per_trial,
                "seed": self.seed,
                "constraints": vars(self.ceiling.constraints),
                "began": self.started,
            },
            self.worker,
        )

    def _emit(self, event: Event) -> None:
        with self.watch.measure("log"):
            for sink in self.sinks:
                sink(event)


def _ended(best: Trial, reason: str, found: Standing, tested: Unseen) -> SearchEnded:
    scores = () if found.confirmed is None else found.confirmed.scores
    return SearchEnded(best, reason, scores, tested.metrics, found.scalars(), found.beats_baseline)


def _nothing(trials: Sequence[Trial], reason: str, model: str) -> str:
    """Return why there is no model, with the first trial's cause in front; `model` is what trial 0 is called."""
    over = next((trial for trial in trials if trial.excess), None)
    failed = next((trial for trial in trials if trial.error), None)
    if over is not None and failed is None:
        which = model if over.number == 0 else f"trial {over.number}"
        return (
            f"No trial within the constraints ended with a model: {reason}. Of what was trained, {which} "
            f"{over.excess}. Raise the limit, or let models become smaller: "
            "Space(structure=axes.Structure(width=(0.125, 0.25, 0.5, 1.0)))."
        )
    if failed is None:
        return f"The search ended before any trial had an epoch behind it: {reason}. Give it more time."
    which = f"trial 0, {model}," if failed.number == 0 else f"trial {failed.number}"
    return (
        f"{failed.note.rstrip('.')}: so {which} failed first, and no trial ended with a model ({reason}). Mend that and "
        f"search again. In full:\n{failed.error}"
    )
