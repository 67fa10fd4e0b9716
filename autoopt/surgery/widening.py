"""Widening: the weights of a layer that parent and child both have, whichever widths it has there.

Net2Wider (Chen, Goodfellow & Shlens 2016): outputs are copied units, weights that read copies are divided.
A narrower layer keeps its first units; that does not keep the function.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autoopt.surgery import kinds, ranges
from autoopt.surgery.graph import Entry
from autoopt.surgery.units import Array, Unfit, chosen, divided, taken

RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN"})
BACKWARD = " 1"
"""How the names of the second weights of a name end."""

POOLED_NORMALIZATIONS = frozenset({"LayerNormalization", "RMSNormalization"})
"""They normalize by means over the units, which stay where each unit is there equally often."""

GROUPED_NORMALIZATIONS = frozenset({"GroupNormalization", "UnitNormalization"})
"""They normalize by sums, or over neighbours: copies change them."""


@dataclass(frozen=True)
class Shared:
    """One layer of parent and child.

    Attributes:
        kind: As `kinds.kind` names it.
        config: The child's.
        parent: The parent's weights, by name.
        child: The child's weights as they were drawn, by name: shapes to reach.
        source: Units that it reads, as `Units.source`.
        balanced: Whether each of them is there equally often.
        seed: Where chance comes from; layers of equal widths choose the same units, since they may be tied.
    """

    kind: str
    config: Mapping[str, Any]
    parent: Mapping[str, Array]
    child: Mapping[str, Array]
    source: Array | None
    balanced: bool
    seed: Sequence[int]

    def random(self, *place: int) -> np.random.Generator:
        """Return a generator of its own for a place."""
        return np.random.default_rng([*self.seed, *place])

    def chosen(self, width: int, wider: int) -> Array | None:
        """Choose the units of its result."""
        return chosen(width, wider, np.random.default_rng([self.seed[0], width, wider]))


@dataclass(frozen=True)
class Moved:
    """A layer's weights, by name, the units of its result, and whether copies of units give copies."""

    weights: Mapping[str, Array]
    source: Array | None
    exact: bool = True


Rule = Callable[[Shared], Moved]


def rule(kind: str, config: Mapping[str, Any], rank: int) -> Rule | None:
    """Return how the weights of a layer of one input of some axes move; None where that is not known."""
    if config.get("data_format") == "channels_first":
        return None
    if config.get("axis", -1) not in (-1, rank - 1, [-1], [rank - 1]):
        return None
    if kind in kinds.DENSE | kinds.TRANSPOSED or (kind in kinds.FILTERED and config.get("groups", 1) == 1):
        return _separable if kind.startswith("Separable") else _mapped
    if kind in kinds.DEPTHWISE:
        return _depthwise
    if kind in RECURRENT:
        return _recurrent
    if kind == "Bidirectional":
        return _both_ways
    if kind == "Embedding":
        return _embedded
    return _kept if kind in kinds.KEEPING else None


def _mapped(layer: Shared) -> Moved:
    """Dense, Conv and ConvTranspose: a kernel with an axis that reads and one that makes."""
    reads, makes = (-1, -2) if layer.kind in kinds.TRANSPOSED else (-2, -1)
    kernel = layer.parent["kernel"]
    out = layer.chosen(kernel.shape[makes], layer.child["kernel"].shape[makes])
    weights = {"kernel": taken(divided(kernel, layer.source, reads, layer.random(0)), out, makes)}
    return _made(layer, weights | _units(layer, out, "bias"), out, kernel.shape[makes])


def _separable(layer: Shared) -> Moved:
    depthwise, pointwise = layer.parent["depthwise_kernel"], layer.parent["pointwise_kernel"]
    out = layer.chosen(pointwise.shape[-1], layer.child["pointwise_kernel"].shape[-1])
    middle = _multiplied(layer.source, depthwise.shape[-1])
    weights = {
        "depthwise_kernel": taken(depthwise, layer.source, -2),
        "pointwise_kernel": taken(divided(pointwise, middle, -2, layer.random(0)), out),
    }
    return _made(layer, weights | _units(layer, out, "bias"), out, pointwise.shape[-1])


def _depthwise(layer: Shared) -> Moved:
    kernel = layer.parent["kernel"]
    out = _multiplied(layer.source, kernel.shape[-1])
    weights = {"kernel": taken(kernel, layer.source, -2)} | _units(layer, out, "bias")
    return _made(layer, weights, out, kernel.shape[-2] * kernel.shape[-1])


def _recurrent(layer: Shared) -> Moved:
    """SimpleRNN, GRU and LSTM: gates side by side, of which each has all units."""
    kernel, states = layer.parent["kernel"], layer.parent["recurrent_kernel"]
    width, gates = states.shape[0], kernel.shape[1] // states.shape[0]
    out = layer.chosen(width, layer.child["recurrent_kernel"].shape[0])
    columns = None if out is None else np.concatenate([gate * width + out for gate in range(gates)])
    weights = {
        "kernel": taken(divided(kernel, layer.source, 0, layer.random(0)), columns),
        "recurrent_kernel": taken(divided(states, out, 0, layer.random(1)), columns),
    }
    return _made(layer, weights | _units(layer, columns, "bias"), out, width)


def _both_ways(layer: Shared) -> Moved:
    """Bidirectional: two recurrent layers, whose weights have the same names."""
    merge = layer.config["merge_mode"]
    forward, backward = (
        _one_way(layer, layer.config["layer"], ""), _one_way(layer, layer.config["backward_layer"], BACKWARD)
    )  # fmt: skip
    weights = {**forward.weights, **{name + BACKWARD: array for name, array in backward.weights.items()}}
    if merge != "concat" or (forward.source is None and backward.source is None):
        return Moved(weights, forward.source, forward.exact and backward.exact and merge is not None)
    widths = [len(layer.parent[name]) for name in ("recurrent_kernel", "recurrent_kernel" + BACKWARD)]
    sources = [
        np.arange(width) if way.source is None else way.source
        for width, way in zip(widths, (forward, backward), strict=True)
    ]
    source = np.concatenate([sources[0], sources[1] + widths[0]])
    return Moved(weights, source, forward.exact and backward.exact)


def _one_way(layer: Shared, inner: Entry, suffix: str) -> Moved:
    kind = kinds.kind(inner)
    if kind not in RECURRENT:
        raise Unfit
    parent, child = _ending(layer.parent, suffix), _ending(layer.child, suffix)
    return _recurrent(replace(layer, kind=kind, config=inner["config"], parent=parent, child=child))


def _ending(weights: Mapping[str, Array], suffix: str) -> dict[str, Array]:
    """Return the weights of one way, under the names that they have there."""
    return {
        name.removesuffix(suffix): array
        for name, array in weights.items()
        if name.endswith(BACKWARD) == bool(suffix)
    }


def _embedded(layer: Shared) -> Moved:
    vectors = layer.parent["embeddings"]
    out = layer.chosen(vectors.shape[-1], layer.child["embeddings"].shape[-1])
    return _made(layer, {"embeddings": taken(vectors, out)}, out, vectors.shape[-1])


def _kept(layer: Shared) -> Moved:
    """What hands on its units one by one: its weights, such as gamma and beta, belong to them."""
    copies = layer.source is not None
    exact = not (copies and layer.kind in GROUPED_NORMALIZATIONS) and (
        layer.balanced or layer.kind not in POOLED_NORMALIZATIONS
    )
    if layer.kind in kinds.ACTIVATIONS and copies:
        exact = _each_for_itself(layer)
    return Moved(_units(layer, layer.source, *layer.parent), layer.source, exact)


def _made(layer: Shared, weights: Mapping[str, Array], out: Array | None, width: int) -> Moved:
    """Return what a layer with weights and an activation of its own gives."""
    if set(weights) != set(layer.parent):
        raise Unfit  # weights of which nothing is known, of an adapter for example
    whole = out is None or (len(set(out.tolist())) == width and _each_for_itself(layer))
    return Moved(weights, out, whole)


def _each_for_itself(layer: Shared) -> bool:
    name = ranges.activation(layer.kind, layer.config)
    inner = layer.config.get("recurrent_activation", "linear")
    return bool(name) and isinstance(inner, str) and not {name, inner} & ranges.ACROSS_UNITS


def _units(layer: Shared, source: Array | None, *names: str) -> dict[str, Array]:
    return {name: taken(layer.parent[name], source) for name in names if name in layer.parent}


def _multiplied(source: Array | None, multiplier: int) -> Array | None:
    """Return the units behind a depthwise convolution, which makes several of each."""
    if source is None:
        return None
    return (source[:, None] * multiplier + np.arange(multiplier)).reshape(-1)


def fits(weights: Mapping[str, Array], child: Mapping[str, Array]) -> bool:
    """Say whether weights have the shapes of the child's, name by name."""
    return {name: array.shape for name, array in weights.items()} == {
        name: array.shape for name, array in child.items()
    }
