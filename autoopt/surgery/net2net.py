"""Net2Net: a wider or deeper copy of a trained net that starts as the very function that its parent is.

Chen, Goodfellow & Shlens 2016, Net2Net: Accelerating Learning via Knowledge Transfer (arXiv 1511.05641). One walk over
the child's calls, in order, says of each tensor which of the parent's units its units are copies of.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autoopt.surgery import deepening, joining, kinds, ranges, widening
from autoopt.surgery.graph import Call, Entry, Graph
from autoopt.surgery.net import Net
from autoopt.surgery.ranges import EVERYTHING, Range
from autoopt.surgery.units import Array, Place, Unfit, Units

OF_NO_EFFECT = frozenset({"units", "filters", "output_dim", "rate", "seed", "name"})
"""Options of a layer that its weights show, or that only training asks for; initializers and penalties likewise."""


@dataclass(frozen=True)
class Carried:
    """Weights for a child.

    Attributes:
        arrays: In Keras's order.
        exact: Whether the child is the same function as its parent, up to rounding, when nothing trains.
    """

    arrays: Sequence[Array]
    exact: bool


def carried(parent: Net, child: Net, seed: int) -> Carried:
    """Return the weights with which a child starts where its parent is.

    Wider layers get copies of units, and whoever reads these divides its weights among them. Inserted layers get
    the identity where their activation allows it, and else start fresh; inserted residual branches add zeros.
    Narrower layers keep their first units. Where a layer's rule is not known, weights of equal shapes are copied
    and others start fresh.

    The function stays where every layer is known, none is narrower or gone, and inserted layers are the identity.
    It does not stay with softmax inside, group or unit normalization of widened layers, nor with layer
    normalization of layers that are not widened by a whole multiple.

    Args:
        parent: With its trained weights.
        child: Of the same template, with the weights that it has where it starts fresh.
        seed: Decides which units are copied and how weights are divided.
    """
    walk = _Walk(parent, child, seed)
    walk.through()
    return Carried(child.in_order(walk.weights), walk.exact())


class _Walk:
    """The walk over the child's calls: the units of each result, and the weights so far."""

    def __init__(self, parent: Net, child: Net, seed: int) -> None:
        self.graph, self.seed = Graph(child.config), seed
        self.weights = child.weights()
        self._entries = self.graph.layers
        self._places = {name: index for index, name in enumerate(self._entries)}  # Keras counts names up
        self._old_graph, self._old = Graph(parent.config), parent.weights()
        self._old_shapes, self._shapes = parent.shapes(), child.shapes()
        self._old_entries = self._old_graph.layers
        self._reads, self._stands = _reads(self._old_graph)
        self._units: dict[Place, Units] = {}
        self._calls = {(call.layer, call.node): call for call in self.graph.calls()}

    def through(self) -> None:
        for call in self._calls.values():
            self.take(call)

    def exact(self) -> bool:
        ends = zip(self.graph.outputs, self._old_graph.outputs, strict=True)
        found = [(self._units[new[:2]], self._stands[old[:2]]) for new, old in ends]
        return all(each.exact and each.source is None and each.place == place for each, place in found)

    def take(self, call: Call) -> None:
        """Set the weights of a layer and the units of what the call makes."""
        place, kind = (call.layer, call.node), kinds.kind(self._entries[call.layer])
        read = [self._units[tensor.ref[:2]] for tensor in call.inputs]
        if place in self._reads and kinds.kind(self._old_entries[call.layer]) == kind:
            weights, units = self._shared(call, kind, read)
        else:
            weights, units = self._inserted(call, kind, read)
        before = self.weights.get(call.layer, {})
        if call.node > 0 and any(not np.array_equal(weights[name], before[name]) for name in before):
            weights, units = before, units.inexact()  # its first call has decided
        self.weights[call.layer] = dict(weights)
        self._units[place] = units

    def _shared(self, call: Call, kind: str, read: Sequence[Units]) -> tuple[Mapping[str, Array], Units]:
        """Return weights and units of a layer that the parent has, too."""
        place = (call.layer, call.node)
        there = self._reads[place]
        same = _alike(self._old_entries[call.layer], self._entries[call.layer]) and len(read) == len(there)
        same = same and all(
            units.exact and units.place == before for units, before in zip(read, there, strict=True)
        )
        try:
            weights, units = self._by_rule(call, kind, read)
        except Unfit:
            weights, units = self._copied(call, kind, read)
        return weights, replace(units, place=self._stands[place], exact=units.exact and same)

    def _by_rule(self, call: Call, kind: str, read: Sequence[Units]) -> tuple[Mapping[str, Array], Units]:
        config, place = self._entries[call.layer]["config"], (call.layer, call.node)
        drawn = self.weights.get(call.layer, {})
        if kind in joining.KINDS and not call.arrays:
            if (kind, len(call.inputs[0].shape)) == ("Flatten", 2):
                return drawn, replace(read[0], exact=True)
            shapes = self._old_shapes.get(call.layer, ()), self._shapes.get(call.layer, ())
            source = joining.source(kind, config, read, *shapes)
            return drawn, Units(place, source, True, *joining.range_of(kind, read))
        rule = widening.rule(kind, config, len(call.inputs[0].shape)) if len(read) == 1 else None
        if rule is None or call.arrays:
            raise Unfit
        old, seed = self._old.get(call.layer, {}), (self.seed, self._places[call.layer])
        moved = rule(widening.Shared(kind, config, old, drawn, read[0].source, read[0].balanced, seed))
        if not widening.fits(moved.weights, drawn):
            raise Unfit
        return moved.weights, Units(place, moved.source, moved.exact, *_range(kind, config, read[0]))

    def _copied(self, call: Call, kind: str, read: Sequence[Units]) -> tuple[Mapping[str, Array], Units]:
        """Copy weights of equal shapes."""
        old, drawn = self._old.get(call.layer, {}), self.weights.get(call.layer, {})
        fits = widening.fits(old, drawn)
        exact = fits and all(units.source is None for units in read)
        bounds = _range(kind, self._entries[call.layer]["config"], read[0]) if len(read) == 1 else EVERYTHING
        return old if fits else drawn, Units((call.layer, call.node), None, exact, *bounds)

    def _inserted(self, call: Call, kind: str, read: Sequence[Units]) -> tuple[Mapping[str, Array], Units]:
        """Return weights and units of a layer that the parent has not."""
        drawn, config = self.weights.get(call.layer, {}), self._entries[call.layer]["config"]
        place = (call.layer, call.node)
        if len(read) != 1 or call.arrays:
            skipped = self._silenced(call, kind)
            return drawn, Units(place, exact=False) if skipped is None else skipped
        weights = deepening.unchanging(kind, config, drawn, read[0])
        if weights is not None:
            return weights, read[0]
        low, high = _range(kind, config, read[0])
        if kind in kinds.KEEPING:
            return drawn, replace(read[0], exact=False, low=low, high=high)
        return drawn, Units(place, None, False, low, high)

    def _silenced(self, call: Call, kind: str) -> Units | None:
        """Have an inserted residual branch add zeros; return the units of what it is added to, None for no branch."""
        if kind not in ("Add", "ops.Add") or len(call.inputs) != 2:
            return None
        one, other = (tensor.ref[:2] for tensor in call.inputs)
        for branch, skipped in ((one, other), (other, one)):
            if skipped in self._behind(branch):
                found = self._last(branch)
                if found is not None:
                    name, weights = found
                    self.weights[name] = dict(weights)
                    return self._units[skipped]
        return None

    def _behind(self, place: Place) -> set[Place]:
        """Return the calls whose results a call depends on."""
        found: set[Place] = set()
        waiting = [place]
        while waiting:
            new = {tensor.ref[:2] for tensor in self._calls[waiting.pop()].inputs} - found
            found |= new
            waiting += new
        return found

    def _last(self, place: Place) -> tuple[str, Mapping[str, Array]] | None:
        """Return the last inserted layer with weights before a call's result, and those that give zeros."""
        while place not in self._reads:
            call, config = self._calls[place], self._entries[place[0]]["config"]
            kind, drawn = kinds.kind(self._entries[place[0]]), self.weights.get(place[0], {})
            weights = deepening.silent(kind, config, drawn) if drawn else None
            if weights is not None:
                return place[0], weights
            if drawn or len(call.inputs) != 1 or not deepening.keeps_zero(kind, config):
                return None
            place = call.inputs[0].ref[:2]
        return None


def _alike(parent: Entry, child: Entry) -> bool:
    """Whether two layers do the same, widths and what only training asks for left out."""
    return bool(_bare(parent["config"]) == _bare(child["config"]))


def _bare(config: Any) -> Any:
    if not isinstance(config, dict):
        return config
    return {
        name: _bare(value)
        for name, value in config.items()
        if name not in OF_NO_EFFECT and not name.endswith(("_initializer", "_regularizer"))
    }


def _reads(graph: Graph) -> tuple[dict[Place, tuple[Place, ...]], dict[Place, Place]]:
    """Return what each call reads, and the call whose result it stands for: a Dropout's is what it is given."""
    reads: dict[Place, tuple[Place, ...]] = {}
    stands: dict[Place, Place] = {}
    for call in graph.calls():
        place = (call.layer, call.node)
        reads[place] = tuple(stands[tensor.ref[:2]] for tensor in call.inputs)
        passes = graph.kind(call.layer) in deepening.WITHOUT_EFFECT and len(reads[place]) == 1
        stands[place] = reads[place][0] if passes else place
    return reads, stands


def _range(kind: str, config: Mapping[str, Any], read: Units) -> Range:
    """Return where the results of a layer of one input lie."""
    within = (read.low, read.high)
    if kind in kinds.ACTIVATIONS:
        return ranges.after(ranges.activation(kind, config), within)
    if kind in kinds.KERNELS:
        return ranges.after(ranges.activation(kind, config))
    if kind in kinds.DROPOUTS | kinds.POOLINGS | kinds.GLOBAL_POOLINGS | {"Identity"}:
        return within
    return EVERYTHING
