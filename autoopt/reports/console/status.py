"""What a search is doing, in words that all faces of its progress use."""

import time
from dataclasses import dataclass

from autoopt.records import COSTS, TrialEnded, own_model
from autoopt.reports.console.progress import Finished, Progress, Running
from autoopt.reports.console.words import (
    KINDS,
    counted,
    duration,
    ending,
    first_line,
    score_text,
    title_of,
)
from autoopt.untrusted import printable


@dataclass(frozen=True)
class Status:
    """Words on the progress of a search at one moment.

    Attributes:
        progress: What has happened.
        now: UTC seconds.
    """

    progress: Progress
    now: float

    @property
    def project(self) -> str:
        """The run's name."""
        return printable(self.progress.search.project, kept="")

    @property
    def objective(self) -> str:
        """The name of what is compared first."""
        return printable(self.progress.search.objective.name, kept="")

    def place(self) -> str:
        """Return how far the search is: trials, or confirmation runs."""
        progress, confirming = self.progress, self.progress.confirming
        if confirming is not None:
            of = f" {confirming.run} of {confirming.runs}" if confirming.runs else ""
            return f"confirming, run{of}"
        most = progress.search.max_trials
        if most is not None:
            return f"{progress.trials} of {counted(most, 'trial')}"
        foreseen = progress.foreseen
        if foreseen is not None and foreseen.trials > progress.trials:
            return f"{progress.trials} of about {foreseen.trials} trials"
        return counted(progress.trials, "trial")

    def left(self) -> str:
        """Return the time that is left; what has been taken where nothing tells."""
        found = self.progress.left(self.now)
        if found is None or (found[1] and self.progress.confirming is not None):
            return f"{_whole(self.now - self.progress.since)} so far"
        seconds, guessed = found
        return f"{'about ' if guessed else ''}{_whole(seconds)} left"

    def reached(self) -> list[str]:
        """Return the best, the baseline and what is between them, as far as they are known."""
        progress, best = self.progress, self.progress.best
        found = []
        if best is not None:
            which = own_model(progress.search.starter) if best.number == 0 else f"trial {best.number}"
            found.append(f"best {score_text(best.score)} ({which})")
        if progress.baseline is not None:
            found.append(f"baseline {score_text(progress.baseline)}")
        if best is not None and best.number and best.score is not None and progress.baseline is not None:
            gain = progress.search.objective.gain(best.score, progress.baseline)
            found.append(f"gain {'+' if gain >= 0 else ''}{score_text(gain)}")
        if progress.search.others:
            found.append(f"{counted(len(progress.front), 'trial')} on the front")
        return found

    def counts(self) -> list[str]:
        """Return how many trials ended how, and how many programs were compiled."""
        counts = self.progress.counts
        told = [f"{counts[status]} {status}" for status in ("completed", "pruned", "failed")]
        return [*told, f"{counted(len(self.progress.programs), 'program')} compiled"]

    def spent(self) -> list[str]:
        """Return where the seconds went, those of trials that run left out."""
        spent = self.progress.spent
        told = [f"{duration(spent.get(kind, 0.0))} {word}" for kind, word in KINDS.items()]
        return [*told, f"{_whole(self.now - self.progress.since)} so far"]

    def title(self, running: Running) -> str:
        """Return which trial it is that runs, and how many others do."""
        event, most, beside = running.event, self.progress.search.max_trials, self.progress.beside
        # By place: numbers have gaps where proposals were taken back.
        place = "" if event.repeat or most is None else f" ({self.progress.trials + 1}/{most})"
        more = f" and {beside} more" if beside else ""
        return f"{title_of(event.number, event.repeat, event.repeats)}{place}{more}"

    def stage(self, running: Running) -> str:
        """Return how far a trial is: its epoch, or that it is made ready to train."""
        if not running.epochs:
            return "building and compiling"
        search = self.progress.search
        epoch = f"epoch {running.epochs}/{search.epochs}"
        if search.trainings == 1:
            return epoch
        return f"training {running.execution + 1} of {search.trainings}, {epoch}"

    def waiting(self) -> str:
        """Return what goes on while no trial runs."""
        if self.progress.confirming is not None:
            return "between two runs, or writing the winner"
        return "choosing the next trial" if self.progress.trials else "preparing the first trial"

    def since(self, running: Running) -> str:
        """Return how long a trial has been running."""
        return _whole(self.now - running.since)

    def ended(self, finished: Finished) -> tuple[str, str, str, str, str]:
        """Return what there is to say of a finished trial: title, score, epochs, seconds, how it ended and why."""
        event, trial = finished.event, finished.event.trial
        words = [ending(event)]
        if trial.status == "failed":
            words = [f"failed: {first_line(trial.note or trial.error or '')}"]
        elif trial.excess:
            words.append(trial.excess)
        elif finished.news and self._still(event):
            words.append(finished.news)
        for other in self.progress.search.others:
            if other.name in trial.scores:
                value = trial.scores[other.name]
                words.append(f"{other.name} {value:.4g}" if other.name in COSTS else score_text(value))
        told = printable(", ".join(words), kept="")
        return (
            title_of(trial.number, event.repeat),
            score_text(trial.score),
            counted(trial.epochs, "epoch"),
            duration(trial.seconds or 0),
            told,
        )

    def _still(self, event: TrialEnded) -> bool:
        """Return whether the news of a finished trial still holds: others may have been better since."""
        progress, number = self.progress, event.trial.number
        if progress.search.others:
            return any(trial.number == number for trial in progress.front)
        return progress.best is not None and progress.best.number == number

    def line(self, width: int) -> str:
        """Return what runs, the best, the baseline and the time left as one line; what does not fit is left out."""
        progress = self.progress
        running = self.waiting()
        if (latest := progress.running) is not None:
            shown = "" if latest.score is None else f" {latest.score:.4f}"
            stage = f"  {self.stage(latest)}{shown}" if latest.epochs else ""
            running = f"{self.title(latest)}{stage}"
        best = "" if progress.best is None else f"best {score_text(progress.best.score)}"
        baseline = "" if progress.baseline is None else f"baseline {score_text(progress.baseline)}"
        left = "" if progress.left(self.now) is None else self.left()
        fuller = ((running, best, baseline, left), (running, best, left), (running, left))
        lines = ["  ".join(part for part in parts if part) for parts in fuller]
        return next((line for line in lines if len(line) <= width), running)


def now(progress: Progress) -> Status:
    """Return the status at this moment."""
    return Status(progress, time.time())


def _whole(seconds: float) -> str:
    """Return seconds that pass while one looks: without tenths, which would only flicker."""
    return duration(seconds) if seconds >= 10 else f"{max(0.0, seconds):.0f}s"
