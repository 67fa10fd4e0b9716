"""Numbers of programs among those of all processes: each counts its own from 0."""

from dataclasses import replace

from autoopt.worker import Outcome


class ProgramNumbers:
    """Tells outcomes of one process from those of another."""

    def __init__(self) -> None:
        self._first = self._made = 0

    def begin(self) -> None:
        """Take note that what follows comes from another process."""
        self._first = self._made

    def told_apart(self, outcome: Outcome, elsewhere: bool) -> Outcome:
        """Return an outcome whose trial says where it ran, and its program's number among all.

        Args:
            outcome: As its process told it.
            elsewhere: Whether that was a worker process.
        """
        trial = outcome.trial
        if elsewhere and trial.engine:
            trial = replace(trial, engine=f"{trial.engine}, in a worker process")
        if trial.program is not None:
            number = self._first + trial.program
            trial = replace(trial, program=number)
            self._made = max(self._made, number + 1)
        return replace(outcome, trial=trial)
