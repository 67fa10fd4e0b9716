"""Segments: the parts of a graph with one way in and one way out, found by dominators.

Knows nothing of kinds of layers. A cut point is a call that every path crosses, within the branch that it
is in; between two cut points there is one layer, or a block of several.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from autoopt.surgery.graph import Call, Graph, Ref, Tensor


@dataclass(frozen=True)
class Piece:
    """What lies between two neighbouring cut points.

    Attributes:
        calls: In topological order; the last one makes what leaves.
        entry: The one tensor that it reads from outside; None where a layer makes several.
        exit: What the last call makes.
    """

    calls: tuple[Call, ...]
    entry: Tensor | None
    exit: Ref

    @property
    def layer(self) -> str:
        """Name of its only layer where that has a simple call, else empty."""
        return self.calls[0].layer if len(self.calls) == 1 and self.calls[0].simple else ""


@dataclass(frozen=True)
class Chain:
    """Pieces that follow each other.

    Attributes:
        start: The call that it begins with or behind.
        pieces: In order.
        outer: It is in no other chain's block: everything passes it, or everything from one of the inputs.
    """

    start: Call
    pieces: tuple[Piece, ...]
    outer: bool


def chains(graph: Graph) -> list[Chain]:
    """Return the chains of a graph such that each follows those whose blocks it is in."""
    calls = graph.calls()
    before, after = _dominators(graph, calls)
    following = {
        at: after[at]
        for at in range(1, len(calls) + 1)
        if after[at] <= len(calls) and before[after[at]] == at
    }
    starts = [at for at in range(1, len(calls) + 1) if at not in following.values()]
    walked = {start: list(_walk(start, following)) for start in starts}
    pieces = {
        start: [_piece(calls, before, *link) for link in itertools.pairwise(walk)]
        for start, walk in walked.items()
    }
    around: dict[tuple[str, int], int] = {}  # how many calls there are in the smallest block around a call
    for block in sorted(
        (piece for some in pieces.values() for piece in some), key=lambda piece: -len(piece.calls)
    ):
        around |= {(call.layer, call.node): len(block.calls) for call in block.calls[:-1]}
    found = []
    for start in starts:
        first = calls[start - 1]
        head = [Piece((first,), first.inputs[0], _made(first))] if len(first.inputs) == 1 else []
        found.append(Chain(first, (*head, *pieces[start]), outer=_made(first)[:2] not in around))
    return sorted(found, key=lambda chain: -around.get(_made(chain.start)[:2], len(calls) + 1))


def _dominators(graph: Graph, calls: Sequence[Call]) -> tuple[dict[int, int], dict[int, int]]:
    """Return the immediate dominator and postdominator of each call, counted from 1.

    0 stands for what is before all calls, the number after the last for what is behind them all. One pass
    each is enough in topological order: Cooper, Harvey & Kennedy 2001, A Simple, Fast Dominance Algorithm.
    """
    numbers = {(call.layer, call.node): at for at, call in enumerate(calls, 1)}
    end = len(calls) + 1
    reads = {at: {numbers[read.ref[:2]] for read in call.inputs} or {0} for at, call in enumerate(calls, 1)}
    readers: dict[int, set[int]] = {at: set() for at in reads}
    for at, some in reads.items():
        for read in some - {0}:
            readers[read].add(at)
    for ref in graph.outputs:
        readers[numbers[ref[:2]]].add(end)
    forward = _tree(range(1, end), reads, 0)
    backward = _tree(range(end - 1, 0, -1), {at: some or {end} for at, some in readers.items()}, end)
    return forward, backward


def _tree(order: Sequence[int], sources: Mapping[int, set[int]], root: int) -> dict[int, int]:
    """Return the nearest common ancestor of each number's sources."""
    parent, depth = {root: root}, {root: 0}
    for at in order:
        one, *others = sources[at]
        for other in others:
            while one != other:
                if depth[one] < depth[other]:
                    one, other = other, one
                one = parent[one]
        parent[at], depth[at] = one, depth[one] + 1
    return parent


def _walk(start: int, following: Mapping[int, int]) -> Iterator[int]:
    at: int | None = start
    while at is not None:
        yield at
        at = following.get(at)


def _piece(calls: Sequence[Call], before: Mapping[int, int], start: int, end: int) -> Piece:
    inside = []
    for at in range(start + 1, end + 1):
        above = before[at]
        while above > start:
            above = before[above]
        if above == start:
            inside.append(calls[at - 1])
    first, last = calls[start - 1], calls[end - 1]
    read = {
        tensor.ref: tensor
        for call in inside
        for tensor in call.inputs
        if tensor.ref[:2] == (first.layer, first.node)
    }
    entry = next(iter(read.values())) if list(read) == [_made(first)] else None
    return Piece(tuple(inside), entry, _made(last))


def _made(call: Call) -> Ref:
    return call.layer, call.node, 0
