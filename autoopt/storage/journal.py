"""Journal: the trials of one run in Optuna's append-only journal, the single source of truth.

`optuna-dashboard` opens the file as it is. Optuna's study is told every trial here, whoever proposed it.
"""

import copy
import logging
import math
import threading
import warnings
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.storages.journal import JournalStorage
from optuna.trial import TrialState

from autoopt.hyperparameters import Ranged
from autoopt.records import Objective, Trial
from autoopt.storage.damage import unsound
from autoopt.storage.distributions import distribution, holds, positioned, suggest, unpositioned, variant
from autoopt.storage.finished import check, from_plain, interrupted, to_plain
from autoopt.storage.guided import GuidedSampler
from autoopt.storage.journal_file import JournalFile
from autoopt.untrusted import Unreadable, fit

STUDY = "autoopt"

RECORD = "trial"
"""Name of the user attribute that holds a finished trial whole."""

DROPPED = "dropped"
"""Name of the user attribute of a trial that was taken back before it was trained."""

REFUSED = "refused"
"""Its value where another was drawn for the same place."""

_STATES = {
    "completed": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}


class Journal:
    """The trials of one run. One thread of one process writes.

    Args:
        file: The journal file, or its path, made when it is missing; None keeps everything in memory.
        objective: What is compared.
        sampler: Proposes values; None samples at random.
        pruner: Ends hopeless trials; None ends none.
        read_only: Whether the journal is only looked at: nothing is written.
        others: What is compared beside the objective: a study of several directions, which prunes nothing.

    Attributes:
        over: Whether the sampler has said that it has nothing more to propose.
        interrupted: Numbers of the trials that a process began and did not live to finish, to be begun again.
        torn: Whether the last record was found half written, and cut off.

    Raises:
        RunError: The file is no journal, or that of a search for something else.
    """

    def __init__(
        self,
        file: JournalFile | Path | None,
        objective: Objective,
        sampler: optuna.samplers.BaseSampler | None = None,
        pruner: optuna.pruners.BasePruner | None = None,
        read_only: bool = False,
        others: Sequence[Objective] = (),
    ) -> None:
        self._others = tuple(others)
        self._objectives = (objective, *self._others)
        self._sampler = GuidedSampler(sampler or optuna.samplers.RandomSampler())
        file = JournalFile(file) if isinstance(file, Path) else file
        self._path = None if file is None else file.path
        with unsound(self._path):
            if file is not None and read_only and not file.read():
                file = None
            self.torn = file is not None and not read_only and file.open()
        self._file = file
        with unsound(self._path), quiet():
            storage = None if file is None else JournalStorage(file)
            self._study = (
                optuna.load_study(study_name=STUDY, storage=storage)
                if storage is not None and read_only
                else optuna.create_study(
                    storage=storage,
                    study_name=STUDY,
                    directions=[
                        "maximize" if each.direction == "max" else "minimize" for each in self._objectives
                    ],
                    sampler=self._sampler,
                    pruner=pruner or optuna.pruners.NopPruner(),
                    load_if_exists=True,
                )
            )
            _check_directions(self._study, self._objectives, read_only)
        self.over = False
        # A sampler that is through says so; outside of `optimize` Optuna takes that for a mistake.
        self._study.stop = self._stop  # type: ignore[method-assign]
        self._running: dict[int, optuna.Trial] = {}
        self._begun_before: dict[int, Mapping[str, Any]] = {}
        self._reported: dict[int, set[int]] = {}
        self._written: set[int] = set()
        self._known: dict[str, Any] = {}
        for earlier in self._study.get_trials(deepcopy=False):
            self._known.update(earlier.distributions)
        unfinished = [t.number for t in self._study.get_trials(deepcopy=False) if not t.state.is_finished()]
        self.interrupted = deque(() if read_only else unfinished)
        self._opened = len(self._study.get_trials(deepcopy=False))
        self._flush()

    def _stop(self) -> None:
        self.over = True

    def use(self, sampler: optuna.samplers.BaseSampler) -> None:
        """Ask another sampler from now on."""
        self._sampler.base = sampler

    def open(self, guided: bool = False) -> int:
        """Begin a trial and return its number: one that was interrupted keeps the values that it had been given.

        Args:
            guided: Every value will be wanted by somebody, so the sampler need not look ahead.
        """
        self._sampler.guided = guided
        with quiet():
            if self.interrupted:
                known = self._study.get_trials(deepcopy=False)[self.interrupted.popleft()]
                trial = optuna.Trial(self._study, known._trial_id)
                self._begun_before[trial.number] = known.params
            else:
                trial = self._study.ask()
                self._opened += 1
        self._running[trial.number] = trial
        self._flush()
        return trial.number

    def give_up(self) -> None:
        """Take back the trials that were interrupted: nobody can propose them again."""
        while self.interrupted:
            self.drop(self.open())

    def suggest(self, number: int, hp: Any, wanted: Any = None) -> Any:
        """Return a running trial's value of one hyperparameter.

        Args:
            number: The trial's.
            hp: A `keras_tuner` hyperparameter.
            wanted: The value to take; None lets the sampler choose.
        """
        with quiet():
            found = distribution(hp)
        if found is None or found.single():
            return hp.default
        if isinstance(hp, Ranged):
            name = positioned(hp)
        else:
            name = hp.name if self._known.get(hp.name, found) == found else variant(hp.name, found)
        given = self._begun_before.get(number, {}).get(name)
        is_same = isinstance(hp, Ranged) and wanted is not None and hp.position(wanted) == given
        if given is not None and not is_same:
            wanted = None  # what was given stays, to rounding, whatever would be proposed by now
        if wanted is not None and not holds(found, wanted):
            return wanted
        if isinstance(hp, Ranged):
            place = None if wanted is None else hp.position(wanted)
            at = self._suggested(number, name, FloatDistribution(0.0, 1.0), place)
            return hp.at(at) if wanted is None else wanted
        return self._suggested(number, name, found, wanted)

    def positions(self, number: int) -> Mapping[str, float]:
        """Return where a trial's values lie in ranges that depend on others, 0 to 1: by `positioned` names."""
        params = self._study.get_trials(deepcopy=False)[number].params
        return {name: place for name, place in params.items() if name != unpositioned(name)}

    def _suggested(self, number: int, name: str, found: BaseDistribution, wanted: Any) -> Any:
        self._known[name] = found
        self._sampler.wanted = wanted
        with quiet():
            value = suggest(self._running[number], name, found)
        self._sampler.wanted = None
        return value

    def report(self, number: int, epoch: int, score: float) -> bool:
        """Record a running trial's objective after an epoch; say whether the pruner finds it hopeless."""
        if self._others:  # Optuna knows no pruning by several values
            return False
        trial, told = self._running[number], self._reported.setdefault(number, set())
        # A look at all trials takes longer than the rest.
        if number not in self._begun_before and epoch not in told:
            told.add(epoch)
            trial.report(score, epoch)
            return trial.should_prune()
        known = self._study.get_trials(deepcopy=False)[number].intermediate_values
        if epoch not in known:
            trial.report(score, epoch)
            return trial.should_prune()
        # It was interrupted after this epoch: what it told of later ones is not to be known yet.
        past = copy.deepcopy(self._study.get_trials(deepcopy=False)[number])
        past.intermediate_values = {step: value for step, value in known.items() if step <= epoch}
        return bool(self._study.pruner.prune(self._study, past))

    def close(self, trial: Trial) -> None:
        """Record a finished trial whole; one that is not running is left as it is."""
        running = self._running.pop(trial.number, None)
        if running is None:
            return
        running.set_user_attr(RECORD, to_plain(trial))
        self._written.add(trial.number)
        state = _STATES[trial.status]
        if (state is TrialState.PRUNED and trial.number not in self._reported) or trial.score is None:
            state = TrialState.FAIL
        with quiet():
            self._study.tell(
                running, self._values(trial) if state is TrialState.COMPLETE else None, state=state
            )
        self._flush()

    def _values(self, trial: Trial) -> Sequence[float]:
        """Return a completed trial's value of each objective."""
        if self._others:
            return [trial.scores[each.name] for each in self._objectives]
        return [math.nan if trial.score is None else trial.score]

    def _flush(self) -> None:
        if self._file is not None:
            self._file.flush()

    def drop(self, number: int, refused: bool = False) -> None:
        """Take back a trial that was begun and never trained; its number is not used again.

        Args:
            number: The trial's.
            refused: Whether another is drawn for the same place.
        """
        running = self._running.pop(number)
        running.set_user_attr(DROPPED, REFUSED if refused else True)
        with quiet():
            self._study.tell(running, state=TrialState.FAIL)
        self._flush()

    def dropped(self) -> Mapping[int, bool]:
        """Return the number of each trial that was taken back, and whether another was drawn for its place."""
        return {
            trial.number: trial.user_attrs[DROPPED] == REFUSED
            for trial in self._study.get_trials(deepcopy=False)
            if DROPPED in trial.user_attrs
        }

    def running(self, but: int) -> Mapping[int, Mapping[str, Any]]:
        """Return number and values, as far as they have been asked for, of all trials that run, or wait to, but one."""
        trials = self._study.get_trials(deepcopy=False)
        return {number: trials[number].params for number in self._running if number != but}

    @property
    def opened(self) -> int:
        """How many trials were begun, those that were taken back included."""
        return self._opened

    @property
    def following(self) -> int:
        """Number of the trial that is begun next."""
        return self.interrupted[0] if self.interrupted else self.opened

    def trial(self, number: int) -> Trial:
        """Return a finished trial.

        Raises:
            RunError: It cannot be read.
        """
        return self._read(self._study.get_trials(deepcopy=False)[number])

    def trials(self) -> list[Trial]:
        """Return every finished trial, by number; one that was interrupted counts as failed.

        Raises:
            RunError: One cannot be read.
        """
        return [trial for trial, _ in self.drawn()]

    def drawn(self) -> list[tuple[Trial, optuna.trial.FrozenTrial]]:
        """Return every finished trial along with what Optuna keeps of it: the distributions of its values."""
        return [
            (self._read(trial), trial)
            for trial in self._study.get_trials(deepcopy=False)
            if trial.state.is_finished() and DROPPED not in trial.user_attrs
        ]

    def _read(self, trial: optuna.trial.FrozenTrial) -> Trial:
        """Return what Optuna keeps of a finished trial."""
        with unsound(self._path):
            fit(list(trial.params), list[str], f"trial {trial.number}.names")
            if RECORD not in trial.user_attrs:
                return interrupted(trial)
            if trial.number not in self._written:
                check(trial.user_attrs[RECORD], trial.number)
            return from_plain(trial.user_attrs[RECORD])


def has_failed(trial: optuna.trial.FrozenTrial) -> bool:
    """Say whether Optuna's trial is one that was run and failed, and was not taken back or interrupted."""
    return RECORD in trial.user_attrs and trial.user_attrs[RECORD]["status"] == "failed"


def _check_directions(study: optuna.Study, objectives: Sequence[Objective], read_only: bool) -> None:
    """Check that a study compares what its run is said to compare; whoever only looks may know the first alone.

    Raises:
        Unreadable: It does not.
    """
    found = [direction.name.lower()[:3] for direction in study.directions]
    wanted = [objective.direction for objective in objectives]
    if (found[: len(wanted)] if read_only else found) != wanted:
        raise Unreadable(
            f"It compares by {', '.join(found)}. Expected {', '.join(wanted)}, as run.json says."
        )


_threads = threading.local()


class quiet(warnings.catch_warnings):
    """Keeps Optuna's own notices away from the user for a while, and nobody else's; within another one it does nothing."""

    def __enter__(self) -> Sequence[warnings.WarningMessage] | None:  # type: ignore[override]
        self._within = getattr(_threads, "quiet", False)
        if self._within:
            return None
        _threads.quiet = True
        entered = super().__enter__()
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        # A KerasTuner range need not end on a step, and Optuna shortens it.
        warnings.filterwarnings("ignore", "The distribution is specified by", UserWarning)
        self._level = optuna.logging.get_verbosity()
        if (
            self._level != logging.WARNING
        ):  # each change has every logger of the process look its level up again
            optuna.logging.set_verbosity(logging.WARNING)
        return entered

    def __exit__(self, *details: Any) -> None:
        if self._within:
            return
        _threads.quiet = False
        if self._level != logging.WARNING:
            optuna.logging.set_verbosity(self._level)
        super().__exit__(*details)
