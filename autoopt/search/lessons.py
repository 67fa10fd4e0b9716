"""Lessons: what our own sampler learns from, the finished trials of a study with those that failed as its worst.

Optuna's TPE looks at completed and pruned trials alone, and would propose what failed again and again. The journal and
whoever opens it see failed trials as failed; here they are pruned ones without a value that break a constraint.
"""

from collections.abc import Iterator

import optuna
from optuna.trial import FrozenTrial, TrialState

from autoopt.storage import has_failed

STUDY = "lessons"


class Lessons:
    """A study in memory that follows another one. Called from one thread."""

    def __init__(self) -> None:
        self._storage = optuna.storages.InMemoryStorage()
        self._study: optuna.Study | None = None
        self._open: list[int] = []
        self._seen = 0
        self._asked_by: int | None = None
        self._told: optuna.Study | None = None

    def of(self, study: optuna.Study, number: int) -> optuna.Study:
        """Return what is to be learnt from a study, which is the same one each time.

        Args:
            study: Is followed.
            number: Of the trial that learns: all that it asks for is answered by what had finished when it asked first.
        """
        if self._told is None or self._asked_by != number:
            self._told, self._asked_by = self._followed(study), number
        return self._told

    def _followed(self, study: optuna.Study) -> optuna.Study:
        if self._study is None:
            self._study = optuna.create_study(
                storage=self._storage, study_name=STUDY, directions=study.directions
            )
        found = [lesson for trial in self._ended(study) if (lesson := _lesson(trial)) is not None]
        self._study.add_trials(found)
        if self._told is not None and not found:
            return self._told
        # A study remembers the trials that it was asked for first.
        return optuna.load_study(study_name=STUDY, storage=self._storage)

    def _ended(self, study: optuna.Study) -> Iterator[FrozenTrial]:
        """Yield the trials that have ended since this was asked last."""
        trials = study.get_trials(deepcopy=False)
        numbers = [*self._open, *range(self._seen, len(trials))]
        self._open, self._seen = [], len(trials)
        for number in numbers:
            if trials[number].state.is_finished():
                yield trials[number]
            else:
                self._open.append(number)


def _lesson(trial: FrozenTrial) -> FrozenTrial | None:
    """Return a trial as it is learnt from, None where it teaches nothing: it was taken back, or interrupted."""
    if trial.state is TrialState.FAIL:
        if not has_failed(trial):
            return None
        return optuna.trial.create_trial(
            state=TrialState.PRUNED, params=trial.params, distributions=trial.distributions,
            constraints={"failed": 1.0},
        )  # fmt: skip
    return optuna.trial.create_trial(
        state=trial.state, values=trial.values, params=trial.params, distributions=trial.distributions,
        intermediate_values=trial.intermediate_values,
    )  # fmt: skip
