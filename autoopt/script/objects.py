"""Keras objects as they are written in Python: of their configurations, with what differs from Keras's defaults."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras.src.utils.naming import to_snake_case

from autoopt.errors import UsageError
from autoopt.script.defaults import automatic, differing, one_sided
from autoopt.script.expression import Call, Expression, call, listed, literal, text
from autoopt.script.variables import Variables

INSTEAD = "Export it as keras or saved_model."

NAMELESS = (
    "The winner has a lambda, whose code is bytes that a script cannot say. Expected layers and functions that have a "
    f"name. Write it with keras.ops, or as a layer or function in a file of its own, and search again. {INSTEAD}"
)

EQUAL_SIDES = ("kernel_size", "strides", "pool_size", "dilation_rate", "size", "padding", "cropping")
"""Arguments of layers that a number gives for all sides."""

PUBLIC = (
    "keras.optimizers", "keras.layers", "keras.losses", "keras.metrics", "keras.initializers", "keras.regularizers",
    "keras.constraints", "keras.activations",
)  # fmt: skip
"""Where Keras offers classes and functions."""

NESTED = ("Functional", "Sequential")
"""Models, which are written as functions of their own."""

MOST_NUMBERS = 256
"""Of an array that is written out."""


@dataclass
class Spelling:
    """How objects are written; what the script has to import for them is noted down.

    Attributes:
        nested: Writes a nested model of its entry, as an expression.
        custom_objects: Classes and functions of the user's own, name, or module and name, to object.
        names: Of the script.
        imports: Module to the names of the user's own that are imported from it, each with what the script calls it.
    """

    nested: Callable[[Mapping[str, Any]], Expression]
    custom_objects: Mapping[str, Any] = field(default_factory=dict)
    names: Variables = field(default_factory=Variables)
    imports: dict[str, dict[str, str]] = field(default_factory=dict)

    def value(self, value: Any) -> Expression:
        """Return anything that stands in a configuration: a serialized object, or plain data.

        Raises:
            UsageError: It cannot be written as code.
        """
        if isinstance(value, keras.optimizers.schedules.LearningRateSchedule):
            # Inside of a LossScaleOptimizer Keras leaves it as it is.
            value = keras.saving.serialize_keras_object(value)
        if isinstance(value, Mapping) and "class_name" in value:
            return self._object(value)
        if isinstance(value, list | tuple):
            return listed([self.value(each) for each in value], "[]" if isinstance(value, list) else "()")
        return literal(value)

    def made(
        self,
        entry: Mapping[str, Any],
        without: tuple[str, ...] = (),
        given: Mapping[str, Expression] | None = None,
    ) -> Call:
        """Return the call that makes an object.

        Args:
            entry: As `keras.saving.serialize_keras_object` returns it.
            without: Arguments that are left out.
            given: Arguments that are written otherwise than the configuration says, name to expression.

        Raises:
            UsageError: It cannot be written as code.
        """
        entry = one_sided(entry)
        kind, config, given = self.kind(entry), dict(entry["config"]), given or {}
        required, others = differing(kind, config)
        positional, keywords = [], dict[str, Expression]()
        for name in required:
            positional.append(given[name] if name in given else self._argument(name, config[name]))
        for name in others:
            if name in without or name in given or _is_automatic(name, config[name], kind):
                continue
            value = config[name]
            keywords[name] = self._policy(value) if name == "dtype" else self._argument(name, value)
        keywords |= {name: value for name, value in given.items() if name not in required}
        return call(self.name_of(kind, entry), *positional, **keywords)

    def kind(self, entry: Mapping[str, Any]) -> Any:
        """Return the class or function that an entry names.

        Raises:
            UsageError: It is not found.
        """
        name = entry["config"] if entry["class_name"] == "function" else entry["class_name"]
        module = str(entry.get("module") or "")
        ways = (f"{module}.{name}", entry.get("registered_name") or "", name)
        for known in () if module.split(".")[0] == "keras" else ways:
            found = self.custom_objects.get(known) or keras.saving.get_registered_object(known)
            if found is not None:
                return found
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            raise UsageError(
                f"The winner has {name!r}, which is found nowhere. Expected one of Keras's own or of a module that can be "
                f"imported. Pass it: autoopt.load(run, custom_objects={{{name!r}: {name}}})."
            ) from error

    def name_of(self, kind: Any, entry: Mapping[str, Any]) -> str:
        """Return how the script names a class or function; one of the user's own is imported.

        Raises:
            UsageError: It cannot be imported by its name.
        """
        module, name = str(getattr(kind, "__module__", "")), str(getattr(kind, "__qualname__", ""))
        if module.split(".")[0] == "keras":
            offered = entry["config"] if entry["class_name"] == "function" else entry["class_name"]
            return _public(str(entry.get("module") or "keras"), offered)
        if module in ("__main__", "builtins", "") or not name.isidentifier():
            raise UsageError(
                f"The winner needs {name!r}, which no other file can import: it is defined in {module or 'no module'}. "
                f"Expected a module of its own. Move it into a file, import it from there, and search again. {INSTEAD}"
            )
        own = self.imports.setdefault(module, {})
        if name not in own:
            own[name] = self.names.free(name)
        return own[name]

    def _argument(self, name: str, value: Any) -> Expression:
        if name.endswith("activation") and isinstance(value, Mapping) and "class_name" not in value:
            raise UsageError(NAMELESS)  # how Keras writes down the code of a lambda
        sides = list(value) if isinstance(value, list | tuple) else []
        if (
            name in EQUAL_SIDES
            and sides
            and all(isinstance(side, int) and side == sides[0] for side in sides)
        ):
            return literal(sides[0])
        return self.value(value)

    def _object(self, value: Mapping[str, Any]) -> Expression:
        kind, config = value["class_name"], value.get("config", {})
        if kind in NESTED:
            return self.nested(value)
        _check_sayable(value)
        if kind in ("__tensor__", "__numpy__"):
            return array(np.asarray(config["value"], config["dtype"]))
        if kind == "__slice__":
            return call("slice", *(literal(config[part]) for part in ("start", "stop", "step")))
        if kind == "__tuple__":
            return listed([self.value(each) for each in value["items"]], "()")
        if kind == "function":
            return self.name_of(self.kind(value), value)
        if kind == "DTypePolicy":
            return self._policy(value)
        made = self.made(value)
        # Keras makes each of them of its name but Constant.
        if value.get("module") == "keras.initializers" and not made.arguments and kind != "Constant":
            return text(to_snake_case(kind))
        return made

    def _policy(self, value: Any) -> Expression:
        return text(value["config"]["name"]) if isinstance(value, Mapping) else literal(value)


def _check_sayable(value: Mapping[str, Any]) -> None:
    """Check that an object inside of another is all in its configuration.

    Raises:
        UsageError: It is not.
    """
    kind, config = value["class_name"], value.get("config", {})
    if kind in ("__lambda__", "Lambda"):
        raise UsageError(NAMELESS)
    if kind == "Normalization" and value.get("module") == "keras.layers" and config.get("mean") is None:
        raise UsageError(
            "The winner has a Normalization inside of another layer, where a script cannot give it what it has learnt. "
            f"Expected it among the layers of a model. {INSTEAD}"
        )


def array(value: np.ndarray) -> Expression:
    """Return a small array as the script makes it.

    Raises:
        UsageError: It is too large to be written out.
    """
    if value.size > MOST_NUMBERS:
        raise UsageError(
            f"The winner has {value.size:,} numbers that no initializer draws, such as what a preprocessing layer learnt. "
            f"Expected at most {MOST_NUMBERS} in a script. {INSTEAD}"
        )
    return call("np.array", literal(value.tolist()), literal(str(value.dtype)))


def _public(module: str, name: str) -> str:
    """Return where Keras offers a class of its own; some backends have classes of theirs behind it.

    Raises:
        UsageError: It offers none of that name.
    """
    offered = [module] if not module.startswith("keras.src") else PUBLIC
    for each in offered:
        if getattr(importlib.import_module(each), name, None) is not None:
            return f"layers.{name}" if each == "keras.layers" else f"{each}.{name}"
    raise UsageError(
        f"The winner has Keras's {name}, which Keras offers under no name. Expected what it offers. {INSTEAD}"
    )


def _is_automatic(name: str, value: Any, kind: Any) -> bool:
    return name == "name" and isinstance(value, str) and automatic(value, kind.__name__)
