"""Calls of a Functional model as they are written: of layers, and of the functions of `keras.ops`."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
from keras.src.utils.naming import to_snake_case

from autoopt.errors import UsageError
from autoopt.script.expression import Call, Display, Expression, flat, listed, literal
from autoopt.script.objects import INSTEAD, Spelling
from autoopt.surgery.graph import record_of

OPERATIONS = "keras.src.ops"
"""Where Keras keeps what a function of `keras.ops` is in a configuration."""


def is_operation(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of a Functional configuration is a function of `keras.ops` and no layer."""
    return str(entry.get("module")).startswith(OPERATIONS)


def arguments(
    node: Mapping[str, Any], spelling: Spelling, tensor: Callable[[Sequence[Any]], str]
) -> Sequence[tuple[str, Expression]]:
    """Return what a call is given.

    Args:
        node: One of an entry's `inbound_nodes`.
        spelling: Writes what is no tensor.
        tensor: Names the tensor of a reference.
    """

    def written(value: Any) -> Expression:
        record = record_of(value)
        if record is not None:
            return tensor(record["keras_history"])
        if isinstance(value, list | tuple):
            return listed([written(each) for each in value])
        if isinstance(value, dict) and "class_name" not in value:
            return Display(
                "{}", tuple((f"{flat(literal(key))}: ", written(each)) for key, each in value.items())
            )
        return spelling.value(value)

    keywords = {name: value for name, value in node["kwargs"].items() if value is not None}
    return (
        *(("", written(each)) for each in node["args"]),
        *((name, written(value)) for name, value in keywords.items()),
    )


def operation(
    entry: Mapping[str, Any], given: Sequence[tuple[str, Expression]], spelling: Spelling
) -> Expression:
    """Return a call of the function that an operation is.

    Args:
        entry: Of the operation.
        given: What `arguments` returned.
        spelling: Writes the rest of what it takes.

    Raises:
        UsageError: Keras has no such function.
    """
    if entry["class_name"] == "GetItem":
        return f"{flat(given[0][1])}[{_subscript(entry['inbound_nodes'][0]['args'][1])}]"
    name = to_snake_case(entry["class_name"])
    function: Any = getattr(keras.ops, name, None)
    own = {key: value for key, value in entry["config"].items() if key != "name"}
    parameters = {} if function is None else inspect.signature(function).parameters
    if function is None or not set(own) <= set(parameters):
        raise UsageError(
            f"The winner calls {entry['class_name']}, for which keras.ops has no function of the same arguments. Expected "
            f"functions of keras.ops. {INSTEAD}"
        )
    several = any(each.kind is each.VAR_POSITIONAL for each in parameters.values())
    first = [("", spelling.value(value)) for value in own.values()] if several else []
    told = {known for known, _ in given}
    others = [
        (key, spelling.value(value))
        for key, value in own.items()
        if not several and key not in told and _differs(value, parameters[key].default)
    ]
    return Call(f"keras.ops.{name}", (*first, *given, *others))


def _differs(value: Any, default: Any) -> bool:
    return isinstance(value, list | dict) or (value is not default and value != default)


def _subscript(key: Any) -> str:
    """Return what stands between square brackets."""
    if isinstance(key, list | tuple):
        return ", ".join(map(_subscript, key))
    if isinstance(key, Mapping) and key.get("class_name") == "__slice__":
        start, stop, step = (key["config"][part] for part in ("start", "stop", "step"))
        ends = ":".join("" if part is None else str(part) for part in (start, stop))
        return ends if step is None else f"{ends}:{step}"
    if isinstance(key, Mapping) and key.get("class_name") == "__ellipsis__":
        return "..."
    if key is None or isinstance(key, int):
        return str(key)
    raise UsageError(
        f"The winner reads a part of a tensor by {key!r}. Expected numbers and slices. {INSTEAD}"
    )
