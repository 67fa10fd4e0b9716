"""Listing: the layers of a model's configuration as rows, for people to compare; nothing is built."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autoopt.untrusted import is_number

TOLD = (
    "units", "filters", "kernel_size", "pool_size", "strides", "dilation_rate", "num_heads", "key_dim", "input_dim",
    "output_dim", "rate", "activation",
)  # fmt: skip
"""Arguments that say what a layer is, in the order in which they are told."""

USUAL = ("linear", None, 0.0)
"""Values that go without saying."""

STEPS = ("strides", "dilation_rate")
"""Arguments of which one, on all sides, goes without saying; a pooling layer's strides are as long as its pool."""

PENALTIES = ("kernel_regularizer", "kernel_constraint")


@dataclass(frozen=True)
class Layer:
    """One layer, as a reader sees it.

    Attributes:
        name: The layer's.
        kind: Its class.
        detail: What else says what it is, such as `"64 units, relu"`.
    """

    name: str
    kind: str
    detail: str = ""


def listed(config: Mapping[str, Any]) -> list[Layer]:
    """Return the layers of a Sequential's or a Functional's configuration, in the order of the model.

    Args:
        config: As `model.get_config()` or a `.keras` file has it; anything else has no layers.

    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, "relu", name="hidden")])
        >>> listed(model.get_config())[1]
        Layer(name='hidden', kind='Dense', detail='4 units, relu')
    """
    entries = config.get("layers")
    return [_layer(entry) for entry in _list(entries) if isinstance(entry, Mapping)]


def details(config: Mapping[str, Any]) -> dict[str, str]:
    """Return what says what a layer is, argument to text; what goes without saying is left out."""
    found = {name: _text(name, config[name]) for name in TOLD if not _is_usual(name, config)}
    inner = config.get("layer")
    if isinstance(inner, Mapping):  # Bidirectional, TimeDistributed
        found["layer"] = str(inner.get("class_name"))
        found.update(details(_mapping(inner.get("config"))))
    return found | {name: _class_of(config[name]) for name in PENALTIES if config.get(name)}


def _layer(entry: Mapping[str, Any]) -> Layer:
    config = _mapping(entry.get("config"))
    name = config.get("name", entry.get("name", ""))
    return Layer(str(name), str(entry.get("class_name", "")), _detail(config))


def _detail(config: Mapping[str, Any]) -> str:
    if isinstance(config.get("layers"), list):
        return f"a model of {len(config['layers'])} layers"
    found = [_told(name, text) for name, text in details(config).items()]
    if "batch_shape" in config:
        found.append(_shape(_list(config["batch_shape"])[1:]))
    return ", ".join(found)


def _told(name: str, text: str) -> str:
    if name in ("units", "filters"):
        return f"{text} {name[:-1] if text == '1' else name}"
    if name == "layer":
        return f"of {text}"
    return text if name in ("activation", *PENALTIES) else f"{name} {text}"


def _is_usual(name: str, config: Mapping[str, Any]) -> bool:
    value = config.get(name)
    if name == "strides" and "pool_size" in config:
        return value is None or _list(value) == _list(config["pool_size"])
    return value in USUAL or (name in STEPS and all(side == 1 for side in _list(value) or (value,)))


def _text(name: str, value: Any) -> str:
    if name == "activation":
        return _class_of(value)
    # A model of the user's has tuples where a file has lists.
    return _shape(value) if isinstance(value, list | tuple) else str(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    """Return what a file of anybody's has where a mapping is expected."""
    return value if isinstance(value, Mapping) else {}


def _shape(sizes: Sequence[Any]) -> str:
    return " × ".join("any" if size is None else str(size) for size in sizes) or "one number"


def _class_of(value: Any) -> str:
    """Return what an object of a configuration is: its name, or its class with its numbers."""
    if not isinstance(value, Mapping):
        return str(value)
    settings = value.get("config")
    if not isinstance(settings, Mapping):
        return str(settings if value.get("class_name") == "function" else value.get("class_name"))
    numbers = [f"{name} {number:.4g}" for name, number in settings.items() if is_number(number) and number]
    return " ".join([str(value.get("class_name")), *numbers])


def _list(value: Any) -> Sequence[Any]:
    """Return what a file of anybody's has where a list is expected."""
    return value if isinstance(value, list | tuple) else ()
