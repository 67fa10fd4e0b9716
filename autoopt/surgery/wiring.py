"""Wiring: who reads what in a graph as it is now, and which layers parts of a stage leave alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from autoopt.surgery import kinds
from autoopt.surgery.graph import Call, Entry, Graph

Key = tuple[str, int]
"""A layer and which of its calls."""

PRODUCTS = frozenset({"Multiply", "ops.Multiply"})


@dataclass(frozen=True)
class Wiring:
    """A graph, read once; it does not follow later edits.

    Attributes:
        entries: Layer names to their configurations.
        calls: All calls, each behind those that it reads.
        readers: Layer name to the calls that read what it makes; outputs of the model are no readers.
        free: Hidden layers of one simple call that make no gate: what they do may change.
        outputs: The calls that make the model's outputs.
    """

    entries: Mapping[str, Entry]
    calls: Mapping[Key, Call]
    readers: Mapping[str, Sequence[Call]]
    free: frozenset[str]
    outputs: Sequence[Key]

    def kind(self, name: str) -> str:
        """Name what a layer is, as `kinds.kind` does."""
        return kinds.kind(self.entries[name])

    def input_shape(self, name: str) -> tuple[int | None, ...]:
        """Return the shape, batch axis included, that a layer of one simple call reads."""
        return self.calls[name, 0].inputs[0].shape


def wiring(graph: Graph) -> Wiring:
    """Read the wiring of a graph.

    Free are no layers from the last one that maps to an output, and none that makes a gate: an arm of a
    product of two tensors, back to where the arm branches off. Such are squeeze-and-excite (Hu et al. 2018),
    gated linear units (Dauphin et al. 2017) and hard sigmoids (Howard et al. 2019).
    """
    entries = graph.layers
    calls = {(call.layer, call.node): call for call in graph.calls()}
    outputs = [ref[:2] for ref in graph.outputs]
    readers: dict[str, list[Call]] = {name: [] for name in entries}
    for call in calls.values():
        for name in dict.fromkeys(read.ref[0] for read in call.inputs):
            readers[name].append(call)
    mapping = frozenset(name for name, entry in entries.items() if kinds.kind(entry) in kinds.MAPPINGS)
    ends = {layer for layer, _ in reached(calls, outputs, mapping)}
    gates = set(_gates(entries, calls, outputs))
    simple = {call.layer for call in calls.values() if call.simple}
    return Wiring(entries, calls, readers, frozenset(simple - ends - gates), outputs)


def reached(calls: Mapping[Key, Call], start: Sequence[Key], last: frozenset[str] = frozenset()) -> set[Key]:
    """Return some calls and those that they read, one through another; what layers `last` read is not followed."""
    waiting, seen = [*start], set[Key]()
    while waiting:
        key = waiting.pop()
        if key not in seen and key[0] not in last:
            waiting += [read.ref[:2] for read in calls[key].inputs]
        seen.add(key)
    return seen


def _gates(entries: Mapping[str, Entry], calls: Mapping[Key, Call], outputs: Sequence[Key]) -> Iterator[str]:
    read_by = dict.fromkeys(calls, 0)
    for key in [*outputs, *(read.ref[:2] for call in calls.values() for read in call.inputs)]:
        read_by[key] += 1
    for call in calls.values():
        if kinds.kind(entries[call.layer]) not in PRODUCTS or len(call.inputs) < 2:
            continue
        for arm in call.inputs:
            key = arm.ref[:2]
            while read_by[key] == 1:
                yield key[0]
                if len(calls[key].inputs) != 1:
                    break
                key = calls[key].inputs[0].ref[:2]
