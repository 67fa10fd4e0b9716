"""Diagram: a model as nodes and edges in plain data, for people to look at; models inside of it are scopes."""

import itertools
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from autoopt.surgery.graph import end, tensors
from autoopt.surgery.listing import details
from autoopt.surgery.trace import Untraceable, functional

logger = logging.getLogger(__name__)

Source = tuple[str, int, int]
"""A tensor as a configuration names it: layer, call, place among what the call returns."""


@dataclass(frozen=True)
class Node:
    """One call of one layer.

    Attributes:
        name: The layer's, behind those of the models that it is in: `"encoder/dense"`.
        kind: The layer's class.
        inputs: Names of the nodes that it reads.
        shape: Of what it returns, with the batch axis; None where that is not known.
        details: What else says what it is, name to text: `{"units": "64"}`.
    """

    name: str
    kind: str
    inputs: tuple[str, ...] = ()
    shape: tuple[int | None, ...] | None = None
    details: Mapping[str, str] = field(default_factory=dict)


def diagram(model: keras.Model) -> list[Node]:
    """Return the nodes of a model; one whose calls cannot be known comes as its layers, without edges.

    Example:
        >>> layers = [keras.Input((8,), name="x"), keras.layers.Dense(4, "relu", name="hidden")]
        >>> [(node.name, node.inputs, node.shape) for node in diagram(keras.Sequential(layers))]
        [('x', (), (None, 8)), ('hidden', ('x',), (None, 4))]
    """
    try:
        graph = functional(model, None)
        shapes = [tuple(output.shape) for output in graph.outputs]
        return diagram_of(graph.get_config(), shapes)
    except Untraceable:
        pass
    except Exception:  # Custom layers' get_config may raise anything.
        logger.debug("%s cannot be drawn with its edges", model.name, exc_info=True)
    return [Node(layer.name, type(layer).__name__) for layer in model.layers]


def diagram_of(config: Mapping[str, Any], shapes: Sequence[tuple[int | None, ...]] = ()) -> list[Node]:
    """Return the nodes of a Functional model's configuration.

    Args:
        config: As `model.get_config()` has it.
        shapes: Of its outputs, where they are known.
    """
    drawing = _Drawing("", config, {})
    nodes = list(drawing.nodes())
    ends = dict(zip(drawing.outputs, shapes, strict=False))
    return [node if node.shape or node.name not in ends else _shaped(node, ends[node.name]) for node in nodes]


class _Drawing:
    """One model of a configuration.

    Args:
        scope: What the names of its nodes begin with.
        config: Its configuration.
        given: Names of its input layers to the nodes that are handed to it; none of the outermost.
    """

    def __init__(self, scope: str, config: Mapping[str, Any], given: Mapping[str, str]) -> None:
        self._scope, self._entries, self._given = scope, config["layers"], given
        self._chain = "input_layers" not in config  # a Sequential: each reads the one before
        self._inner: dict[tuple[str, int], _Drawing] = {}
        layers = {entry["config"]["name"]: entry for entry in self._entries}
        self._ends = [] if self._chain else [end(leaf, layers) for leaf in _leaves(config["output_layers"])]
        self._shapes = {
            tuple(spec["keras_history"]): tuple(spec["shape"])
            for entry in self._entries
            for spec in tensors(entry.get("inbound_nodes", ()))
        }
        if self._chain:
            for entry, reader in itertools.pairwise(self._entries):
                shape = (reader.get("build_config") or {}).get("input_shape")
                if shape:
                    self._shapes[entry["config"]["name"], 0, 0] = tuple(shape)

    @property
    def outputs(self) -> list[str]:
        """Names of the nodes that the model's outputs come from; known once the nodes are."""
        if self._chain:
            last = self._entries[-1]["config"]["name"]
            return [self._source((last, 0, 0))]
        return [self._source(each) for each in self._ends]

    def nodes(self) -> Iterator[Node]:
        """Yield the nodes, each model's inside of it included."""
        before: tuple[Source, ...] = ()
        for entry in self._entries:
            name = entry["config"]["name"]
            calls = [before] if self._chain else _calls(entry)
            for call, read in enumerate(calls):
                yield from self._call(entry, call, read)
            before = ((name, 0, 0),)

    def _call(self, entry: Mapping[str, Any], call: int, read: Sequence[Source]) -> Iterator[Node]:
        config, path = entry["config"], self._path(entry["config"]["name"], call)
        inputs = tuple(self._source(each) for each in read)
        if "layers" in config:
            names = [name for name, _, _ in _leaves(config.get("input_layers", []))]
            first = config["layers"][0]["config"]["name"]
            given = dict(zip(names or [first], inputs, strict=False))
            inner = self._inner[config["name"], call] = _Drawing(f"{path}/", config, given)
            yield from inner.nodes()
            return
        given_here = (self._given[config["name"]],) if config["name"] in self._given else ()
        shape = self._shapes.get((config["name"], call, 0)) or _batch_shape(config)
        yield Node(path, entry["class_name"], (*given_here, *inputs), shape, details(config))

    def _path(self, name: str, call: int) -> str:
        return f"{self._scope}{name}" if call == 0 else f"{self._scope}{name}_call{call + 1}"

    def _source(self, read: Source) -> str:
        """Return the node behind a tensor: of a model inside, the one inside of it."""
        name, call, place = read
        inner = self._inner.get((name, call))
        if inner is None:
            return self._path(name, call)
        ends = inner.outputs
        return ends[min(place, len(ends) - 1)]


def _calls(entry: Mapping[str, Any]) -> list[Sequence[Source]]:
    """Return what each call of a layer reads; a layer of inputs is called once, and reads nothing."""
    nodes = entry.get("inbound_nodes") or [()]
    return [[tuple(spec["keras_history"]) for spec in tensors(node)] for node in nodes]


def _leaves(value: Any) -> Iterator[Source]:
    if isinstance(value, list | tuple) and len(value) == 3 and isinstance(value[0], str):
        yield value[0], value[1], value[2]
    else:
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)


def _batch_shape(config: Mapping[str, Any]) -> tuple[int | None, ...] | None:
    shape = config.get("batch_shape")
    return None if shape is None else tuple(shape)


def _shaped(node: Node, shape: tuple[int | None, ...]) -> Node:
    return Node(node.name, node.kind, node.inputs, shape, node.details)
