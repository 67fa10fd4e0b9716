"""Width: which layers must stay equally wide, and how a stage's layers are made wider or narrower.

Each tensor has one variable, the length of its last axis; union-find ties those that must be equal.
What is not understood freezes its group.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import lcm, prod
from typing import Any, Literal

from autoopt.surgery import kinds
from autoopt.surgery.graph import Call, Entry, Graph, Ref
from autoopt.surgery.stages import Stages

CONCATENATIONS = frozenset({"Concatenate", "ops.Concatenate"})
PRODUCERS = kinds.DENSE | kinds.FILTERED | kinds.TRANSPOSED | kinds.RECURRENT | {"Embedding"}
LENGTHS = ("units", "filters", "output_dim")
"""What a layer's configuration calls the length of the last axis that it makes."""

Relation = Literal["makes", "makes alike", "keeps", "follows", "sums", "doubles", "attends", "unknown"]


@dataclass(frozen=True)
class Group:
    """Layers whose widths change together; the new widths are multiples of `multiple`.

    Attributes:
        layers: Those with weights, in topological order.
        multiple: What every width has to be divisible by.
        followers: Those that only say how wide their input is.
    """

    layers: tuple[str, ...]
    multiple: int
    followers: tuple[str, ...] = ()


@dataclass
class Ties:
    """What is known of the widths so far: ties between tensors, and what limits them.

    Attributes:
        parent: The forest of union-find.
        frozen: Tensors whose width must stay, and why.
        sums: Tensors whose width is computed from those of others: a concatenation, a flattened image.
        makers: Tensors whose width is an argument of a layer.
        followers: Tensors whose width a layer repeats in its configuration.
        multiples: Tensors whose width must be divisible.
    """

    parent: dict[Ref, Ref] = field(default_factory=dict)
    frozen: dict[Ref, str] = field(default_factory=dict)
    sums: dict[Ref, tuple[Ref, ...]] = field(default_factory=dict)
    makers: dict[Ref, str] = field(default_factory=dict)
    followers: dict[Ref, str] = field(default_factory=dict)
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

    def freeze(self, refs: Iterable[Ref], reason: str) -> None:
        """Have the widths of tensors stay."""
        for ref in refs:
            self.frozen.setdefault(ref, reason)

    def close(self) -> dict[Ref, str]:
        """Return the roots that are frozen and why, once sums have been asked whether they may change."""
        frozen = {self.root(ref): reason for ref, reason in self.frozen.items()}
        made = {self.root(ref) for ref in (*self.makers, *self.followers)}
        divisible = {self.root(ref) for ref, multiple in self.multiples.items() if multiple > 1}
        summed = [self.root(ref) for ref in self.sums]
        # A sum follows its parts, so nothing else may decide how wide its group is.
        for root in summed:
            if root in made | divisible or summed.count(root) > 1:
                frozen.setdefault(root, "a sum of widths has to equal another one")
        while True:
            parts = {
                self.root(part): frozen[self.root(ref)]
                for ref in self.sums
                if self.root(ref) in frozen
                for part in self.sums[ref]
            }
            if parts.keys() <= frozen.keys():
                return frozen
            frozen = parts | frozen


def groups(graph: Graph) -> list[Group]:
    """Return the groups of layers whose width can be changed, in topological order of their first layer."""
    return [group for group, reason in every_group(graph) if not reason]


def every_group(graph: Graph) -> list[tuple[Group, str]]:
    """Return all groups of layers that are equally wide, and why their width has to stay; empty where it may change."""
    ties = _ties(graph)
    frozen = ties.close()
    members, followers = _by_root(ties, ties.makers), _by_root(ties, ties.followers)
    multiples: dict[Ref, int] = {}
    for ref, multiple in ties.multiples.items():
        multiples[ties.root(ref)] = lcm(multiples.get(ties.root(ref), 1), multiple)
    return [
        (Group(layers, multiples.get(root, 1), followers.get(root, ())), frozen.get(root, ""))
        for root, layers in members.items()
    ]


def adapts(graph: Graph, ref: Ref, gone: Collection[str]) -> bool:
    """Whether a tensor may have another width once some layers are gone: nothing that stays says how wide it is."""
    ties = _ties(graph)
    root = ties.root(ref)
    return root not in ties.close() and {
        layer for at, layer in ties.makers.items() if ties.root(at) == root
    } <= set(gone)


def _ties(graph: Graph) -> Ties:
    """Write down what every call of a graph demands."""
    calls = graph.calls()
    ties = Ties(frozen=dict.fromkeys(graph.outputs, "it is an output of the model"))
    made: dict[tuple[str, int], set[Ref]] = {(call.layer, call.node): set() for call in calls}
    for ref in [*graph.outputs, *(read.ref for call in calls for read in call.inputs)]:
        made[ref[:2]].add(ref)
    entries = graph.layers
    for call in calls:
        _rule(ties, call, made[call.layer, call.node], entries[call.layer])
    _tie_shared(ties, calls)
    return ties


def _by_root(ties: Ties, named: Mapping[Ref, str]) -> dict[Ref, tuple[str, ...]]:
    found: dict[Ref, dict[str, None]] = {}
    for ref, layer in named.items():
        found.setdefault(ties.root(ref), {})[layer] = None
    return {root: tuple(layers) for root, layers in found.items()}


def owners(
    graph: Graph, open_groups: Iterable[Group], stages: Mapping[str, Sequence[str]]
) -> dict[str, list[Group]]:
    """Give each group to the first stage that has one of its layers, else to the next stage behind it, else to the last.

    Args:
        graph: Whose groups they are.
        open_groups: What `groups` returned.
        stages: Stage name to the names of its weighted layers, in topological order.
    """
    owned: dict[str, list[Group]] = {name: [] for name in stages}
    places = {call.layer: at for at, call in enumerate(graph.calls())}
    ends = {name: max(places[layer] for layer in layers) for name, layers in stages.items()}
    for group in open_groups:
        at = min(places[layer] for layer in group.layers)
        having = [name for name, layers in stages.items() if set(group.layers) & set(layers)]
        behind = sorted((name for name in ends if ends[name] >= at), key=lambda name: ends[name])
        for stage in (*having, *behind, *sorted(ends, key=lambda name: -ends[name]))[:1]:
            owned[stage].append(group)
    return owned


def zones(graph: Graph, stages: Stages) -> dict[str, tuple[str, ...]]:
    """Return the names of each stage's weighted layers; without stages, one zone of all layers whose width is open."""
    if stages:
        return {
            name: tuple(layer for segment in segments for layer in segment.weighted)
            for name, segments in stages.items()
        }
    layers = tuple(layer for group in groups(graph) for layer in group.layers)
    named = [kinds.stage_kind(graph.layers[layer]) for layer in layers]
    return {next(filter(None, named), "block"): layers} if layers else {}


def apply(graph: Graph, stages: Mapping[str, Sequence[str]], width: Mapping[str, float]) -> None:
    """Multiply the widths of stages, in the graph.

    Args:
        graph: Is changed.
        stages: Stage name to the names of its weighted layers.
        width: Stage name to multiplier.
    """
    if all(multiplier == 1.0 for multiplier in width.values()):
        return
    entries = graph.layers
    for stage, owned in owners(graph, groups(graph), stages).items():
        for group in owned:
            for layer in (*group.layers, *group.followers):
                for config, key in _lengths(entries[layer]):
                    length = scaled(_at(config[key]), width.get(stage, 1.0), group.multiple)
                    config[key] = length if isinstance(config[key], int) else [*config[key][:-1], length]


def scaled(width: int, multiplier: float, multiple: int = 1) -> int:
    """Return the multiple of `multiple` nearest to `width` times `multiplier`, and at least one of it."""
    if multiplier == 1.0:
        return width
    return multiple * max(1, round(width * multiplier / multiple))


def _lengths(entry: Entry) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield where in a layer's configuration a width of its group stands."""
    keys = {
        "Reshape": ("target_shape",),
        "LayerScale": ("projection_dim",),
        "MultiHeadAttention": ("num_heads",),
    }
    for config in kinds.inner(entry):
        known = keys.get(kinds.kind(entry)) or [key for key in LENGTHS if key in config][:1]
        grouped = 1 < config.get("groups", 1) == config.get("filters")
        for key in (*known, *(("groups",) if grouped else ())):
            yield config, key


def _at(value: Any) -> int:
    return int(value[-1] if isinstance(value, (list, tuple)) else value)


def _rule(ties: Ties, call: Call, made: set[Ref], entry: Entry) -> None:
    """Write down what one call demands of the widths of what it reads and makes."""
    config = kinds.inner(entry)[0]
    read = [tensor.ref for tensor in call.inputs]
    out, inside = (call.layer, call.node, 0), (call.layer, -1, 0)
    groups = max(1, config.get("groups", 1))
    match _relation(entry, call) if read and not call.arrays and len(made) == 1 else "unknown":
        case "makes":
            ties.makers[out] = call.layer
            ties.multiples |= {out: groups, read[0]: lcm(ties.multiples.get(read[0], 1), groups)}
        case "makes alike":
            ties.makers[out] = call.layer
            ties.tie([out, *read])
        case "doubles":
            ties.makers[inside] = call.layer
            ties.sums[out] = (inside, inside)
        case "attends":
            ties.makers[inside] = call.layer
            ties.tie([out, read[0]])
        case "keeps":
            ties.tie([out, *read])
            ties.multiples[out] = groups
        case "follows":
            ties.tie([out, *read])
            ties.followers[out] = call.layer
        case "sums":
            ties.sums[out] = tuple(read)
        case _:
            ties.freeze({*read, *made}, reason(entry, call))


def reason(entry: Entry, call: Call) -> str:
    """Say why a layer's widths have to stay."""
    if entry["class_name"] == "InputLayer":
        return "it is an input of the model"
    if call.arrays:
        return f"{call.layer} reads constants"
    if entry["config"].get("trainable") is False:
        return f"{call.layer} is frozen"
    if "layers" in entry["config"]:
        return f"{call.layer} is a model of its own"
    if len(call.inputs) > 1 and kinds.kind(entry) in kinds.RECURRENT:
        return f"{call.layer} reads a mask or a state beside its input"
    if any(config.get("return_state") or config.get("stateful") for config in kinds.inner(entry)):
        return f"{call.layer} hands on its state"
    if any(config.get("data_format") == "channels_first" for config in kinds.inner(entry)):
        return f"{call.layer} has its channels first"
    return f"{call.layer} ({entry['class_name']}) is not understood"


def _relation(entry: Entry, call: Call) -> Relation:
    """Say how the last axis of what a call makes depends on those of what it reads."""
    kind, config = kinds.wrapped_kind(entry), kinds.inner(entry)[0]
    ranks = {len(tensor.shape) for tensor in call.inputs}
    if kinds.closed(entry) or any(each.get("data_format") == "channels_first" for each in kinds.inner(entry)):
        return "unknown"
    if kind in kinds.ATTENTIONS:
        return _attention(kind, config)
    if len(call.inputs) > 1:
        return _merge(kind, config, call, ranks)
    if kind in PRODUCERS:
        if kinds.kind(entry) == "Bidirectional":
            return _bidirectional(entry["config"]["merge_mode"])
        if 1 < config.get("groups", 1) == config.get("filters"):  # its groups are a width, too
            return "makes alike" if config["groups"] == call.inputs[0].shape[-1] else "unknown"
        return "makes"
    if kind in kinds.DEPTHWISE:
        return "keeps" if config["depth_multiplier"] == 1 else "sums"
    if kind == "Flatten":
        return "keeps" if ranks == {2} else "sums"
    if kind in ("LayerScale", "Reshape"):
        told = kind == "LayerScale" or _keeps_last(config["target_shape"], call.inputs[0].shape)
        return "follows" if told and kinds.kind(entry) == kind else "unknown"
    noise = (config.get("noise_shape") or [None])[-1]
    fixed = noise not in (None, 1) or isinstance(config.get("scale"), list)
    return "keeps" if kind in kinds.KEEPING | kinds.MERGES and not fixed else "unknown"


def _bidirectional(merge_mode: str | None) -> Relation:
    if merge_mode == "concat":
        return "doubles"
    return "unknown" if merge_mode is None else "makes"


def _attention(kind: str, config: Mapping[str, Any]) -> Relation:
    if kind in ("Attention", "AdditiveAttention"):
        return "keeps"
    return "attends" if kind == "MultiHeadAttention" and config.get("output_shape") is None else "unknown"


def _merge(kind: str, config: Mapping[str, Any], call: Call, ranks: Collection[int]) -> Relation:
    if len(ranks) > 1:
        return "unknown"
    if kind in kinds.MERGES:
        # Of axes that differ, one has length 1 and is stretched: that has to stay so.
        return "keeps" if len({tensor.shape[-1] for tensor in call.inputs}) == 1 else "unknown"
    if kind in CONCATENATIONS:
        return "sums" if config["axis"] in (-1, max(ranks) - 1) else "keeps"
    return "unknown"


def _keeps_last(target: Sequence[int], shape: Sequence[int | None]) -> bool:
    """Whether a Reshape to `target` leaves the last axis as it is."""
    rest = [length or 0 for length in shape[1:-1]]
    return target[-1] == shape[-1] and (-1 in target[:-1] or prod(target[:-1]) == prod(rest))


def _tie_shared(ties: Ties, calls: Iterable[Call]) -> None:
    """Tie what the calls of one layer read and make: they share its weights."""
    first: dict[str, Call] = {}
    for call in calls:
        other = first.setdefault(call.layer, call)
        if other is call:
            continue
        if len(other.inputs) != len(call.inputs):
            ties.freeze((tensor.ref for tensor in (*other.inputs, *call.inputs)), f"{call.layer} is shared")
            continue
        for one, another in zip(other.inputs, call.inputs, strict=True):
            ties.tie([one.ref, another.ref])
        ties.tie([(other.layer, other.node, 0), (call.layer, call.node, 0)])
