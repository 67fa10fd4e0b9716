"""What is confirmed, and how often: as much of what was asked for as there is time for."""

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autoopt.engines import MOST_PROGRAMS
from autoopt.records import YOUR_MODEL, Trial
from autoopt.search_options import Search

TIMES = ("not at all", "once", "twice")


@dataclass(frozen=True)
class Rounds:
    """What is run again.

    Attributes:
        trials: The best few, and the user's own model.
        repeats: How often each of them.
        note: What was left out for want of time, in a sentence; empty where nothing was.
        most: How often at most, if there is time.
        seconds: What `repeats` are expected to take; 0 where there is no limit.
    """

    trials: Sequence[Trial] = ()
    repeats: int = 0
    note: str = ""
    most: int = 0
    seconds: float = 0.0


def affordable(
    ranked: Sequence[Trial], own: Trial | None, search: Search, left: float | None,
    trials: Sequence[Trial] = (),
    trainings: int = 1,
    earlier: int = 0,
    missing: Callable[[int, int], int] = lambda number, repeats: repeats,
    model: str = YOUR_MODEL,
    slots: int = 1,
) -> Rounds:  # fmt: skip
    """Return what is confirmed in the time that is left.

    Two runs of each come first, as one does not tell of seeds; then trials and repeats shrink alike.

    Args:
        ranked: The trials that may win, best first.
        own: The user's model, which is run again along with them; None where it has no score.
        search: How many of them, and how often, were asked for.
        left: Seconds in which it has to be done, None for no limit.
        trials: All of the run, for what one of them continues.
        trainings: Of a run: one for each fold.
        earlier: How many of all trials another process ran.
        missing: Told (trial, repeats), how many of those runs are not known from before.
        model: What the user's model is called.
        slots: How many runs go on at once, be they of one round or of several.
    """
    most, repeats = min(search.confirm, len(ranked)), search.confirm_repeats
    if not most or not repeats:
        return Rounds()
    if left is None:
        return Rounds(_with(own, ranked[:most]), repeats, most=repeats)
    # Of several workers it is not known which has a program.
    price = _Price(trials, trials[earlier:] if slots == 1 else (), trainings, missing, slots)
    offer = _Offer(ranked, own, most, repeats, max(left, 0.0), model)
    return offer.planned(price) or offer.known_before(price) or offer.best_alone(price)


@dataclass(frozen=True)
class _Price:
    """What runs of confirmation take.

    Attributes:
        trials: All of the run, for what one of them continues.
        here: Those whose programs this process may have kept.
        trainings: Of a run: one for each fold.
        missing: Told (trial, repeats), how many of those runs are not known from before.
        slots: How many runs go on at once, be they of one round or of several.
    """

    trials: Sequence[Trial]
    here: Sequence[Trial]
    trainings: int
    missing: Callable[[int, int], int]
    slots: int

    def rounds(self, some: Sequence[Trial], times: int) -> float:
        """Return the expected seconds of so many rounds of some trials: a worker that is free begins with the next."""
        at_once = max(1, math.ceil(self.slots / len(some)))
        runs = [self._run(trial, 1 + round_, at_once) for round_ in range(times) for trial in some]
        return together(runs, self.slots)

    def _run(self, trial: Trial, times: int, at_once: int) -> float:
        """Return what a run of the last of so many rounds takes, of which so many go on at once.

        A program that is not kept is compiled once, by each worker that is at it at once.
        """
        before = self.missing(trial.number, times - 1) if times > 1 else 0
        if self.missing(trial.number, times) == before:
            return 0.0
        compiled = before >= at_once or is_kept(trial, self.here)
        compiling = 0.0 if compiled else trial.costs.get("compile", 0.0)
        return compiling + max(epochs_of(trial) * pace(trial, self.trials) * self.trainings, 1e-3)


@dataclass(frozen=True)
class _Offer:
    """What might be confirmed.

    Attributes:
        ranked: The trials that may win, best first.
        own: The user's model; None where it has no score.
        most: How many trials at most.
        repeats: How often at most.
        left: Seconds in which it has to be done.
        model: What the user's model is called.
    """

    ranked: Sequence[Trial]
    own: Trial | None
    most: int
    repeats: int
    left: float
    model: str

    def planned(self, price: _Price) -> Rounds | None:
        """Return as many trials and repeats as there is time for beside the user's model, None where there is none."""
        options = [
            (count, times)
            for count in range(1, self.most + 1)
            for times in range(1, self.repeats + 1)
            if price.rounds(_with(self.own, self.ranked[:count]), times) <= self.left
        ]
        if not options:
            return None
        count, times = max(options, key=_worth)
        chosen = _with(self.own, self.ranked[:count])
        taking, note = price.rounds(chosen, times), ""
        if (count, times) != (self.most, self.repeats) and taking:
            note = _told(chosen, self.model if self.own else None, times, self.repeats, self.left)
        return Rounds(chosen, times, note, self.repeats, taking)

    def known_before(self, price: _Price) -> Rounds | None:
        """Return what earlier sessions have confirmed, None where that is nothing: it is not given up for what has not."""
        known = [trial for trial in self.ranked if not price.missing(trial.number, 1)][: self.most]
        compared = _with(self.own, known)
        others = {trial.number for trial in known} - {self.own and self.own.number}
        if not others or price.rounds(compared, 1):
            return None
        times = sum(not price.rounds(compared, times) for times in range(1, self.repeats + 1))
        which = "trial" if len(known) == 1 else "trials"
        note = f"Nothing more is confirmed: {_seconds(self.left)} are left. What wins is confirmed from before: {which} {_listed(known)}."
        return Rounds(compared, times, note, self.repeats)

    def best_alone(self, price: _Price) -> Rounds:
        """Return the best trial once, or nothing where there is no time for that either."""
        alone = price.rounds(self.ranked[:1], 1)
        if alone <= self.left:
            note = f"Confirming the best trial once, and not {self.model}: {_seconds(self.left)} are left."
            return Rounds(self.ranked[:1], 1, note, 1, alone)
        return Rounds(note=f"The best trial is not confirmed: {_seconds(self.left)} are left.")


def together(seconds: Sequence[float], slots: int) -> float:
    """Return how long runs take of which so many run at once, in the order in which they begin.

    Example:
        >>> together([3.0, 2.0, 2.0], 1), together([3.0, 2.0, 2.0], 2)
        (7.0, 4.0)
    """
    free = [0.0] * slots
    for each in seconds:
        heapq.heapreplace(free, free[0] + each)
    return max(free)


def is_kept(trial: Trial, trials: Sequence[Trial]) -> bool:
    """Whether the program of a trial is taken to be kept still, compiled for good: it served two, and few others since.

    TensorFlow compiles some programs at their second training. Few are half as many as are kept: those count too that
    were made ahead, and those that confirmation will need.

    Args:
        trial: The trial.
        trials: Those of this process: programs of others are gone.
    """
    served = [each.number for each in trials if each.program == trial.program]
    if trial.program is None or len(served) < 2:
        return False
    return len({each.program for each in trials if each.number > max(served)}) < MOST_PROGRAMS // 2


def epochs_of(trial: Trial) -> int:
    """Return the epochs of a trial's confirmation: up to its best, which says little where it did not start fresh."""
    return trial.epochs if trial.inherited is not None else (trial.best_epoch or 0) + 1


def pace(trial: Trial, trials: Sequence[Trial] = ()) -> float:
    """Return the mean seconds of an epoch of a single training, validation counted and compiling left out.

    Args:
        trial: Its executions and folds are taken to be equally long.
        trials: All of the run: one that has trained no epoch itself is as fast as the one that it continues.
    """
    known = {each.number: each for each in trials}
    while not trial.own_epochs and trial.continues in known:
        trial = known[trial.continues]
    training = (trial.seconds or 0.0) - trial.costs.get("compile", 0.0)
    return max(training, 0.0) / (max(trial.own_epochs or trial.epochs, 1) * trial.executions)


def run_seconds(trial: Trial) -> float:
    """Return what running a trial again takes at most: all its epochs, with one execution of each fold."""
    trainings = max(len(trial.fold_scores), 1)
    return trial.costs.get("compile", 0.0) + pace(trial) * trial.epochs * trainings


def _with(own: Trial | None, trials: Sequence[Trial]) -> Sequence[Trial]:
    listed = own is None or any(trial.number == own.number for trial in trials)
    return list(trials) if own is None or listed else [*trials, own]


def _worth(option: tuple[int, int]) -> tuple[int, int, int, int]:
    count, times = option
    return min(times, 2), min(count, times), count + times, times


def _told(chosen: Sequence[Trial], model: str | None, times: int, repeats: int, left: float) -> str:
    others = [str(trial.number) for trial in chosen if model is None or trial.number]
    named = [f"trial{'s' * (len(others) > 1)} {', '.join(others)}"] * bool(others)
    which = " and ".join([*named, *([] if model is None else [model])])
    often = TIMES[times] if times < len(TIMES) else f"{times} times"
    more = (
        f", {'twice' if repeats == 2 else f'up to {repeats} times'} if there is time"
        if times < repeats
        else ""
    )
    return f"Confirming {which}, {often}{more}: {_seconds(left)} are kept for it."


def _listed(trials: Sequence[Trial]) -> str:
    return ", ".join(str(trial.number) for trial in trials)


def _seconds(left: float) -> str:
    return f"{max(left, 0.0):.1f} s" if left < 10 else f"{left:.0f} s"
