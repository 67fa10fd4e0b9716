"""A Functional model's configuration as a graph: which calls there are, and how to rewire them.

Knows nothing of widths or stages. References are Keras's `keras_history`: layer, node, tensor.
"""

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autoopt.surgery import kinds

Ref = tuple[str, int, int]
Entry = dict[str, Any]


@dataclass(frozen=True)
class Tensor:
    """A tensor as a call reads it; `shape` has the batch axis."""

    ref: Ref
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class Call:
    """One call of one layer.

    Attributes:
        layer: The layer's name.
        node: Index of the call among the layer's calls, as references count them.
        inputs: The tensors read, in order.
        simple: It is the layer's only call and reads one tensor as its first argument, and no array.
        arrays: It reads arrays that are written into the configuration.
    """

    layer: str
    node: int
    inputs: tuple[Tensor, ...]
    simple: bool
    arrays: bool


class Graph:
    """A private copy of a Functional configuration; the one thing in this room that mutates."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Copy a configuration, which is left alone."""
        self.config: dict[str, Any] = copy.deepcopy(dict(config))
        self._names = set(_names(self.config))

    @property
    def layers(self) -> dict[str, Entry]:
        """Layer names to their configurations, in the order of the configuration."""
        return {entry["name"]: entry for entry in self.config["layers"]}

    def kind(self, name: str) -> str:
        """Name what a layer is, as `kinds.kind` does."""
        return kinds.kind(self.layers[name])

    @property
    def outputs(self) -> list[Ref]:
        """References of the model's outputs."""
        layers = self.layers
        return [end(leaf, layers) for leaf in _leaves(self.config["output_layers"])]

    def calls(self) -> list[Call]:
        """List the calls such that each follows those that it reads; input layers come as calls, too."""
        waiting = [call for entry in self.config["layers"] for call in self._calls_of(entry)]
        missing = {(call.layer, call.node): {read.ref[:2] for read in call.inputs} for call in waiting}
        readers: dict[tuple[str, int], list[Call]] = {}
        for call in waiting:
            for read in missing[call.layer, call.node]:
                readers.setdefault(read, []).append(call)
        ordered = [call for call in waiting if not call.inputs]
        for call in ordered:  # grows
            for reader in readers.get((call.layer, call.node), ()):
                missing[reader.layer, reader.node].remove((call.layer, call.node))
                if not missing[reader.layer, reader.node]:
                    ordered.append(reader)
        if len(ordered) < len(waiting):
            stuck = sorted({call.layer for call in waiting} - {call.layer for call in ordered})
            raise ValueError(f"The calls of {stuck} read each other.")
        return ordered

    def _calls_of(self, entry: Entry) -> list[Call]:
        nodes = entry["inbound_nodes"]
        if not nodes:
            return [Call(entry["name"], 0, (), False, False)]
        calls = []
        for index, node in enumerate(nodes):
            read = tuple(Tensor(_ref(spec), tuple(spec["shape"])) for spec in tensors(node))
            arrays = any(_arrays(node))
            direct = bool(node["args"]) and record_of(node["args"][0]) is not None
            simple = len(nodes) == 1 and len(read) == 1 and direct and not arrays
            calls.append(Call(entry["name"], index, read, simple, arrays))
        return calls

    def reads(self, ref: Ref) -> list[dict[str, Any]]:
        """Return the records of a tensor in the calls that read it; to change them changes the graph."""
        return [spec for spec in self._reads() if _ref(spec) == ref]

    def input_of(self, name: str) -> Tensor:
        """Return what a layer of one simple call reads."""
        spec = next(tensors(self.layers[name]["inbound_nodes"]))
        return Tensor(_ref(spec), tuple(spec["shape"]))

    def fresh_name(self, wanted: str) -> str:
        """Return `wanted`, or `wanted_1`, …: a name not given yet, which no layer has, nested ones included."""
        name, number = wanted, 0
        while name in self._names:
            number += 1
            name = f"{wanted}_{number}"
        self._names.add(name)
        return name

    def insert_after(self, name: str, entry: Entry) -> None:
        """Put a one-input layer behind the hidden layer `name`, which is called once, for all its readers."""
        old, new = (name, 0, 0), [entry["name"], 0, 0]
        readers = [spec for spec in self._reads() if _ref(spec) == old]
        self._place(entry, dict(readers[0]), offset=1, beside=name)
        for spec in readers:
            spec["keras_history"] = list(new)

    def insert_before(self, name: str, entry: Entry) -> None:
        """Put a one-input layer before layer `name`, whose only call is a simple one."""
        spec = next(tensors(self.layers[name]["inbound_nodes"]))
        self._place(entry, dict(spec), offset=0, beside=name)
        spec["keras_history"] = [entry["name"], 0, 0]

    def _place(self, entry: Entry, source: dict[str, Any], offset: int, beside: str) -> None:
        for node in entry["inbound_nodes"]:
            node["args"] = [{"class_name": "__keras_tensor__", "config": source}, *node["args"][1:]]
        self.config["layers"].insert(list(self.layers).index(beside) + offset, entry)

    def _entry(self, names: Collection[str]) -> dict[str, Any]:
        """Return the record of the one tensor that some layers read of others."""
        every = (spec for name in names for spec in tensors(self.layers[name]["inbound_nodes"]))
        return next(dict(spec) for spec in every if spec["keras_history"][0] not in names)

    def remove(self, names: Collection[str], exit: Ref) -> None:
        """Take out layers with one way in and one way out: what read their exit reads what they read."""
        source = self._entry(names)
        self.config["layers"] = [entry for entry in self.config["layers"] if entry["name"] not in names]
        for spec in self.reads(exit):
            spec.update(copy.deepcopy(source))

    def repeat(
        self, names: Sequence[str], exit: Ref, number: int, left_out: Collection[str] = ()
    ) -> dict[str, str]:
        """Put a copy of layers with one way in and one way out behind them, between their exit and its readers.

        Args:
            names: The layers, all of whose calls are among them.
            exit: What is read of them.
            number: Goes into the names of the copies.
            left_out: Layers of one simple call that are not copied.

        Returns:
            Name of each layer to that of its copy.
        """
        readers = self.reads(exit)
        source = dict(readers[0])
        renamed = {name: self.fresh_name(f"{name}_copy{number}") for name in names if name not in left_out}
        replaced = {_ref(self._entry(names)): source}
        for name in names:
            if name in left_out:
                read = next(tensors(self.layers[name]["inbound_nodes"]))
                replaced[name, 0, 0] = self._followed(read, renamed, replaced)
        copies = [self._copied(name, renamed, replaced) for name in renamed]
        at = 1 + max(list(self.layers).index(name) for name in names)
        self.config["layers"][at:at] = copies
        end = self._followed({**source, "keras_history": list(exit)}, renamed, replaced)
        for spec in readers:
            spec["keras_history"] = list(end["keras_history"])
        return renamed

    def _copied(self, name: str, renamed: Mapping[str, str], replaced: Mapping[Ref, Any]) -> Entry:
        entry = copy.deepcopy(self.layers[name])
        entry["name"] = entry["config"]["name"] = renamed[name]
        for spec in tensors(entry["inbound_nodes"]):
            spec.update(copy.deepcopy(self._followed(spec, renamed, replaced)))
        return entry

    def _followed(
        self, spec: dict[str, Any], renamed: Mapping[str, str], replaced: Mapping[Ref, Any]
    ) -> dict[str, Any]:
        """Return the record of a tensor as the copy reads it."""
        layer, node, tensor = _ref(spec)
        if (layer, node, tensor) in replaced:
            return dict(replaced[layer, node, tensor])
        return {**spec, "keras_history": [renamed.get(layer, layer), node, tensor]}

    def _reads(self) -> Iterator[dict[str, Any]]:
        for entry in self.config["layers"]:
            yield from tensors(entry["inbound_nodes"])


def heads(graph: Graph) -> set[str]:
    """Return the output layers: those from which an output is reached through no other layer that maps.

    Normalizations, activations and merges do not map, nor, to be careful, does what surgery does not know.
    """
    calls = {(call.layer, call.node): call for call in graph.calls()}
    waiting, seen, found = [ref[:2] for ref in graph.outputs], set[tuple[str, int]](), set[str]()
    while waiting:
        key = waiting.pop()
        if key in seen:
            continue
        seen.add(key)
        if graph.kind(key[0]) in kinds.MAPPINGS:
            found.add(key[0])
        else:
            waiting += [read.ref[:2] for read in calls[key].inputs]
    return found


def end(leaf: Sequence[Any], layers: Mapping[str, Entry]) -> Ref:
    """Return a leaf of `input_layers` or `output_layers` as calls are counted elsewhere.

    Keras counts the definition of a nested Functional as its call 0 there, and only there; a Sequential has none.

    Args:
        leaf: Layer, node, tensor.
        layers: Of the model, by their names.
    """
    name, node, tensor = leaf
    return name, node - ("output_layers" in layers[name]["config"]), tensor


def tensors(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the mutable record (`shape`, `dtype`, `keras_history`) of each tensor in a configuration."""
    record = record_of(value)
    if record is not None:
        yield record
    else:
        for part in _parts(value):
            yield from tensors(part)


def record_of(value: Any) -> dict[str, Any] | None:
    """Return the record of a tensor where the value is one."""
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        return value["config"]  # type: ignore[no-any-return]
    return None


def _arrays(value: Any) -> Iterator[bool]:
    if isinstance(value, dict) and value.get("class_name") in {"__tensor__", "__numpy__"}:
        yield True
    for part in _parts(value):
        yield from _arrays(part)


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, (list, tuple)):
        yield from value


def _leaves(value: Any) -> Iterator[list[Any]]:
    if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str):
        yield value
    else:
        for part in _parts(value):
            yield from _leaves(part)


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and isinstance(value.get("name"), str):
        yield value["name"]
    for part in _parts(value):
        yield from _names(part)


def _ref(spec: Mapping[str, Any]) -> Ref:
    layer, node, tensor = spec["keras_history"]
    return layer, node, tensor
