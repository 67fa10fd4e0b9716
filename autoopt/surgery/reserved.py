"""Reserved: the layers that parts of a stage leave alone, because they are outputs or gates."""

from collections.abc import Iterator

from autoopt.surgery import kinds
from autoopt.surgery.graph import Call, Graph

PRODUCTS = frozenset({"Multiply", "ops.Multiply"})


def reserved(graph: Graph) -> frozenset[str]:
    """Return the layers from the last one that maps to an output, and those that make gates.

    A gate is an arm of a product of two tensors, back to where the arm branches off: squeeze-and-excite
    (Hu et al. 2018), gated linear units (Dauphin et al. 2017), hard sigmoids (Howard et al. 2019).
    """
    calls = {(call.layer, call.node): call for call in graph.calls()}
    return frozenset({*_ends(graph, calls), *_gates(graph, calls)})


def readers(graph: Graph) -> dict[str, list[Call]]:
    """Return for each layer the calls that read what it makes; outputs of the model are no readers."""
    found: dict[str, list[Call]] = {name: [] for name in graph.layers}
    for call in graph.calls():
        for name in dict.fromkeys(read.ref[0] for read in call.inputs):
            found[name].append(call)
    return found


def _ends(graph: Graph, calls: dict[tuple[str, int], Call]) -> set[str]:
    entries = graph.layers
    waiting, seen = [ref[:2] for ref in graph.outputs], set[tuple[str, int]]()
    while waiting:
        key = waiting.pop()
        if key not in seen and kinds.kind(entries[key[0]]) not in kinds.MAPPINGS:
            waiting += [read.ref[:2] for read in calls[key].inputs]
        seen.add(key)
    return {layer for layer, _ in seen}


def _gates(graph: Graph, calls: dict[tuple[str, int], Call]) -> Iterator[str]:
    entries = graph.layers
    read_by = dict.fromkeys(calls, 0)
    for key in [ref[:2] for ref in graph.outputs] + [
        read.ref[:2] for call in calls.values() for read in call.inputs
    ]:
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
