"""Functional models: their calls in an order that reads well, and what their tensors are called."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from keras.src.utils.naming import to_snake_case

from autoopt.script.defaults import automatic
from autoopt.script.expression import Call, Display, Expression, call, laid_out, listed, text
from autoopt.script.objects import Spelling
from autoopt.script.operations import arguments, is_operation, operation
from autoopt.script.variables import Variables
from autoopt.surgery import masks
from autoopt.surgery.graph import Graph, end

Place = tuple[str, int]
"""A call: its layer, and which of the layer's calls it is."""


class Layers(Protocol):
    """Who writes layers."""

    spelling: Spelling

    def layer(self, entry: Mapping[str, Any]) -> Expression:
        """Return the expression that makes a layer."""

    def input(self, entry: Mapping[str, Any], named: bool = False) -> Call:
        """Return the expression that makes an input."""

    def learnt(self, entry: Mapping[str, Any], name: str) -> list[str]:
        """Return the statements that follow where a layer was made."""

    def is_learnt(self, entry: Mapping[str, Any]) -> bool:
        """Whether statements follow where a layer is made."""

    def several(self, entry: Mapping[str, Any]) -> bool:
        """Whether a layer puts out several tensors."""


class Functional:
    """Writes one Functional configuration.

    Args:
        config: Is left alone.
        layers: Writes its layers.
        variables: Of the function that is written.
    """

    def __init__(self, config: Mapping[str, Any], layers: Layers, variables: Variables) -> None:
        self._graph = Graph(masks.without(config))
        self._entries, self._layers, self._variables = self._graph.layers, layers, variables
        self._values: dict[Place, str] = {}
        self._made: dict[str, str] = {}
        self._ends = {
            side: _placed(self._graph.config[side], self._entries)
            for side in ("input_layers", "output_layers")
        }
        self._calls = {(each.layer, each.node): each for each in self._graph.calls()}

    def lines(self, others: Mapping[str, Expression]) -> list[str]:
        """Return the statements that make `model`.

        Args:
            others: Further arguments of `keras.Model`.
        """
        lines = self._inputs()
        order = self._order()
        for at, place in enumerate(order):
            after = order[at + 1] if at + 1 < len(order) else None
            lines += self._call(place, after)
        ends = [self._end(self._ends[side]) for side in ("input_layers", "output_layers")]
        return [*lines, *laid_out(call("keras.Model", *ends, **others), 4, "model = ")]

    def _inputs(self) -> list[str]:
        names = [entry for entry in self._entries.values() if entry["class_name"] == "InputLayer"]
        named, lines = isinstance(self._ends["input_layers"], dict), []
        for number, entry in enumerate(names, 1):
            wanted = f"input_{number}" if _wanted(entry) == "input" else _wanted(entry)
            name = "inputs" if len(names) == 1 else self._variables.fresh(wanted)
            self._values[entry["config"]["name"], 0] = name
            lines += laid_out(self._layers.input(entry, named), 4, f"{name} = ")
        return lines

    def _order(self) -> Sequence[Place]:
        """Return the calls such that each branch stands together, in front of what reads it."""
        order: dict[Place, None] = {}
        waiting = [ref[:2] for ref in reversed(list(_leaves(self._ends["output_layers"])))]
        while waiting:
            place = waiting[-1]
            missing = [read.ref[:2] for read in self._calls[place].inputs if read.ref[:2] not in order]
            if missing and place not in order:
                waiting += reversed(missing)
                continue
            order.setdefault(waiting.pop())
        return [place for place in order if self._entries[place[0]]["class_name"] != "InputLayer"]

    def _call(self, place: Place, after: Place | None) -> list[str]:
        entry, lines = self._entries[place[0]], list[str]()
        given = arguments(entry["inbound_nodes"][place[1]], self._layers.spelling, self._tensor)
        if is_operation(entry):
            value = operation(entry, given, self._layers.spelling)
        else:
            layer: Any = self._made.get(place[0])
            if layer is None:
                layer = self._layers.layer(entry)
                if (
                    len(entry["inbound_nodes"]) > 1
                    or self._layers.is_learnt(entry)
                    or isinstance(layer, Display)
                ):
                    name = self._variables.fresh(_wanted(entry))
                    lines += [*laid_out(layer, 4, f"{name} = "), *self._layers.learnt(entry, name)]
                    layer = self._made[place[0]] = name
            value = Call(layer, given)
        self._values[place] = name = self._name(place, after)
        return [*lines, *laid_out(value, 4, f"{name} = ")]

    def _name(self, place: Place, after: Place | None) -> str:
        """Return what the value of a call is called: `x` where the next statement alone reads it."""
        read = Counter(
            each for each, one in self._calls.items() for tensor in one.inputs if tensor.ref[:2] == place
        )
        ends = list(_leaves(self._ends["output_layers"]))
        if place in [ref[:2] for ref in ends]:
            single = len(ends) == 1 and isinstance(self._ends["output_layers"], tuple) and after is None
            return "outputs" if single else self._variables.fresh(_wanted(self._entries[place[0]]))
        return "x" if set(read) == {after} else self._variables.fresh(_wanted(self._entries[place[0]]))

    def _tensor(self, ref: Sequence[Any]) -> str:
        name, node, index = ref
        several = self._layers.several(self._entries[name])
        return f"{self._values[name, node]}[{index}]" if several else self._values[name, node]

    def _end(self, side: Any) -> Expression:
        """Return the inputs or outputs of the model in their structure."""
        if isinstance(side, tuple):
            return self._tensor(side)
        if isinstance(side, dict):
            return Display("{}", tuple((f"{text(name)}: ", self._end(each)) for name, each in side.items()))
        return listed([self._end(each) for each in side])


def _wanted(entry: Mapping[str, Any]) -> str:
    """Return how a layer or its value would be called: Keras's own counts say nothing in a script."""
    name, kind = str(entry["config"]["name"]), to_snake_case(entry["class_name"])
    if kind == "input_layer" and name.startswith(("input_layer", "keras_tensor")):
        return "input"
    return kind if automatic(name, entry["class_name"]) else name


def _placed(side: Any, layers: Mapping[str, Any]) -> Any:
    """Return `input_layers` or `output_layers` with references as tuples, as calls count."""
    if isinstance(side, Mapping):
        return {name: _placed(each, layers) for name, each in side.items()}
    if len(side) == 3 and isinstance(side[0], str):
        return end(side, layers)
    return [_placed(each, layers) for each in side]


def _leaves(side: Any) -> Sequence[tuple[str, int, int]]:
    if isinstance(side, tuple):
        return [side]  # type: ignore[list-item]
    parts = side.values() if isinstance(side, dict) else side
    return [leaf for part in parts for leaf in _leaves(part)]
