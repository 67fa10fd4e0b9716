"""Ranges: between which values an activation's results lie, and on which of them it changes nothing.

Net2Deeper needs activations with f(f(x)) = f(x); of what a tensor's range says, more of them can be inserted.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

Range = tuple[float, float]

EVERYTHING: Range = (-math.inf, math.inf)
POSITIVE: Range = (0.0, math.inf)

UNCHANGED: Mapping[str, Range] = {
    "linear": EVERYTHING,
    "relu": POSITIVE,
    "relu6": (0.0, 6.0),
    "leaky_relu": POSITIVE,
    "elu": POSITIVE,
    "celu": POSITIVE,
    "hard_tanh": (-1.0, 1.0),
}
"""Activation to the values that it leaves as they are."""

RESULTS: Mapping[str, Range] = {
    "relu": POSITIVE,
    "relu6": (0.0, 6.0),
    "softplus": POSITIVE,
    "exponential": POSITIVE,
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
}
"""Activation to where its results lie."""

ZERO_AT_ZERO = frozenset(
    {"linear", "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "swish", "mish"}
    | {
        "tanh",
        "hard_tanh",
        "softsign",
        "hard_silu",
        "hard_swish",
        "tanh_shrink",
        "soft_shrink",
        "hard_shrink",
    }
)
"""Activations that leave 0 where it is."""

ACROSS_UNITS = frozenset({"softmax", "log_softmax", "sparsemax", "glu"})
"""Activations of which a unit's result depends on other units: copies change it."""


def activation(kind: str, config: Mapping[str, Any]) -> str:
    """Return Keras's name of the activation of a layer or operation; `""` where it is none that has a name."""
    if kind == "ReLU":
        plain = not config.get("negative_slope") and not config.get("threshold")
        return {None: "relu", 6: "relu6"}.get(config.get("max_value"), "") if plain else ""
    if kind == "PReLU":
        return "leaky_relu"  # what its slope is does not matter here
    if kind in ("LeakyReLU", "ELU", "Softmax"):
        return {"LeakyReLU": "leaky_relu"}.get(kind, kind.lower())
    if kind.startswith("ops."):
        return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", kind.removeprefix("ops.")).lower()
    name = config.get("activation", "linear")
    return name if isinstance(name, str) else ""


def keeps(name: str, read: Range) -> bool:
    """Say whether an activation changes nothing of what lies in a range."""
    low, high = UNCHANGED.get(name, (math.inf, -math.inf))
    return low <= read[0] and read[1] <= high


def after(name: str, read: Range = EVERYTHING) -> Range:
    """Return where the results of an activation lie."""
    return read if keeps(name, read) else RESULTS.get(name, EVERYTHING)
