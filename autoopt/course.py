"""Course: how a winner was trained, as plain data: what a script of it has to say beside its model."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from autoopt.recipe import Recipe
from autoopt.schedules import Schedule


@dataclass(frozen=True)
class Course:
    """How a trial was trained.

    Attributes:
        recipe: What differs from the user's model.
        batch_size: Examples a step; None where that is not known.
        epochs: As many as it took to its best one.
        horizon: Epochs after which its schedule ends.
        validation_share: Part of the examples that validates.
        schedule: Of its learning rate; None where the optimizer has one of the user's.
        class_weight: Class to weight, or None.
        biases: Layer to where its bias starts, of those that do not start as written.
        pretrained: Names of parts that started from loaded weights.
        time_order: Whether the last rows validate.
        asides: What a script does not repeat, one sentence each.
    """

    recipe: Recipe = field(default_factory=Recipe)
    batch_size: int | None = None
    epochs: int = 1
    horizon: int = 1
    validation_share: float = 0.2
    schedule: Schedule | None = None
    class_weight: Mapping[int, float] | None = None
    biases: Mapping[str, Sequence[float]] = field(default_factory=dict)
    pretrained: Sequence[str] = ()
    time_order: bool = False
    asides: Sequence[str] = ()

    def told(self) -> dict[str, Any]:
        """Return it as plain data, which `of` reads."""
        schedule = None if self.schedule is None else asdict(self.schedule)
        return {**vars(self), "recipe": json.loads(self.recipe.to_json()), "schedule": schedule}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Read what `told` gave, also after it was JSON."""
        recipe, schedule, weights = (told[name] for name in ("recipe", "schedule", "class_weight"))
        numbered = None if weights is None else {int(label): weight for label, weight in weights.items()}
        return cls(**{
            **told, "recipe": Recipe.from_json(json.dumps(recipe)), "class_weight": numbered,
            "schedule": None if schedule is None else Schedule(**schedule),
        })  # fmt: skip
