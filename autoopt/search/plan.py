"""Plan: what a search is going to do, told before it starts, and how far it will come, once trials are known."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from optuna.pruners import NopPruner

from autoopt.records import YOUR_MODEL, Event, Foreseen, Trial, TrialEnded
from autoopt.search.limits import Limits
from autoopt.search.pruner import rungs
from autoopt.search_options import Search, promotes

KNOWN_AFTER = 4
"""Trials after which it is told how far the search will come: the user's model, and three that compile too."""

EXPECTED_SHARE = 0.5
"""Of their epochs that trials train under our own pruner: `python -m benchmarks pruning`."""


@dataclass(frozen=True)
class Round:
    """Trials of one round of Hyperband, each trained to so many epochs in all."""

    trials: int
    epochs: int


@dataclass(frozen=True)
class Plan:
    """What a search is going to do.

    Attributes:
        epochs: Most epochs a trial.
        proposer: Class of the user's sampler or oracle; empty for our own.
        pruner: Class of the user's pruner; empty for our own.
        rungs: Epochs after which our own pruner compares trials.
        brackets: The rounds of each bracket of Hyperband.
        ends: After how many epochs Hyperband's last round ends.
        confirm: How many of the best trials run again beside the user's model.
        repeats: How often; 0 where nothing does.
        fresh_cuts: Whether each time on another cut of the data.
        model: What the user's model is called.
    """

    epochs: int
    proposer: str = ""
    pruner: str = ""
    rungs: Sequence[int] = ()
    brackets: Sequence[Sequence[Round]] = ()
    ends: int | None = None
    confirm: int = 0
    repeats: int = 0
    fresh_cuts: bool = False
    model: str = YOUR_MODEL

    @property
    def sentences(self) -> Sequence[str]:
        """The plan as a user reads it."""
        told = self._of_hyperband() if self.brackets else (self._of_trials(), self._of_pruning())
        return [*told, *self._of_confirmation()]

    @property
    def expected_epochs(self) -> float | None:
        """Epochs that a trial will train on average, None where only the trials can tell."""
        if self.brackets:
            trained = [
                this.trials * (this.epochs - (before.epochs if before else 0))
                for bracket in self.brackets
                for before, this in zip((None, *bracket), bracket, strict=False)
            ]
            return sum(trained) / sum(each.trials for bracket in self.brackets for each in bracket)
        if self.pruner:
            return None
        return self.epochs * (EXPECTED_SHARE if self.rungs else 1.0)

    def _of_trials(self) -> str:
        whose = f"{self.proposer} proposes trials" if self.proposer else "trials"
        return f"Plan: {whose} of up to {_counted(self.epochs, 'epoch')}."

    def _of_pruning(self) -> str:
        if self.pruner:
            return f"Your {self.pruner} says which of them end early; {self.model} never does."
        if not self.rungs:
            return "None of them ends early."
        after = " and ".join(map(str, self.rungs))
        return (
            f"After {after} of them the best third goes on, but nothing ends while its learning rate rises; "
            f"{self.model} never does."
        )

    def _of_hyperband(self) -> Sequence[str]:
        brackets = "; ".join(
            " → ".join(f"{each.trials} × {each.epochs}" for each in bracket) for bracket in self.brackets
        )
        told = [
            f"Plan: {self.proposer} runs brackets of trials × epochs: {brackets}.",
            "What is promoted goes on where it ended. "
            f"{self.model.capitalize()} is the first trial, and trains {_counted(self.epochs, 'epoch')}.",
        ]
        if self.ends is not None and self.ends != self.epochs:
            told.append(
                f"Its last rounds end at {min(self.ends, self.epochs)} epochs, schedules at {self.epochs}: max_epochs of "
                "the oracle and epochs of the search are better the same."
            )
        return told

    def _of_confirmation(self) -> Sequence[str]:
        if not self.repeats:
            return ()
        best = "best" if self.confirm == 1 else f"best {self.confirm}"
        which = f"the {best} and {self.model} run" if self.confirm else f"{self.model} runs"
        again = "again once" if self.repeats == 1 else f"again {self.repeats} times"
        cuts = " and on fresh cuts of the data" if self.fresh_cuts else ""
        return [
            f"Then {which} {again} up to {'their best epochs' if self.confirm else 'its best epoch'}, with fresh seeds{cuts}."
        ]


def plan_of(
    search: Search, epochs: int, fresh_cuts: bool, model: str = YOUR_MODEL, max_trials: int | None = None
) -> Plan:
    """Return what a search is going to do.

    Args:
        search: As it was asked for.
        epochs: Most epochs a trial.
        fresh_cuts: Whether confirmation has any.
        model: What the user's model is called.
        max_trials: Most trials, the user's model counted; None for no end.
    """
    others = search.confirm if max_trials is None else max_trials - 1
    proposer = search.oracle or search.sampler
    plan = Plan(
        epochs, "" if proposer is None else type(proposer).__name__,
        confirm=min(search.confirm, others), repeats=search.confirm_repeats if search.confirm else 0, fresh_cuts=fresh_cuts, model=model,
    )  # fmt: skip
    if promotes(search.oracle):
        return replace(plan, brackets=_brackets(search.oracle, epochs), ends=search.oracle.max_epochs)
    if isinstance(search.pruner, NopPruner):
        return plan
    if search.pruner is not None:
        return replace(plan, pruner=type(search.pruner).__name__)
    return replace(plan, rungs=[rung for rung in rungs(epochs) if rung < epochs])


def _brackets(oracle: Any, epochs: int) -> Sequence[Sequence[Round]]:
    """Return the rounds of KerasTuner's Hyperband, in the order in which its brackets come."""
    return [
        [
            Round(oracle._get_size(bracket, each), min(oracle._get_epochs(bracket, each), epochs))
            for each in range(oracle._get_num_rounds(bracket))
        ]
        for bracket in reversed(range(oracle._get_num_brackets()))
    ]


class Forecast:
    """Says once, after the first trials, how far a search will come.

    Args:
        plan: What it is going to do.
        limits: When it ends.
        slots: How many trials run at once.
    """

    def __init__(self, plan: Plan, limits: Limits, slots: int = 1) -> None:
        self._plan, self._limits, self._slots = plan, limits, slots
        self._trials: list[Trial] = []

    def after(self, event: Event) -> Foreseen | None:
        """Take note of an event; return how far the search will come, when that is known."""
        if not isinstance(event, TrialEnded) or event.repeat or len(self._trials) >= KNOWN_AFTER:
            return None
        self._trials.append(event.trial)
        seconds = expected_seconds(self._trials[1:], self._plan.expected_epochs)
        if len(self._trials) < KNOWN_AFTER or seconds is None:
            return None
        spent = sum(trial.seconds or 0.0 for trial in self._trials)
        return self._foreseen(seconds / self._slots, spent / self._slots)

    def _foreseen(self, seconds: float, spent: float) -> Foreseen | None:
        """Return how far it will come where a trial ends every so many seconds; None where it is nearly over."""
        left, most = self._limits.searching(), self._limits.max_trials
        more = math.inf if most is None else most - KNOWN_AFTER
        if more <= 0 or (left is None and most is None):
            return None
        if left is not None and seconds * more > left:
            return Foreseen(KNOWN_AFTER + math.floor(max(left, 0.0) / seconds), spent + left, True)
        return Foreseen(KNOWN_AFTER + int(more), spent + seconds * more, False)


def expected_seconds(trials: Sequence[Trial], epochs: float | None) -> float | None:
    """Return what a trial will take, by those that have ended: the time to compile, and that of its epochs.

    Args:
        trials: Those that failed say nothing.
        epochs: That a trial trains on average, None for as many as these.

    Returns:
        None where all failed.
    """
    told = [trial for trial in trials if trial.status != "failed" and trial.own_epochs]
    if not told:
        return None
    compiling = statistics.fmean(trial.costs.get("compile", 0.0) for trial in told)
    whole = statistics.fmean(trial.seconds or 0.0 for trial in told)
    trained = statistics.fmean(trial.own_epochs for trial in told)
    return compiling + (whole - compiling) * (1.0 if epochs is None else epochs / trained)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
