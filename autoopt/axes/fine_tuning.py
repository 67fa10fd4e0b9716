"""Fine-tuning: which layers of a pretrained part train, how fast, and from when on.

Drawn by two axes: the way belongs to the structure, the rate to the optimizer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras_tuner

from autoopt.axes.axis import Origin
from autoopt.axes.initialization import AS_WRITTEN
from autoopt.surgery import Trained

NAME = "structure/fine_tune"
RATES = (0.01, 0.1, 1.0)
USUAL_RATE = 0.1

FROZEN_SHARE = 0.5
"""How much of a training in two phases is the first."""


@dataclass(frozen=True)
class Way:
    """One way to train a pretrained part.

    Attributes:
        trained: Which of its layers train; None leaves that as the user wrote it.
        frozen_share: Share of the steps that pass before they do.
    """

    trained: Trained | None = None
    frozen_share: float = 0.0

    @property
    def is_paced(self) -> bool:
        """Whether the part's learning rate can be another than the model's."""
        return self.trained not in (None, "frozen")


WAYS: Mapping[str, Way] = {
    AS_WRITTEN: Way(),
    "frozen": Way("frozen"),
    "last_blocks": Way("last_blocks"),  # Yosinski et al. 2014: first layers are general, last ones specific
    "all": Way("all"),
    "frozen_then_all": Way("all", FROZEN_SHARE),  # a new head distorts what it is put on (Kumar et al. 2022)
}


def way(hp: keras_tuner.HyperParameters, origin: Origin, names: Sequence[str]) -> Mapping[str, str]:
    """Ask for `structure/fine_tune` where the model has a pretrained part.

    Args:
        hp: Where values are asked for.
        origin: The user's model.
        names: Of `WAYS`, to choose from beside what the user wrote.
    """
    if not origin.pretrained or not names:
        return {}
    value = hp.Choice(NAME, list(dict.fromkeys([AS_WRITTEN, *names])), default=AS_WRITTEN)
    return {} if value == AS_WRITTEN else {"fine_tune": value}


def rate(hp: keras_tuner.HyperParameters, origin: Origin, rates: Sequence[float]) -> Mapping[str, float]:
    """Ask for `optimizer/backbone_rate` where the way that was drawn trains the part.

    Args:
        hp: Where values are asked for; holds the way, unless the structure is closed.
        origin: The user's model.
        rates: Factors of the learning rate to choose from.
    """
    if not origin.pretrained or NAME not in hp.values:
        return {}
    factors = sorted({float(factor) for factor in rates})
    usual = USUAL_RATE if USUAL_RATE in factors else factors[-1]
    with hp.conditional_scope(NAME, [name for name, each in WAYS.items() if each.is_paced]):
        value = hp.Choice("optimizer/backbone_rate", factors, default=usual)
    return {} if value is None else {"backbone_rate": value}
