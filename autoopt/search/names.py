"""How a search's samplers, oracles and pruners are called; nothing is loaded to know that."""

from collections.abc import Mapping, Sequence

OURS: Mapping[str, str] = {"sampler": "tpe", "pruner": "halving"}
"""What autoopt takes where nothing is named."""

NAMES: Mapping[str, Sequence[str]] = {
    "oracle": ("random", "bayesian", "grid", "hyperband"),
    "sampler": ("tpe", "random", "gp", "cmaes", "qmc", "nsgaii", "nsgaiii", "brute_force"),
    "pruner": ("halving", "median", "hyperband", "none"),
}
