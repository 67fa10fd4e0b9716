"""OptunaOracle: KerasTuner's interface, Optuna's sampling. Values are asked for one by one, as a build asks.

The default sampler is TPE over all dimensions at once, in groups of those that are active together
(Bergstra et al. 2011; Falkner et al. 2018).
"""

import bisect
import random
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import keras_tuner
import optuna
from keras_tuner.engine.trial import Trial as TunerTrial

from autoopt import seeding
from autoopt.front import front
from autoopt.hyperparameters import AskingHyperParameters
from autoopt.records import Objective, Trial
from autoopt.search.densities import Densities, DensitySampler
from autoopt.search.explored import Explored
from autoopt.search.grouped import GroupedSampler, Groups
from autoopt.search.lessons import Lessons
from autoopt.search.order import Order
from autoopt.search.parent import parent
from autoopt.search.portfolio import Point
from autoopt.search.proposal import COMPILED, DRAWS, Changes, Proposal, drawn
from autoopt.storage import Journal, options, quiet

AHEAD = 3
"""How many trials wait while one trains: a program takes several small trials to trace and compile."""

RANDOM_TRIALS = 8
"""How many proposals are changes of their parent, before the sampler's own model is used."""

SETTINGS_AT_FIRST = 2
"""Of so many of the first `RANDOM_TRIALS` proposals one changes what has to be compiled; then `Order` decides."""

SMALL = 1_000
"""A space of at most so many points is small: it is walked value by value, so that none is missed."""

REPEATS = 3
"""So many draws of a place may have been tried before it is drawn as in a small space."""

PATIENCE = 1_000
"""How often a place is drawn for where a sampler or an oracle of the user's draws: it draws as it draws."""


class OptunaOracle(keras_tuner.Oracle):  # type: ignore[misc]
    """An oracle for `autoopt.tune` and for KerasTuner's tuners; called from one thread.

    The first trial takes every default: the user's own model.

    Args:
        objective: What is compared: a `keras_tuner.Objective`, or a metric name that KerasTuner knows.
        max_trials: Most trials, None for no end.
        seed: Where proposals come from; each depends on (seed, place) and the finished trials alone, of several
            `workers` also on those that run.
        journal: Where trials are kept; None keeps them in memory.
        sampler: An Optuna sampler used as it is; None takes grouped TPE, seeded anew for each trial.
        start: Points to try first, as in `autoopt.search.portfolio`; their values are taken as they are.
        usual: Points to try after these, as far as they lie in the ranges of what they name.
        examples: How many examples validate: how far a difference between scores can be trusted.
        space: The whole space, by which a run that goes on knows what has been tried of it.
        program: What it costs to compile a structure, in the unit of `Trial.price`.
        ahead: How many trials are proposed while one trains. What they start from does not depend on whether
            those before them have ended meanwhile, so that a run that goes on proposes what it would have.
        others: What is compared beside the objective: proposals start from any trial of the front then.
        workers: How many trials run at once: of several those that run count to the sampler as no good, so that what is
            proposed meanwhile lies elsewhere.
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
        space: keras_tuner.HyperParameters | None = None,
        program: float = 0.0,
        others: Sequence[Objective] = (),
        workers: int = 1,
    ) -> None:
        seed = seeding.checked(seed)
        # KerasTuner takes 0 for no seed, and draws one from Python's generator.
        super().__init__(
            objective=objective, max_trials=max_trials, seed=seed or 1, max_consecutive_failed_trials=10**9
        )
        self.seed = seed
        self._compared = Objective(self.objective.name, self.objective.direction)
        self._examples = examples
        self._order = Order(self._compared, examples, program, lambda name: name.startswith(COMPILED))
        self.ahead = ahead
        self._others, self._workers = tuple(others), workers
        self._groups, self._lessons = Groups(), Lessons()
        self._densities = Densities(self._compared.direction)
        self._journal = journal or Journal(None, self._compared, others=self._others)
        self._given_sampler = sampler
        self._start, self._named = [{}, *start, *usual], 1 + len(start)
        self._parents: dict[int, Trial] = {}
        self._proposal = Proposal(seed, 0)
        self._refused: dict[int, int] = {}
        self.draws = DRAWS if sampler is None else PATIENCE
        if sampler is not None:
            self._journal.use(sampler)
        self.verbose = 0
        self._finished = {trial.number: trial for trial in self._journal.trials()}
        for number, earlier in self._finished.items():
            self.trials[str(number)] = finished(earlier)
        self._explored, self._space = Explored(), space or keras_tuner.HyperParameters()
        self._walks = False
        dropped = self._journal.dropped()
        self._taken_back = sorted(dropped)
        self._dropped_before = set(dropped)
        for number in sorted(number for number, refused in dropped.items() if refused):
            self._count_refusal(self._place(number))

    def create_trial(self, tuner_id: str) -> TunerTrial:
        """Begin a trial whose hyperparameters are asked of the sampler as they are needed."""
        later = self._make_way(self._journal.following)
        trial = super().create_trial(tuner_id)
        self.trials |= later
        if trial.status == "RUNNING" and not isinstance(trial.hyperparameters, AskingHyperParameters):
            number = int(trial.trial_id)
            trial.hyperparameters = AskingHyperParameters(lambda hp: self._ask(number, hp))
        return trial

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Open the trial, unless all have been tried; its values come when a build asks for them."""
        self._end_walk()
        if self._space is not None:
            tried = [trial.hyperparameters for trial in self._finished.values()]
            self._explored, self._space = Explored(tried, _listed(self._space)), None
        if self.exhausted is not None:
            return {"status": "STOPPED", "values": {}}
        number, self._walks = int(trial_id), True
        self._proposal = proposal = self._made(number)
        if self._given_sampler is None:
            with quiet():
                seed = seeding.derive(self.seed, proposal.place, seeding.SAMPLING, *proposal.draw)
                own = GroupedSampler(self._tpe(seed, number), self._groups, self._lessons)
                self._journal.use(optuna.samplers.PartialFixedSampler(dict(proposal.fixed), own))
        guided = proposal.point is not None or proposal.early or self._by_value
        opened = self._journal.open(guided=guided)
        if opened != number:
            raise RuntimeError(f"The journal is at trial {opened}, the oracle at trial {number}.")
        return {"status": "RUNNING", "values": {}}

    def _tpe(self, seed: int, number: int) -> optuna.samplers.BaseSampler:
        """Return the sampler of one trial: TPE over all dimensions of a group at once."""
        if self._others:
            return optuna.samplers.TPESampler(
                seed=seed, multivariate=True, n_startup_trials=RANDOM_TRIALS, constant_liar=False
            )
        beside = cache(lambda: self._journal.running(number) if self._workers > 1 else {})
        return DensitySampler(self._densities, seed, RANDOM_TRIALS, beside)

    @property
    def exhausted(self) -> str | None:
        """Why nothing more is proposed, None where there is something left."""
        if (told := self._explored.told()) is not None:
            return told
        return "the sampler has nothing more to propose" if self._journal.over else None

    def reopen(self, space: keras_tuner.HyperParameters) -> None:
        """Have more searched than was known: what has been tried leaves something to try.

        Args:
            space: The whole space now.
        """
        self._space = space

    @property
    def draws_again(self) -> bool:
        """Whether a proposal that has been tried is refused; a sampler of the user's proposes what it proposes."""
        return self._given_sampler is None

    def refuse(self, trial: TunerTrial) -> None:
        """Take back a proposal that costs too much or has been tried; the next is another, drawn for the same place."""
        number = int(trial.trial_id)
        self._count_refusal(self._place(number))
        self._journal.drop(number, refused=True)
        bisect.insort(self._taken_back, number)
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

    def _made(self, number: int) -> Proposal:
        """Return what decides on the values of a trial, and remember its parent."""
        place = self._place(number)
        before = [
            trial
            for number, trial in self._finished.items()
            if self._place(number) < place - self.ahead and not trial.excess
        ]
        found = self._parent_of(place, before)
        if found is not None:
            self._parents[number] = found
        after_start, refused = place - len(self._start), self._refused.get(place, 0)
        early = after_start < RANDOM_TRIALS or bool(
            refused and found is None
        )  # a model needs something that fits
        turn, rest = divmod(after_start, SETTINGS_AT_FIRST)
        return Proposal(
            self.seed, place, refused, self._changes(after_start, refused, before, found),
            turn=None if rest else turn,
            point=self._start[place] if after_start < 0 else None,
            exact=place < self._named,
            early=early and self._given_sampler is None,
            parent={} if found is None else found.hyperparameters,
            positions={} if found is None else self._journal.positions(found.number),
        )  # fmt: skip

    def _parent_of(self, place: int, before: Sequence[Trial]) -> Trial | None:
        """Return the best trial, by the rule of `parent`; of several objectives any one of the front."""
        if not self._others:
            return parent(before, self._compared, self._examples)
        found = front(before, (self._compared, *self._others))
        return random.Random(f"{self.seed} {place} front").choice(found) if found else None

    def _changes(
        self, after_start: int, refused: int, before: Sequence[Trial], found: Trial | None
    ) -> Changes | None:
        """Return what a proposal may change of its parent."""
        if self._given_sampler is not None:
            return None
        if refused == DRAWS - 1:
            return "last"
        if after_start < 0 or found is None:
            return None
        # Which structures are worth it is not known yet; a front of costs is one of structures: `benchmarks pareto`.
        if after_start < RANDOM_TRIALS or self._others:
            return "settings" if after_start % SETTINGS_AT_FIRST else "structure"
        return "structure" if self._order.wants_structure(before, found) else "settings"

    def _ask(self, number: int, hp: Any) -> Any:
        self._explored.ask(options(hp))
        wanted = self._proposal.value(hp)
        if not self._proposal.exact or self._proposal.refused:
            wanted = self._untried(hp, wanted)
        value = self._journal.suggest(number, hp, wanted=wanted)
        self._explored.answer(value)
        return value

    def _untried(self, hp: Any, value: Any) -> Any:
        """Return a value behind which something is left to try: the one that was to be taken, if it is one."""
        if self._given_sampler is not None or not (self._by_value or value is not None):
            return value
        closed = value is not None and self._explored.is_closed(value)
        left = self._explored.open()
        if closed or (value is None and 0 < len(left) < len(options(hp) or ())):
            return drawn(hp, left, self._proposal.chance(hp.name))
        return value

    @property
    def _by_value(self) -> bool:
        """Whether values are asked for one by one, so that none is taken that leads nowhere new."""
        small = self._explored.size <= SMALL or self._proposal.refused >= REPEATS
        return self._given_sampler is None and small

    def _end_walk(self) -> None:
        """Note the point that was asked for last."""
        if self._walks:
            self._explored.end()
            self._walks = False

    def _make_way(self, number: int) -> Mapping[str, TunerTrial]:
        """Have KerasTuner, which numbers trials by counting them, come to a number.

        Several trials may have been interrupted at once, and later ones may have ended.

        Returns:
            The later ones, which do not count meanwhile.
        """
        for dropped in [each for each in self._dropped_before if each < number]:
            self._dropped_before.remove(dropped)
            self.trials[str(dropped)] = TunerTrial(keras_tuner.HyperParameters(), str(dropped), "INVALID")
        later = [each for each in self.trials if int(each) > number] if self._journal.interrupted else []
        return {each: self.trials.pop(each) for each in later}

    def _count_refusal(self, place: int) -> None:
        self._refused[place] = (self._refused.get(place, 0) + 1) % self.draws

    def _place(self, number: int) -> int:
        """Return the place of a trial among those that were not taken back before they were trained."""
        return number - bisect.bisect_left(self._taken_back, number)


def _listed(space: keras_tuner.HyperParameters | None) -> Mapping[str, Sequence[Any] | None]:
    """Return what each name of a space may be, None where that depends on others or cannot be listed."""
    found: dict[str, Sequence[Any] | None] = {}
    for hp in () if space is None else space.space:
        known = options(hp)
        found[hp.name] = known if found.get(hp.name, known) == known else None
    return found


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
