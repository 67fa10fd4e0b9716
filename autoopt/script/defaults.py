"""Defaults: which arguments of a serialized object its class needs, and which of the others differ from what it takes."""

import copy
import inspect
import re
from collections.abc import Mapping
from typing import Any

import keras
from keras.src.utils.naming import to_snake_case


def differing(kind: Any, config: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return which arguments an object needs, in order, and in which others it differs from its class's defaults."""
    signature = inspect.signature(kind.__init__).parameters.values()
    required = [
        each.name
        for each in signature
        if each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD and each.name in config
    ]
    usual = _defaults(kind, {name: config[name] for name in required})
    others = [
        name
        for name, value in config.items()
        if name not in required and not _usual(name, value, usual.get(name, inspect.Parameter.empty))
    ]
    return required, others


def automatic(name: str, kind: str) -> bool:
    """Whether Keras, or an edit of the search, has named a layer: after its class, with a number."""
    return re.fullmatch(rf"{re.escape(to_snake_case(kind))}(_\d+)?", name) is not None or "_copy" in name


def one_sided(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a Bidirectional layer as it is made of one layer, where Keras made the other side of it."""
    if entry["class_name"] != "Bidirectional":
        return entry
    forward, backward = entry["config"]["layer"], entry["config"].get("backward_layer")
    # Keras gives both sides names and has them put out zeros for masked steps.
    sides = [
        {**side["config"], "name": to_snake_case(side["class_name"]), "zero_output_for_mask": False}
        for side in (forward, backward or forward)
    ]
    alike = backward is None or _bare(sides[1]) == _bare(
        {**sides[0], "go_backwards": not sides[0]["go_backwards"]}
    )
    config = {name: value for name, value in entry["config"].items() if name != "backward_layer" or not alike}
    return {**entry, "config": {**config, "layer": {**forward, "config": sides[0]}}}


def _defaults(kind: Any, required: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the configuration of an object that was given no more than it needs."""
    for make in (kind.from_config, lambda given: kind(**given)):  # what they are given is theirs to change
        try:
            return keras.saving.serialize_keras_object(make(copy.deepcopy(dict(required))))["config"]  # type: ignore[no-any-return]
        except (
            Exception
        ):  # Some from_config need everything; a class of the user's own may need more than it says.
            continue
    parameters = inspect.signature(kind.__init__).parameters.values()
    return {"trainable": True, **{each.name: each.default for each in parameters}}


def _usual(name: str, value: Any, usual: Any) -> bool:
    """Whether an argument is what the class takes where none is given."""
    if name == "dtype":
        said = value["config"].get("name") if isinstance(value, Mapping) else value
        return said in (None, "float32") or _bare(value) == _bare(usual)
    return _bare(value) == _bare(usual)


def _bare(value: Any) -> Any:
    """Return a configuration that compares equal where it is the same: tuples are lists, no ids of shared objects."""
    if isinstance(value, Mapping):
        return {
            key: _bare(part) for key, part in value.items() if key not in ("shared_object_id", "build_config")
        }
    if isinstance(value, list | tuple):
        parts = [_bare(part) for part in value]
        return (
            parts[0] if len(parts) == 1 else parts
        )  # some layers make a list of a number when they are built
    return value
