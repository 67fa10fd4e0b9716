"""Width: which layers must stay equally wide, and how a stage's layers are made wider or narrower.

Each tensor has one variable, the length of its last axis; union-find ties those that must be equal.
What is not understood freezes its group.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from math import lcm
from typing import Any, Literal

from autoopt.surgery import kinds
from autoopt.surgery.graph import Call, Entry, Graph, Ref

CONCATENATIONS = frozenset({"Concatenate", "ops.Concatenate"})
PRODUCERS = kinds.DENSE | kinds.FILTERED | kinds.TRANSPOSED


@dataclass(frozen=True)
class Group:
    """Layers whose widths change together; the new widths are multiples of `multiple`."""

    layers: tuple[str, ...]
    multiple: int


@dataclass
class Ties:
    """What is known of the widths so far: ties between tensors, and what limits them.

    Attributes:
        parent: The forest of union-find.
        frozen: Tensors whose width must stay.
        sums: Tensors whose width is computed from those of others: a concatenation, a flattened image.
        makers: Tensors whose width is an argument of a layer.
        multiples: Tensors whose width must be divisible.
    """

    parent: dict[Ref, Ref] = field(default_factory=dict)
    frozen: set[Ref] = field(default_factory=set)
    sums: dict[Ref, tuple[Ref, ...]] = field(default_factory=dict)
    makers: dict[Ref, str] = field(default_factory=dict)
    multiples: dict[Ref, int] = field(default_factory=dict)

    def root(self, ref: Ref) -> Ref:
        """Return the tensor that stands for all that are as wide as `ref`."""
        while self.parent.setdefault(ref, ref) != ref:
            ref = self.parent[ref]
        return ref

    def tie(self, refs: Iterable[Ref]) -> None:
        """Make tensors equally wide."""
        first, *others = [self.root(ref) for ref in refs]
        for other in others:
            self.parent[self.root(other)] = self.root(first)

    def close(self) -> set[Ref]:
        """Return the roots that are frozen, once sums have been asked whether they may change."""
        frozen = {self.root(ref) for ref in self.frozen}
        made = {self.root(ref) for ref in self.makers}
        divisible = {self.root(ref) for ref, multiple in self.multiples.items() if multiple > 1}
        summed = [self.root(ref) for ref in self.sums]
        # A sum follows its parts, so nothing else may decide how wide its group is.
        frozen |= {root for root in summed if root in made | divisible or summed.count(root) > 1}
        while True:
            parts = {
                self.root(part) for ref in self.sums if self.root(ref) in frozen for part in self.sums[ref]
            }
            if parts <= frozen:
                return frozen
            frozen |= parts


def groups(graph: Graph) -> list[Group]:
    """Return the groups of layers whose width can be changed, in topological order of their first layer."""
    calls = graph.calls()
    ties = Ties(frozen=set(graph.outputs))
    made: dict[tuple[str, int], set[Ref]] = {(call.layer, call.node): set() for call in calls}
    for ref in [*graph.outputs, *(read.ref for call in calls for read in call.inputs)]:
        made[ref[:2]].add(ref)
    entries = graph.layers
    for call in calls:
        _rule(ties, call, made[call.layer, call.node], entries[call.layer])
    _tie_shared(ties, calls)
    frozen = ties.close()
    members: dict[Ref, list[str]] = {}
    for ref, layer in ties.makers.items():
        members.setdefault(ties.root(ref), []).append(layer)
    multiples: dict[Ref, int] = {}
    for ref, multiple in ties.multiples.items():
        multiples[ties.root(ref)] = lcm(multiples.get(ties.root(ref), 1), multiple)
    return [
        Group(tuple(dict.fromkeys(layers)), multiples.get(root, 1))
        for root, layers in members.items()
        if root not in frozen
    ]


def owners(open_groups: Iterable[Group], stages: Mapping[str, Collection[str]]) -> dict[str, list[Group]]:
    """Give each group to the first stage that has one of its layers; groups of no stage are left out.

    Args:
        open_groups: What `groups` returned.
        stages: Stage name to the names of its weighted layers.
    """
    owned: dict[str, list[Group]] = {name: [] for name in stages}
    for group in open_groups:
        stage = next((name for name, layers in stages.items() if set(group.layers) & set(layers)), None)
        if stage is not None:
            owned[stage].append(group)
    return owned


def apply(graph: Graph, stages: Mapping[str, Collection[str]], width: Mapping[str, float]) -> None:
    """Multiply the widths of stages, in the graph.

    Args:
        graph: Is changed.
        stages: Stage name to the names of its weighted layers.
        width: Stage name to multiplier.
    """
    entries = graph.layers
    for stage, owned in owners(groups(graph), stages).items():
        for group in owned:
            for layer in group.layers:
                config = entries[layer]["config"]
                key = "units" if "units" in config else "filters"
                config[key] = scaled(config[key], width.get(stage, 1.0), group.multiple)


def scaled(width: int, multiplier: float, multiple: int = 1) -> int:
    """Return the multiple of `multiple` nearest to `width` times `multiplier`, and at least one of it."""
    if multiplier == 1.0:
        return width
    return multiple * max(1, round(width * multiplier / multiple))


def _rule(ties: Ties, call: Call, made: set[Ref], entry: Entry) -> None:
    """Write down what one call demands of the widths of what it reads and makes."""
    config = entry["config"]
    read = [tensor.ref for tensor in call.inputs]
    out = (call.layer, call.node, 0)
    groups = max(1, config.get("groups", 1))
    understood = read and not call.arrays and len(made) == 1 and config.get("data_format") != "channels_first"
    match _relation(kinds.kind(entry), config, call) if understood else "unknown":
        case "makes":
            ties.makers[out] = call.layer
            ties.multiples |= {out: groups, read[0]: lcm(ties.multiples.get(read[0], 1), groups)}
        case "ends":
            ties.frozen |= made
        case "keeps":
            ties.tie([out, *read])
            ties.multiples[out] = groups
        case "sums":
            ties.sums[out] = tuple(read)
        case _:
            ties.frozen |= {*read, *made}


def _relation(
    kind: str, config: Mapping[str, Any], call: Call
) -> Literal["makes", "ends", "keeps", "sums", "unknown"]:
    """Say how the last axis of what a call makes depends on those of what it reads."""
    ranks = {len(tensor.shape) for tensor in call.inputs}
    if len(call.inputs) == 1 and kind in PRODUCERS:
        return "makes"
    if len(call.inputs) == 1 and kind in kinds.RECURRENT:
        return "ends"
    if len(call.inputs) == 1 and kind in kinds.KEEPING:
        return "unknown" if config.get("noise_shape") else "keeps"
    if kind in kinds.DEPTHWISE:
        return "keeps" if config["depth_multiplier"] == 1 else "sums"
    if kind == "Flatten":
        return "keeps" if ranks == {2} else "sums"
    if kind in kinds.MERGES and len(ranks) == 1:
        # Of axes that differ, one has length 1 and is stretched: that has to stay so.
        return "keeps" if len({tensor.shape[-1] for tensor in call.inputs}) == 1 else "unknown"
    if kind in CONCATENATIONS and len(ranks) == 1:
        return "sums" if config["axis"] in (-1, max(ranks) - 1) else "keeps"
    return "unknown"


def _tie_shared(ties: Ties, calls: Iterable[Call]) -> None:
    """Tie what the calls of one layer read and make: they share its weights."""
    first: dict[str, Call] = {}
    for call in calls:
        other = first.setdefault(call.layer, call)
        if other is call:
            continue
        if len(other.inputs) != len(call.inputs):
            ties.frozen |= {tensor.ref for tensor in (*other.inputs, *call.inputs)}
            continue
        for one, another in zip(other.inputs, call.inputs, strict=True):
            ties.tie([one.ref, another.ref])
        ties.tie([(other.layer, other.node, 0), (call.layer, call.node, 0)])
