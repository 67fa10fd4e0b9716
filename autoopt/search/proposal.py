"""Proposal: where the values of one trial come from: a starting point, changes of a parent, or a sampler's model.

Changing every value of a good model at once makes most worse. So a proposal changes what is compiled or settings, not
both: a new structure is judged by settings that are known to be good, and has its own searched where it is better.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from keras_tuner.engine import hyperparameters as kinds

from autoopt.hyperparameters import Ranged
from autoopt.search.portfolio import Point, wanted
from autoopt.storage import positioned, unpositioned

KEPT_SHARE = 0.5
"""How many of its values an early proposal keeps from its parent, on average."""

DRAWS = 30
"""How often a place is drawn for before nothing within the constraints is expected any more."""

STRUCTURE = "structure/"

COMPILED = (
    STRUCTURE, "optimizer/name", "optimizer/use_ema", "optimizer/global_clipnorm", "regularization/dropout",
    "regularization/spatial_dropout", "regularization/max_norm", "augmentation/",
)  # fmt: skip
"""What the names of hyperparameters begin with that decide on the program."""

SHAPELESS = ("initialization/", "regularization/", "augmentation/", "optimizer/", "batch_size")
"""What they begin with where a value changes no shape of the model: all but structure and the user's own."""

TOGETHER = "optimizer/"
"""What they begin with where a value suits the others alone: a learning rate belongs to its algorithm."""

Changes = Literal["structure", "settings", "last"]
"""What a proposal may change of its parent; the last draw of a place changes no shape, as all before were refused."""


@dataclass(frozen=True)
class Proposal:
    """What decides on the values of one place.

    Attributes:
        seed: The search's.
        place: Position among the trials that were not taken back.
        refused: How many draws of this place were refused.
        changes: What it may change of its parent; None leaves all to the sampler.
        turn: Which turn of changing a structure it is; None where no name has to change.
        point: The starting point of this place, None where it has none.
        exact: Whether that point's values are taken as they are, and not moved into their ranges.
        early: Whether its values are asked for one by one, some of them kept from the parent.
        parent: Values that it is made from; empty where there is no parent.
        positions: Where those values lie in ranges that depend on others.
    """

    seed: int
    place: int
    refused: int = 0
    changes: Changes | None = None
    turn: int | None = None
    point: Point | None = None
    exact: bool = False
    early: bool = False
    parent: Mapping[str, Any] = field(default_factory=dict)
    positions: Mapping[str, float] = field(default_factory=dict)

    @property
    def draw(self) -> tuple[int, ...]:
        """How many draws of its place were refused; empty, so that nothing is drawn otherwise, for none."""
        return (self.refused,) if self.refused else ()

    @property
    def of_the_users_own(self) -> bool:
        """Whether its parent has hyperparameters of the user's own alone, or there is none."""
        return all(map(is_own, self.parent))

    @cached_property
    def held(self) -> Mapping[str, Any]:
        """The values that it takes from its parent: its program, or else its settings."""
        if self.changes == "last":  # the parent's model, which fits, with other settings
            return self._of_the_parent(
                lambda name: (
                    name == "batch_size" or name.startswith(COMPILED) or not name.startswith(SHAPELESS)
                )
            )
        if self.changes is None or self.of_the_users_own:
            return {}
        if self.changes == "settings":
            return self._of_the_parent(lambda name: name.startswith(COMPILED))
        together = random.Random(f"{self.seed} {self.place} {TOGETHER}").random() < KEPT_SHARE
        return self._of_the_parent(
            lambda name: together if name.startswith(TOGETHER) else not name.startswith(COMPILED)
        )

    @cached_property
    def changed(self) -> str | None:
        """The name whose value another structure changes in any case, each in its turn."""
        if self.changes == "last":
            return None
        if self.parent and self.of_the_users_own:
            return sorted(self.parent)[(self.place + self.seed) % len(self.parent)]
        names = sorted(name for name in self.parent if name.startswith(STRUCTURE))
        return names[(self.turn + self.seed) % len(names)] if names and self.turn is not None else None

    @property
    def fixed(self) -> Mapping[str, Any]:
        """What is held of the parent as a sampler knows it."""
        places = {name: at for name, at in self.positions.items() if unpositioned(name) in self.held}
        return {**self.held, **places}

    def chance(self, name: str) -> random.Random:
        """Return where what is drawn for a name comes from."""
        return random.Random(" ".join(map(str, (self.seed, self.place, name, *self.draw))))

    def value(self, hp: Any) -> Any:
        """Return the value that a hyperparameter is to have, None where that is left to the sampler."""
        if self.point is not None and (not self.refused or hp.name.startswith(SHAPELESS)):
            value = wanted(self.point, hp)
            return value if self.exact or not isinstance(hp, Ranged) else min(max(value, hp.low), hp.high)
        if self.early:
            return self._kept_or_changed(hp)
        return self._kept(hp) if isinstance(hp, Ranged) and hp.name in self.held else None

    def _kept_or_changed(self, hp: Any) -> Any:
        chance = self.chance(hp.name)
        if self.refused and not self.parent and chance.random() < self.refused / (DRAWS - 1):
            return smallest(hp)
        kept = self._kept(hp)
        if hp.name == self.changed:
            return another(hp, kept, chance)
        kept_from = self.parent or not is_own(hp.name)  # a default of the user's own says little
        stays = hp.name in self.held or (chance.random() < KEPT_SHARE and kept_from)
        return kept if stays else None

    def _kept(self, hp: Any) -> Any:
        """Return the parent's value; where its range is another one now, the same place in it."""
        value = self.parent.get(hp.name, hp.default)
        if not isinstance(hp, Ranged):
            return value
        place, within = self.positions.get(positioned(hp)), hp.low <= value <= hp.high
        if place is None:
            return value if within else hp.default
        # To the last bit where the range is the parent's: another rate would be another training.
        return value if within and math.isclose(hp.position(value), place, abs_tol=1e-9) else hp.at(place)

    def _of_the_parent(self, holds: Any) -> Mapping[str, Any]:
        return {name: value for name, value in self.parent.items() if holds(name)}


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


def drawn(hp: Any, left: Sequence[Any], chance: random.Random) -> Any:
    """Return one of the values that are left; where they cannot be listed, any value of the range."""
    if left:
        return chance.choice(left)
    return hp.at(chance.random()) if isinstance(hp, Ranged) else hp.random_sample(chance.getrandbits(31))


def smallest(hp: Any) -> Any:
    """Return the least value of a hyperparameter that may shape the model, None where there is no such value."""
    if hp.name.startswith(SHAPELESS):
        return None
    if isinstance(hp, kinds.Choice):
        numbers = all(isinstance(each, int | float) for each in hp.values)
        return min(hp.values) if numbers else None
    return hp.min_value if isinstance(hp, kinds.Int) else None
