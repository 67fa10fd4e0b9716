"""Proposers: how the driver asks an oracle, ours or one of KerasTuner's, for a trial, and how a proposal is taken back."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras_tuner
from keras_tuner.engine.trial import Trial as TunerTrial

from autoopt.hyperparameters import AskingHyperParameters, Ranged
from autoopt.search.explored import Explored
from autoopt.search.foreign import own_values
from autoopt.search.oracle import AHEAD, PATIENCE, OptunaOracle
from autoopt.search_options import promotes
from autoopt.storage import Journal, options


@dataclass(frozen=True)
class Opened:
    """A trial that has been opened: its values come when a build asks for them.

    Attributes:
        proposal: The oracle's.
        hp: Asks for the values.
        number: In the journal.
    """

    proposal: TunerTrial
    hp: keras_tuner.HyperParameters
    number: int

    @property
    def own(self) -> Mapping[str, Any]:
        """What the oracle sets for its own use."""
        return own_values(self.proposal.hyperparameters.values)

    @property
    def values(self) -> dict[str, Any]:
        """The values that were asked for."""
        return {name: value for name, value in self.hp.values.items() if name not in self.own}


class Proposer(ABC):
    """Asks one oracle. Called from one thread.

    Attributes:
        ahead: How many trials it proposes while one trains.
        waiting: How many it proposes beside those that run, where several run at once.
        draws: How often it is asked for one trial before nothing more is expected.
        draws_again: Whether a proposal that has been tried is refused.
    """

    ahead: int = 0
    waiting: int = 0
    draws: int = PATIENCE
    draws_again: bool = False

    @abstractmethod
    def open(self, tuner_id: str) -> Opened | str:
        """Open the next trial; or return why there is none."""

    @abstractmethod
    def drawn(self, opened: Opened) -> None:
        """Take note that a trial has been asked for all its values, and stays."""

    @abstractmethod
    def refuse(self, opened: Opened, why: str) -> None:
        """Take back a proposal: it is no trial."""

    @abstractmethod
    def origin(self, number: int) -> int | None:
        """Return the number of the trial that a proposal was made from."""


class OwnProposer(Proposer):
    """Asks our oracle, which keeps the journal itself."""

    def __init__(self, oracle: OptunaOracle) -> None:
        self._oracle = oracle
        self.ahead, self.draws, self.draws_again = oracle.ahead, oracle.draws, oracle.draws_again
        # A sampler of the user's may learn from each trial.
        self.waiting = AHEAD if oracle.draws_again else 1

    def open(self, tuner_id: str) -> Opened | str:
        """Ask; our oracle says why it has no more."""
        proposal = self._oracle.create_trial(tuner_id)
        if proposal.status == "STOPPED":
            return self._oracle.exhausted or "the oracle has nothing more to propose"
        return Opened(proposal, proposal.hyperparameters, int(proposal.trial_id))

    def drawn(self, opened: Opened) -> None:
        """Do nothing: each value is in the journal since it was asked for."""

    def refuse(self, opened: Opened, why: str) -> None:
        """Have the place drawn for again."""
        self._oracle.refuse(opened.proposal)

    def origin(self, number: int) -> int | None:
        """Return the parent's number."""
        found = self._oracle.parent_of(number)
        return None if found is None else found.number


class ForeignProposer(Proposer):
    """Asks an oracle of KerasTuner's, and enters what it proposes into the journal.

    Args:
        oracle: Any but ours.
        journal: Where trials are kept.
        grows: Whether more may be asked for than is known: then no space is said to be exhausted.
    """

    def __init__(self, oracle: keras_tuner.Oracle, journal: Journal, grows: bool) -> None:
        self._oracle, self._journal = oracle, journal
        self._explored = Explored()
        # What it promotes goes on although its point has been proposed.
        self._ends = not grows and not promotes(oracle)

    def open(self, tuner_id: str) -> Opened | str:
        """Ask, unless every point has been proposed."""
        told = self._explored.told()
        if told is not None and self._ends:
            return told
        proposal = self._oracle.create_trial(tuner_id)
        if proposal.status == "STOPPED":
            return told or "the oracle has nothing more to propose"
        if proposal.status == "IDLE":
            return "the oracle waits for a trial that is not running"
        given, number = proposal.hyperparameters.values, self._journal.open(guided=True)
        values: Mapping[str, Any] = given if number else {}  # trial 0 is the user's model, whoever proposes
        hp = AskingHyperParameters(lambda definition: self._answered(values, definition))
        hp.values.update(own_values(given))
        return Opened(proposal, hp, number)

    def drawn(self, opened: Opened) -> None:
        """Enter the values into the journal."""
        self._explored.end()
        for definition in opened.hp.space:
            if definition.name in opened.hp.values and opened.hp.is_active(definition):
                self._journal.suggest(opened.number, definition, wanted=opened.hp.values[definition.name])

    def refuse(self, opened: Opened, why: str) -> None:
        """Tell the oracle that the trial failed."""
        self._explored.end()
        self._journal.drop(opened.number)
        opened.proposal.status, opened.proposal.message = "FAILED", why
        self._oracle.end_trial(opened.proposal)

    def origin(self, number: int) -> int | None:
        """Return None: it does not say."""
        return None

    def _answered(self, values: Mapping[str, Any], definition: Any) -> Any:
        """Return what was proposed for a hyperparameter, its default where that is nothing."""
        value = values.get(definition.name, definition.default)
        value = definition.taken(value) if isinstance(definition, Ranged) else value
        self._explored.ask(options(definition))
        self._explored.answer(value)
        return value


def proposer_of(oracle: keras_tuner.Oracle, journal: Journal, grows: bool) -> Proposer:
    """Return how an oracle is asked.

    Args:
        oracle: Ours, or any of KerasTuner's.
        journal: Where trials are kept.
        grows: Whether a `fit` of the user's own may ask for more than is known.
    """
    return (
        OwnProposer(oracle) if isinstance(oracle, OptunaOracle) else ForeignProposer(oracle, journal, grows)
    )
