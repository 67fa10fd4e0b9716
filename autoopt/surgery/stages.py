"""Stages: runs of segments of one kind, which depth repeats and takes out and width scales together.

A segment is a hidden layer with weights and what follows it up to the next, or a block: a residual unit, an
attention block, any group of layers with one way in and one way out that comes again. Heads and what is not
understood end a run.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from autoopt.surgery import kinds
from autoopt.surgery.graph import Call, Graph, Ref, Tensor, heads
from autoopt.surgery.segments import Chain, Piece, chains
from autoopt.surgery.signature import signature

Kind = Literal["dense", "conv", "recurrent", "attention", "block"]

LONGEST = 12
"""Most pieces of a segment that comes again."""


@dataclass(frozen=True)
class Segment:
    """Layers with one way in and one way out.

    Attributes:
        kind: What it is.
        layers: Their names, in order; where the kind is a layer's, that one comes first.
        weighted: Those that map their input, in order.
        entry: The tensor that they read.
        exit: The tensor that is read of them.
    """

    kind: Kind
    layers: tuple[str, ...]
    weighted: tuple[str, ...]
    entry: Tensor
    exit: Ref


Stages = dict[str, tuple[Segment, ...]]


def stages(graph: Graph) -> Stages:
    """Return the runs of segments of one kind, by the name of the stage."""
    return _named(Finder(graph).runs())


class Finder:
    """What finding the stages of one graph knows; made and used once."""

    def __init__(self, graph: Graph) -> None:
        """Read the graph."""
        self._graph, self._calls = graph, graph.calls()
        self._called = Counter(call.layer for call in self._calls)
        self._place = {(call.layer, call.node): at for at, call in enumerate(self._calls)}
        self._heads, self._outputs = heads(graph), {ref[:2] for ref in graph.outputs}
        self._split = {tensor.ref[:2] for call in self._calls for tensor in call.inputs if tensor.ref[2]}
        self._shapes = {tensor.ref: tensor.shape for call in self._calls for tensor in call.inputs}
        self._taken: set[tuple[str, int]] = set()

    def runs(self) -> list[tuple[Segment, ...]]:
        """Return the runs, in topological order."""
        found: list[tuple[Segment, ...]] = []
        every = chains(self._graph)
        outer = [chain for chain in every if chain.outer]
        found += [run for chain in outer for run in self._repeated(chain)]
        found += [run for chain in outer for run in self._single_blocks(chain)]
        found += [run for chain in every if not chain.outer for run in self._repeated(chain)]
        alone = not any(run[0].kind in ("block", "attention") for run in found)
        found += [run for chain in outer for run in self._layers(chain, alone)]
        return sorted(found, key=lambda run: self._place[run[0].exit[:2]])

    def _repeated(self, chain: Chain) -> Iterator[tuple[Segment, ...]]:
        """Yield the longest runs of equal segments; on an outer chain each holds a block."""
        pieces, at = chain.pieces, 0
        told = [self._told(piece) for piece in pieces]
        while at < len(pieces):
            length, times = _longest(told, at)
            if len(pieces[at].calls) == 1 and math.prod(_longest(told, at + 1)) >= length * times:
                at += 1  # a block comes first where that makes no difference
                continue
            run = self._run(pieces[at : at + length * times], length) if times > 1 else ()
            blocks = any(len(piece.calls) > 1 for piece in pieces[at : at + length])
            if run and (blocks or not chain.outer):
                self._take(run)
                yield run
                at += length * times
            else:
                at += 1

    def _run(self, pieces: Sequence[Piece], length: int) -> tuple[Segment, ...]:
        found = [self._segment(pieces[at : at + length]) for at in range(0, len(pieces), length)]
        run = tuple(segment for segment in found if segment is not None)
        if len(run) < len(found):
            return ()
        # A copy reads what its original makes: that has to be an image of the same size.
        last = run[-1]
        return run if self._shapes[last.exit][:-1] == last.entry.shape[:-1] else ()

    def _single_blocks(self, chain: Chain) -> Iterator[tuple[Segment, ...]]:
        """Yield the residual blocks that keep the shape and come once, an attention with the block behind it."""
        pieces, at = chain.pieces, 0
        while at < len(pieces):
            end = self._block_end(pieces, at)
            if end == at:
                at += 1
                continue
            if self._kind(pieces[at:end]) == "attention":
                end = self._block_end(pieces, end)
            segment = self._segment(pieces[at:end])
            if segment is not None and self._keeps_shape(segment):
                self._take((segment,))
                yield (segment,)
            at = end

    def _block_end(self, pieces: Sequence[Piece], at: int) -> int:
        """Return where a residual block that begins at a place ends, with what follows it; the place where none does."""
        if at >= len(pieces) or len(pieces[at].calls) == 1 or not self._is_free(pieces[at]):
            return at
        if self._graph.kind(pieces[at].exit[0]) not in kinds.ADDITIONS:
            return at
        at += 1
        while at < len(pieces) and self._follows(pieces[at]):
            at += 1
        return at

    def _layers(self, chain: Chain, alone: bool) -> Iterator[tuple[Segment, ...]]:
        """Yield the runs of single layers of one kind.

        Unless `alone`, convolutions have to be alike: beside blocks, others lead from one block to the next.
        """
        run: list[list[Piece]] = []
        for piece in (*chain.pieces, None):
            kind = self._layer_kind(piece) if piece else ""
            if piece and run and self._follows(piece):
                run[-1].append(piece)
                continue
            if run and kind != self._layer_kind(run[-1][0]):
                yield from self._of_layers(run, alone)
                run = []
            if piece and kind:
                run.append([piece])

    def _of_layers(self, run: Sequence[Sequence[Piece]], alone: bool) -> Iterator[tuple[Segment, ...]]:
        found = [self._segment(pieces) for pieces in run]
        segments = tuple(segment for segment in found if segment is not None)
        alike = len(run) > 1 and len({tuple(map(self._told, pieces)) for pieces in run}) == 1
        if len(segments) == len(run) and (alone or alike or segments[0].kind != "conv"):
            yield segments

    def _layer_kind(self, piece: Piece) -> str:
        if not piece.layer or piece.layer in self._heads or not self._is_free(piece):
            return ""
        return kinds.stage_kind(self._graph.layers[piece.layer])

    def _follows(self, piece: Piece) -> bool:
        return bool(piece.layer) and self._graph.kind(piece.layer) in kinds.FOLLOWERS and self._is_free(piece)

    def _segment(self, pieces: Sequence[Piece]) -> Segment | None:
        """Return pieces that follow each other as a segment, None where they cannot be copied or taken out."""
        calls = [call for piece in pieces for call in piece.calls]
        entry = pieces[0].entry
        if entry is None or any(piece.entry is None or not self._is_free(piece) for piece in pieces):
            return None
        names = tuple(dict.fromkeys(call.layer for call in calls))
        mapping = kinds.MAPPINGS | kinds.DEPTHWISE
        weighted = tuple(name for name in names if kinds.wrapped_kind(self._graph.layers[name]) in mapping)
        return Segment(self._kind(pieces), names, weighted, entry, pieces[-1].exit) if weighted else None

    def _is_free(self, piece: Piece) -> bool:
        """Whether it is in no run yet, hidden, and shares no layer with another part of the model."""
        inside = Counter(call.layer for call in piece.calls)
        keys = {(call.layer, call.node) for call in piece.calls}
        return (
            not keys & (self._taken | self._outputs | self._split)
            and piece.exit in self._shapes
            and all(self._called[layer] == count for layer, count in inside.items())
            and not any(kinds.closed(self._graph.layers[layer]) for layer in inside)
        )

    def _kind(self, pieces: Iterable[Piece]) -> Kind:
        calls: list[Call] = [call for piece in pieces for call in piece.calls]
        names = {self._graph.kind(call.layer) for call in calls}
        if names & kinds.ATTENTIONS:
            return "attention"
        if all(len(piece.calls) == 1 for piece in pieces):
            found = {kinds.stage_kind(self._graph.layers[call.layer]) for call in calls} - {""}
            if len(found) == 1 and (only := found.pop()) in get_args(Kind):
                return only  # type: ignore[return-value]
        return "block"

    def _told(self, piece: Piece) -> str:
        """Return the signature of a piece that may be in a run, else a text that no other piece has."""
        if piece.entry is None or not self._is_free(piece):
            return f"{piece.exit}"
        return signature(self._graph, piece.calls, piece.entry.ref)

    def _keeps_shape(self, segment: Segment) -> bool:
        return self._shapes[segment.exit] == segment.entry.shape

    def _take(self, run: Iterable[Segment]) -> None:
        layers = {layer for segment in run for layer in segment.layers}
        self._taken |= {(call.layer, call.node) for call in self._calls if call.layer in layers}


def _longest(told: Sequence[str], at: int) -> tuple[int, int]:
    """Return how many texts from a place on come again most often at once, and how often."""
    return max(
        ((length, _times(told, at, length)) for length in range(1, LONGEST + 1)),
        key=lambda found: (found[0] * found[1] if found[1] > 1 else 0, -found[0]),
    )


def _times(told: Sequence[str], at: int, length: int) -> int:
    """Return how often the next `length` texts come in a row."""
    if len(told) < at + length:
        return 0
    times = 1
    while told[at + times * length : at + (times + 1) * length] == told[at : at + length]:
        times += 1
    return times


def _named(runs: Sequence[tuple[Segment, ...]]) -> Stages:
    totals = Counter(run[0].kind for run in runs)
    named: Stages = {}
    counts: Counter[str] = Counter()
    for run in runs:
        kind = run[0].kind
        counts[kind] += 1
        named[kind if totals[kind] == 1 else f"{kind}_{counts[kind]}"] = run
    return named
