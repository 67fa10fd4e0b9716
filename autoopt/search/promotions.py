"""Promotions: proposals that go on with the training of an earlier trial, as those of KerasTuner's Hyperband do."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from keras_tuner.engine.trial import Trial as TunerTrial

from autoopt.records import Objective, Trial
from autoopt.search.foreign import own_values
from autoopt.worker import Continuation, Job, Outcome


class Promotions:
    """Which proposal goes on with which training, and which trainings may go on later. One thread calls it.

    Hyperband runs the rounds of a bracket one after the other: once a trial of a later round is proposed, nothing of a
    round before the last one is promoted any more. So it is with brackets where trials run one after the other.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._origins: dict[int, int] = {}
        self._waiting: dict[int, tuple[int, int]] = {}

    def linked(self, job: Job, proposal: TunerTrial, together: bool = False) -> Job:
        """Return a job with the training that it goes on with, and what will become of its own.

        Args:
            job: As for a trial that begins.
            proposal: The oracle's.
            together: Whether several trials run at once: then brackets do, too.
        """
        own = own_values(proposal.hyperparameters.values)
        self._numbers[proposal.trial_id] = job.number
        bracket, round_ = int(own.get("tuner/bracket", 0)), int(own.get("tuner/round", 0))
        over = [
            number for number, place in self._waiting.items() if _is_over(place, (bracket, round_), together)
        ]
        for number in over:
            del self._waiting[number]
        # The user's own model trains all epochs at once, so nothing of it is left.
        pauses = round_ < bracket and job.number > 0
        if pauses:
            self._waiting[job.number] = bracket, round_
        return replace(job, continues=self._continued(job, own), pauses=pauses, over=tuple(over))

    def _continued(self, job: Job, own: Mapping[str, Any]) -> Continuation | None:
        earlier = self._numbers.get(own.get("tuner/trial_id", ""))
        if earlier is None or job.number == 0:
            return None
        self._waiting.pop(earlier, None)
        self._origins[job.number] = origin = self._origins.get(earlier, earlier)
        return Continuation(earlier, origin, min(int(own["tuner/initial_epoch"]), job.epochs))


def _is_over(place: tuple[int, int], now: tuple[int, int], together: bool) -> bool:
    """Whether a trial of a bracket and round is not promoted any more, once one of another is proposed."""
    if place[0] != now[0]:
        return not together
    return place[1] < now[1] - 1


def known(job: Job, trial_of: Callable[[int], Trial], objective: Objective) -> Outcome | None:
    """Return what becomes of a job without training, None where an epoch is left to be trained.

    The user's own model has trained all epochs before it is promoted, and a training that a callback or patience
    has ended would end there again.

    Args:
        job: Continues a training.
        trial_of: Returns a trial, as it ended, by its number.
        objective: What is compared.
    """
    if job.continues is None:
        return None
    # What goes on with the user's model has been trained by that one, however often it was promoted.
    earlier = trial_of(job.continues.trial if job.continues.origin else 0)
    if earlier.status != "completed":
        return None
    if earlier.epochs == job.continues.epoch < job.epochs:
        return None
    score, epoch = best_within(earlier, job.epochs, objective)
    history = {name: list(values[: job.epochs]) for name, values in earlier.history.items()}
    now = job.begun()
    ended = replace(
        now, status="completed", score=score, history=history, best_epoch=epoch, finished=now.started,
        engine=earlier.engine, program=earlier.program, price=earlier.price, first_epoch=min(earlier.epochs, job.epochs),
        note=f"Trial {earlier.number} has trained all of its epochs.",
    )  # fmt: skip
    return Outcome(ended)


def noted(trial: Trial) -> Trial:
    """Return a trial whose note says what it continues."""
    if trial.continues is None:
        return trial
    first, earlier = trial.first_epoch, trial.continues
    sentence = (
        f"Continues trial {earlier} from epoch {first}."
        if first
        else f"Repeats and continues trial {earlier}."
    )
    return replace(trial, note=f"{trial.note} {sentence}".strip())


def best_within(trial: Trial, epochs: int, objective: Objective) -> tuple[float | None, int | None]:
    """Return a trial's best score in its first so many epochs, and that epoch.

    Trials that an oracle compares after as many epochs are compared at these, also where one has trained more.
    """
    if trial.epochs <= epochs:
        return trial.score, trial.best_epoch
    best: tuple[float | None, int | None] = None, None
    for epoch, score in enumerate(trial.history.get(objective.name, ())[:epochs]):
        if math.isfinite(score) and objective.better(score, best[0]):
            best = score, epoch
    return best
