"""Models as functions that build them: Sequential where it is a chain, else Keras's functional style."""

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras

from autoopt.errors import UsageError
from autoopt.script.adapted import is_learnt, statistics, vocabulary
from autoopt.script.defaults import automatic
from autoopt.script.expression import Call, Expression, call, laid_out, listed, literal, text
from autoopt.script.functional import Functional
from autoopt.script.objects import INSTEAD, NESTED, Spelling
from autoopt.script.variables import Variables


class Models:
    """Writes a model, and each model inside of it as a function of its own.

    Args:
        model: The winner.
        custom_objects: Classes and functions of the user's own, name to object.

    Raises:
        UsageError: It cannot be written as code.
    """

    def __init__(self, model: keras.Model, custom_objects: Mapping[str, Any]) -> None:
        layers = list(model._flatten_layers())
        kinds = {type(layer) for layer in layers if not _from_keras(type(layer))}
        own = {kind.__name__: kind for kind in kinds}  # entries of __main__ have no module
        own |= {f"{kind.__module__}.{kind.__name__}": kind for kind in kinds}
        self._around: list[Any] = [model]  # whose parts are written, the innermost last
        self._names = Variables()
        self._kept: set[str] = set()
        self.spelling = Spelling(self._nested, {**own, **custom_objects}, self._names)
        self.functions: list[list[str]] = []
        _check_unshared(model, layers)
        for each in (model, *layers):
            if isinstance(each, keras.Model) and type(each).__name__ not in NESTED:
                raise UsageError(
                    f"The winner has a model of the class {type(each).__name__}, whose call no script can say. Expected "
                    f"Sequential and Functional models. {INSTEAD}"
                )

    def body(self, model: keras.Model, named: Sequence[str] = ()) -> list[str]:
        """Return the statements that make `model` of a model, for the body of a function.

        Args:
            model: The winner.
            named: Layers whose names count.
        """
        self._kept |= set(named)
        return self._body(keras.saving.serialize_keras_object(model), Variables(self._names))

    def layer(self, entry: Mapping[str, Any]) -> Expression:
        """Return the expression that makes a layer."""
        if entry["class_name"] in NESTED:
            return self._nested(entry)
        if entry["class_name"] == "InputLayer":
            return self.input(entry)
        live = self._live(entry)
        with self._inside(live):
            made = self.spelling.made(entry, ("vocabulary_size",), {} if live is None else vocabulary(live))
        return self._named(made, entry)

    def learnt(self, entry: Mapping[str, Any], name: str) -> list[str]:
        """Return the statements that follow where a layer was made; `name` is the script's for it."""
        live = self._live(entry)
        return [] if live is None else statistics(live, name)

    def is_learnt(self, entry: Mapping[str, Any]) -> bool:
        """Whether statements follow where a layer is made."""
        return is_learnt(self._live(entry))

    def several(self, entry: Mapping[str, Any]) -> bool:
        """Whether a layer puts out several tensors.

        Raises:
            UsageError: It puts them out by name.
        """
        live = self._live(entry)
        if live is None or not live._inbound_nodes:
            return False
        if isinstance(getattr(live, "_outputs_struct", None), dict):
            raise UsageError(
                f"The winner's part {live.name} puts out a dict. Expected a tensor or a list of a model inside of another. "
                f"{INSTEAD}"
            )
        return len(live._inbound_nodes[-1].output_tensors) > 1

    def input(self, entry: Mapping[str, Any], named: bool = False) -> Call:
        """Return the expression that makes an input.

        Args:
            entry: Of its layer.
            named: Whether data is found by its name.
        """
        config = entry["config"]
        batch, *shape = config["batch_shape"]
        others = {"batch_size": literal(batch)} if batch is not None else {}
        name = config["name"]
        if named or not name.startswith(("input_layer", "keras_tensor")):
            others["name"] = text(name)
        if config["dtype"] != "float32":
            others["dtype"] = text(config["dtype"])
        others |= {key: "True" for key in ("sparse", "ragged", "optional") if config.get(key)}
        return call("keras.Input", literal(tuple(shape)), **others)

    def _live(self, entry: Mapping[str, Any]) -> Any:
        """Return the layer that an entry was written of, None where there is none: other models may have its name, too."""
        parts = _parts(self._around[-1])
        return next((each for each in parts if each.name == entry["config"]["name"]), None)

    @contextlib.contextmanager
    def _inside(self, live: Any) -> Iterator[None]:
        """Have layers be looked for in a layer meanwhile."""
        self._around.append(self._around[-1] if live is None else live)
        try:
            yield
        finally:
            self._around.pop()

    def _named(self, made: Call, entry: Mapping[str, Any]) -> Call:
        """Return the call with the layer's name, where that counts and Keras would find another."""
        name = entry["config"]["name"]
        if name not in self._kept or not automatic(name, entry["class_name"]):
            return made
        return Call(made.callee, (*made.arguments, ("name", text(name))))

    def _nested(self, entry: Mapping[str, Any]) -> Expression:
        name = entry["config"]["name"]
        plain = entry["class_name"].lower() if automatic(name, entry["class_name"]) else name
        function = self._names.fresh(f"build_{plain}")
        title = '    """Return a part of the model."""'
        with self._inside(self._live(entry)):
            body = self._body(entry, Variables(self._names))
        self.functions.append([f"def {function}():", title, *body, "    return model"])
        return call(function)

    def _body(self, entry: Mapping[str, Any], variables: Variables) -> list[str]:
        config = dict(entry["config"])
        frozen = not config.get("trainable", True)
        if frozen:
            config = _thawed(config)
        others = {} if automatic(config["name"], entry["class_name"]) else {"name": text(config["name"])}
        if entry["class_name"] == "Sequential":
            lines = self._chain(config, variables, others)
        else:
            lines = Functional(config, self, variables).lines(others)
        return [*lines, "    model.trainable = False"] if frozen else lines

    def _chain(
        self, config: Mapping[str, Any], variables: Variables, others: Mapping[str, Expression]
    ) -> list[str]:
        before, made = list[str](), list[Expression]()
        entries = list(config["layers"])
        if entries[0]["class_name"] != "InputLayer" and (shape := config.get("build_input_shape")):
            made.append(call("keras.Input", literal(tuple(shape[1:]))))
        for entry in entries:
            layer = self.layer(entry)
            if self.is_learnt(entry):
                name = variables.fresh(entry["config"]["name"])
                before += [*laid_out(layer, 4, f"{name} = "), *self.learnt(entry, name)]
                layer = name
            made.append(layer)
        return [*before, *laid_out(call("keras.Sequential", listed(made), **others), 4, "model = ")]


def _thawed(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a frozen model's configuration without the flags of its layers: one statement sets them all."""

    def entry(layer: Mapping[str, Any]) -> Mapping[str, Any]:
        inside = layer["config"]
        inside = {**inside, "trainable": True} if "trainable" in inside else inside
        return {**layer, "config": _thawed(inside) if "layers" in inside else inside}

    return {**config, "layers": [entry(layer) for layer in config["layers"]]}


def _check_unshared(model: keras.Model, layers: Sequence[Any]) -> None:
    """Check that no layer is in two models: functions that build them cannot share it.

    Raises:
        UsageError: One is.
    """
    parts = {id(each): each for each in (model, *layers) if isinstance(each, keras.Model)}
    hidden = {id(each._functional) for each in parts.values() if isinstance(each, keras.Sequential)}
    held = Counter(id(layer) for key, each in parts.items() if key not in hidden for layer in each.layers)
    twice = next((layer.name for layer in layers if held[id(layer)] > 1), "")
    if twice:
        raise UsageError(
            f"The winner has its layer {twice} in two models at once. Expected each in one, which a script builds in a "
            f"function of its own. {INSTEAD}"
        )


def _parts(layer: Any) -> Sequence[Any]:
    """Return what a model calls, functions of keras.ops included, or the layers inside of any other layer."""
    if isinstance(layer, keras.Sequential):
        return layer.layers  # type: ignore[no-any-return]
    if isinstance(layer, keras.Model) and type(layer).__name__ in NESTED:
        return layer.operations  # type: ignore[no-any-return]
    return list(layer._flatten_layers(include_self=False))


def _from_keras(kind: type) -> bool:
    return kind.__module__.split(".")[0] == "keras"
