"""OptunaOracle: KerasTuner's interface, Optuna's sampling. Values are asked for one by one, as a build asks.

The default sampler is TPE over all dimensions at once, in groups of those that are active together
(Bergstra et al. 2011; Falkner et al. 2018).
"""

import bisect
import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

import keras_tuner
import optuna
from keras_tuner.engine import hyperparameters as kinds
from keras_tuner.engine.trial import Trial as TunerTrial

from autoopt import seeding
from autoopt.front import front
from autoopt.hyperparameters import AskingHyperParameters, Ranged
from autoopt.records import Objective, Trial
from autoopt.search.parent import parent
from autoopt.search.portfolio import Point, wanted
from autoopt.storage import Journal, positioned, quiet, unpositioned

SAMPLING = 2
"""Place in the tree of seeds: proposals."""

AHEAD = 3
"""How many trials wait while one trains: a program takes several small trials to trace and compile."""

RANDOM_TRIALS = 8
"""How many proposals are changes of their parent, before the sampler's own model is used."""

KEPT_SHARE = 0.5
"""How many of its values such a proposal keeps from its parent, on average."""


SETTINGS_A_STRUCTURE = 8
"""Of so many proposals one changes what has to be compiled; the others keep their parent's program."""

SETTINGS_AT_FIRST = 2
"""The same for the first `RANDOM_TRIALS` proposals: which structures are worth it is not known yet."""

STRUCTURE = "structure/"

DRAWS = 30
"""How often a place is drawn for before nothing within the constraints is expected any more."""

PATIENCE = 1_000
"""The same for a sampler or an oracle of the user's: it draws as it draws."""

COMPILED = (
    STRUCTURE, "optimizer/name", "optimizer/use_ema", "optimizer/global_clipnorm", "regularization/dropout",
    "regularization/spatial_dropout", "regularization/max_norm", "augmentation/",
)  # fmt: skip
"""What the names of hyperparameters begin with that decide on the program."""

SHAPELESS = ("initialization/", "regularization/", "augmentation/", "optimizer/", "batch_size")
"""What they begin with where a value changes no shape of the model: all but structure and the user's own."""

TOGETHER = "optimizer/"
"""What they begin with where a value suits the others alone: a learning rate belongs to its algorithm."""


def tpe(seed: int) -> optuna.samplers.BaseSampler:
    """Return the default sampler: grouped TPE, over all dimensions of a group at once."""
    return optuna.samplers.TPESampler(
        seed=seed, multivariate=True, group=True, n_startup_trials=RANDOM_TRIALS, constant_liar=False
    )


class OptunaOracle(keras_tuner.Oracle):  # type: ignore[misc]
    """An oracle for `autoopt.tune` and for KerasTuner's tuners; called from one thread.

    The first trial takes every default: the user's own model.

    Args:
        objective: What is compared: a `keras_tuner.Objective`, or a metric name that KerasTuner knows.
        max_trials: Most trials, None for no end.
        seed: Where proposals come from; each depends on (seed, place) and the finished trials alone.
        journal: Where trials are kept; None keeps them in memory.
        sampler: An Optuna sampler used as it is; None takes grouped TPE, seeded anew for each trial.
        start: Points to try first, as in `autoopt.search.portfolio`; their values are taken as they are.
        usual: Points to try after these, as far as they lie in the ranges of what they name.
        examples: How many examples validate: how far a difference between scores can be trusted.
        ahead: How many trials are proposed while one trains. What they start from does not depend on whether
            those before them have ended meanwhile, so that a run that goes on proposes what it would have.
        others: What is compared beside the objective: proposals start from any trial of the front then.
    """

    def __init__(
        self,
        objective: Any = None,
        max_trials: int | None = None,
        seed: int | None = None,
        journal: Journal | None = None,
        sampler: optuna.samplers.BaseSampler | None = None,
        start: Sequence[Point] = (),
        usual: Sequence[Point] = (),
        examples: int | None = None,
        ahead: int = 0,
        others: Sequence[Objective] = (),
    ) -> None:
        seed = seeding.checked(seed)
        # KerasTuner takes 0 for no seed, and draws one from Python's generator.
        super().__init__(
            objective=objective, max_trials=max_trials, seed=seed or 1, max_consecutive_failed_trials=10**9
        )
        self.seed = seed
        self._compared = Objective(self.objective.name, self.objective.direction)
        self._examples = examples
        self.ahead = ahead
        self._others = tuple(others)
        self._journal = journal or Journal(None, self._compared, others=self._others)
        self._given_sampler = sampler
        self._start, self._named = [{}, *start, *usual], 1 + len(start)
        self._parents: dict[int, Trial] = {}
        self._parent: Mapping[str, Any] = {}
        self._places: Mapping[str, float] = {}
        self._held: Mapping[str, Any] = {}
        self._changed: str | None = None
        self._refused: dict[int, int] = {}
        self.draws = DRAWS if sampler is None else PATIENCE
        if sampler is not None:
            self._journal.use(sampler)
        self.verbose = 0
        self._finished = {trial.number: trial for trial in self._journal.trials()}
        for number, earlier in self._finished.items():
            self.trials[str(number)] = finished(earlier)
        self._taken_back = [each for each in range(self._journal.opened) if each not in self._finished]
        for number in self._taken_back:  # KerasTuner numbers trials by counting them
            self.trials[str(number)] = TunerTrial(keras_tuner.HyperParameters(), str(number), "INVALID")

    def create_trial(self, tuner_id: str) -> TunerTrial:
        """Begin a trial whose hyperparameters are asked of the sampler as they are needed."""
        trial = super().create_trial(tuner_id)
        if trial.status == "RUNNING" and not isinstance(trial.hyperparameters, AskingHyperParameters):
            number = int(trial.trial_id)
            trial.hyperparameters = AskingHyperParameters(lambda hp: self._ask(number, hp))
        return trial

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Open the trial; its values come when a build asks for them."""
        number = int(trial_id)
        place = self._place(number)
        before = [
            trial
            for number, trial in self._finished.items()
            if self._place(number) < place - self.ahead and not trial.excess
        ]
        found = self._parent_of(place, before)
        if found is not None:
            self._parents[number] = found
        self._parent = {} if found is None else found.hyperparameters
        self._places = {} if found is None else self._journal.positions(found.number)
        self._held, self._changed = self._held_of_the_parent(place), self._changed_of_the_parent(place)
        if self._given_sampler is None:
            with quiet():
                own = tpe(seeding.derive(self.seed, place, SAMPLING, *self._draw(place)))
                self._journal.use(optuna.samplers.PartialFixedSampler(self._fixed(), own))
        opened = self._journal.open(guided=place < len(self._start) or self._changes_the_parent(place))
        if opened != number:
            raise RuntimeError(f"The journal is at trial {opened}, the oracle at trial {number}.")
        return {"status": "RUNNING", "values": {}}

    def refuse(self, trial: TunerTrial) -> None:
        """Take back a proposal that costs too much; the next one is another, drawn for the same place."""
        number = int(trial.trial_id)
        place = self._place(number)
        self._refused[place] = (self._refused.get(place, 0) + 1) % self.draws
        self._journal.drop(number)
        self._taken_back.append(number)
        trial.status = "FAILED"
        super().end_trial(trial)

    def end_trial(self, trial: TunerTrial) -> None:
        """Tell the journal, where whoever ran the trial has not told it more already."""
        super().end_trial(trial)
        ended = self.trials[trial.trial_id]
        done = ended.status == "COMPLETED"
        self._journal.close(
            Trial(
                number=int(ended.trial_id),
                status="completed" if done else "failed",
                score=ended.score if done else None,
                hyperparameters=dict(trial.hyperparameters.values),
                history={}, best_epoch=ended.best_step, started=0.0, finished=0.0, error=ended.message,
            )
        )  # fmt: skip
        self._finished[int(ended.trial_id)] = self._journal.trial(int(ended.trial_id))

    def parent_of(self, number: int) -> Trial | None:
        """Return the trial that a proposal was made from, None where there was none yet."""
        return self._parents.get(number)

    def save(self) -> None:
        """Write nothing: the journal holds every trial."""

    def _save_trial(self, trial: TunerTrial) -> None:
        """Write nothing: the journal holds every trial."""

    def _record_values(self, trial: TunerTrial) -> None:
        """Remember no hashes: the journal holds every trial."""

    def _ask(self, number: int, hp: Any) -> Any:
        place = self._place(number)
        draw = self._draw(place)
        if place < len(self._start) and (not draw or hp.name.startswith(SHAPELESS)):
            value = wanted(self._start[place], hp)
            if isinstance(hp, Ranged) and place >= self._named:
                value = min(max(value, hp.low), hp.high)
            return self._journal.suggest(number, hp, wanted=value)
        if self._changes_the_parent(place):
            # Changing every value of a good model at once nearly always makes it worse.
            chance = random.Random(" ".join(map(str, (self.seed, place, hp.name, *draw))))
            if draw and not self._parent and chance.random() < draw[0] / (DRAWS - 1):
                return self._journal.suggest(number, hp, wanted=smallest(hp))
            kept = self._kept(hp)
            if hp.name == self._changed:
                return self._journal.suggest(number, hp, wanted=another(hp, kept, chance))
            kept_from = self._parent or not is_own(hp.name)  # a default of the user's own says little
            stays = hp.name in self._held or (chance.random() < KEPT_SHARE and kept_from)
            return self._journal.suggest(number, hp, wanted=kept if stays else None)
        held = isinstance(hp, Ranged) and hp.name in self._held
        return self._journal.suggest(number, hp, wanted=self._kept(hp) if held else None)

    def _parent_of(self, place: int, before: Sequence[Trial]) -> Trial | None:
        """Return the best trial, by the rule of `parent`; of several objectives any one of the front."""
        if not self._others:
            return parent(before, self._compared, self._examples)
        found = front(before, (self._compared, *self._others))
        return random.Random(f"{self.seed} {place} front").choice(found) if found else None

    def _kept(self, hp: Any) -> Any:
        """Return the parent's value; where its range is another one now, the same place in it."""
        value = self._parent.get(hp.name, hp.default)
        if not isinstance(hp, Ranged):
            return value
        place, within = self._places.get(positioned(hp)), hp.low <= value <= hp.high
        if place is None:
            return value if within else hp.default
        # To the last bit where the range is the parent's: another rate would be another training.
        return value if within and math.isclose(hp.position(value), place, abs_tol=1e-9) else hp.at(place)

    def _fixed(self) -> dict[str, Any]:
        """Return what is held of the parent as a sampler knows it."""
        places = {name: at for name, at in self._places.items() if unpositioned(name) in self._held}
        return {**self._held, **places}

    def _draw(self, place: int) -> tuple[int, ...]:
        """Return how many draws of a place were refused; empty, so that nothing is drawn otherwise, for none."""
        refused = self._refused.get(place, 0)
        return (refused,) if refused else ()

    def _is_last_draw(self, place: int) -> bool:
        """Whether the search ends where this draw of a place is refused, too."""
        return self._given_sampler is None and self._draw(place) == (DRAWS - 1,)

    def _changes_the_parent(self, place: int) -> bool:
        """Whether the values of a place are asked for one by one, and some of them kept from the parent."""
        early = place < len(self._start) + RANDOM_TRIALS
        # As long as nothing is known to fit, the sampler's model has nothing to go by.
        return self._given_sampler is None and (early or bool(self._draw(place) and not self._parent))

    def _changed_of_the_parent(self, place: int) -> str | None:
        """Return the name whose value a proposal of another structure changes in any case, each in its turn."""
        if self._is_last_draw(place):
            return None
        if self._parent and all(map(is_own, self._parent)):
            return sorted(self._parent)[(place + self.seed) % len(self._parent)]
        turn, rest = divmod(place - len(self._start), SETTINGS_AT_FIRST)
        names = sorted(name for name in self._parent if name.startswith(STRUCTURE))
        return names[(turn + self.seed) % len(names)] if names and not rest else None

    def _place(self, number: int) -> int:
        """Return the place of a trial among those that were not taken back before they were trained."""
        return number - bisect.bisect_left(self._taken_back, number)

    def _held_of_the_parent(self, place: int) -> Mapping[str, Any]:
        """Return the values that a proposal takes from its parent: its program, or else its settings.

        So a new structure is judged by settings that are known to be good, and then has settings of its own
        searched where it is better.
        """
        after_start = place - len(self._start)
        if self._is_last_draw(place):
            # Nothing else fits: the parent's model, which does, with other settings.
            return {
                name: value
                for name, value in self._parent.items()
                if name == "batch_size" or name.startswith(COMPILED) or not name.startswith(SHAPELESS)
            }
        if self._given_sampler is not None or after_start < 0 or all(map(is_own, self._parent)):
            return {}
        # A front of costs is one of structures: `python -m benchmarks pareto`.
        often = after_start < RANDOM_TRIALS or self._others
        every = SETTINGS_AT_FIRST if often else SETTINGS_A_STRUCTURE
        if after_start % every:
            return {name: value for name, value in self._parent.items() if name.startswith(COMPILED)}
        together = random.Random(f"{self.seed} {place} {TOGETHER}").random() < KEPT_SHARE
        return {
            name: value
            for name, value in self._parent.items()
            if (together if name.startswith(TOGETHER) else not name.startswith(COMPILED))
        }


def is_own(name: str) -> bool:
    """Whether a hyperparameter is one that the user's own code asks for."""
    return not name.startswith((STRUCTURE, *SHAPELESS))


def another(hp: Any, value: Any, chance: random.Random) -> Any:
    """Return a value of a hyperparameter other than one, None where that is left to the sampler."""
    if isinstance(hp, kinds.Choice):
        others = [each for each in hp.values if each != value]
    elif isinstance(hp, kinds.Boolean):
        return not value
    elif isinstance(hp, kinds.Int) and hp.sampling in (None, "linear"):
        others = [each for each in range(hp.min_value, hp.max_value + 1, hp.step or 1) if each != value]
    else:
        return None
    return chance.choice(others) if others else None


def smallest(hp: Any) -> Any:
    """Return the least value of a hyperparameter that may shape the model, None where there is no such value."""
    if hp.name.startswith(SHAPELESS):
        return None
    if isinstance(hp, kinds.Choice):
        numbers = all(isinstance(each, int | float) for each in hp.values)
        return min(hp.values) if numbers else None
    return hp.min_value if isinstance(hp, kinds.Int) else None


def finished(trial: Trial) -> TunerTrial:
    """Return an earlier trial as KerasTuner keeps one."""
    hp = keras_tuner.HyperParameters()
    hp.values = dict(trial.hyperparameters)
    kept = TunerTrial(
        hp, str(trial.number), "FAILED" if trial.status == "failed" else "COMPLETED", trial.error
    )
    kept.score = None if trial.status == "failed" else trial.score
    kept.best_step = trial.best_epoch or 0
    return kept
