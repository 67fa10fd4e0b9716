"""Twin: a Keras model rebuilt from its configuration with the settings taken out of it, to be knobs.

What is left of the configuration is what has to be compiled: two models whose remains are equal are one program.
"""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import keras

from autoopt.engines.knobs import DROPOUTS, Bound, Knobs, Penalty, loosen_dropout

PENALTIES = ("L1", "L2", "L1L2")
OF_SEVERAL_WEIGHTS = ("MultiHeadAttention", "GroupQueryAttention")
"""Layers whose one penalty or constraint stands for several weights: it stays in the configuration."""

ANY_RATE = 0.5
ANY_BOUND = 1.0


@dataclass(frozen=True)
class Remains:
    """A Functional configuration without its settings, and these.

    Attributes:
        config: The configuration: dropout rates, penalty factors, bounds and initializers replaced by constants.
        key: The same as text, whatever the layers are called.
        dropout: Name of each Dropout or SpatialDropout layer with a rate above 0, to the rate.
        penalties: (layer, weight) of each penalized weight, to its factors of L1 and L2.
        initializers: (layer, weight) to the configuration of its initializer.
        bounds: (layer, weight) of each weight under a MaxNorm, to the largest norm.
    """

    config: Mapping[str, Any]
    key: str
    dropout: Mapping[str, float] = field(default_factory=dict)
    penalties: Mapping[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    initializers: Mapping[tuple[str, str], Any] = field(default_factory=dict)
    bounds: Mapping[tuple[str, str], float] = field(default_factory=dict)

    @property
    def knobs(self) -> Mapping[str, Any]:
        """The settings, as `Knobs` has them."""
        return {
            "dropout": [*self.dropout.values()],
            "l1": [l1 for l1, _ in self.penalties.values()],
            "l2": [l2 for _, l2 in self.penalties.values()],
            "max_norm": [*self.bounds.values()],
        }


def remains(config: Mapping[str, Any]) -> Remains:
    """Take the settings out of a flat Functional configuration."""
    stripped = copy.deepcopy(dict(config))
    dropout: dict[str, float] = {}
    penalties: dict[tuple[str, str], tuple[float, float]] = {}
    initializers: dict[tuple[str, str], Any] = {}
    bounds: dict[tuple[str, str], float] = {}
    for entry in stripped["layers"]:
        if not written_by_keras(entry):
            continue
        name, layer = entry["config"]["name"], entry["config"]
        if entry["class_name"] in DROPOUTS and 0 < layer["rate"] < 1:
            dropout[name], layer["rate"] = float(layer["rate"]), ANY_RATE
        for key, value in layer.items():
            if key.endswith("_initializer") and isinstance(value, dict):
                initializers[name, key.removesuffix("_initializer")] = value
                layer[key] = "zeros"
            elif _is_about_a_weight(entry, key, "_constraint") and _is_bound(value):
                bounds[name, key.removesuffix("_constraint")] = float(value["config"]["max_value"])
                value["config"]["max_value"] = ANY_BOUND
            elif _is_about_a_weight(entry, key, "_regularizer") and _is_penalty(value):
                factors = value["config"]
                found = float(factors.get("l1") or 0.0), float(factors.get("l2") or 0.0)
                penalties[name, key.removesuffix("_regularizer")] = found
                layer[key] = None
    places = {
        name: f"layer {i}" for i, name in enumerate(entry["config"]["name"] for entry in stripped["layers"])
    }
    parts = [_unnamed(stripped, places), [(places[name], part) for name, part in penalties]]
    key = json.dumps(parts, sort_keys=True, default=str)
    return Remains(stripped, key, dropout, penalties, initializers, bounds)


def build(found: Remains, knobs: Knobs) -> keras.Model:
    """Build the uncompiled twin; its weights are zeros."""
    model = keras.Model.from_config(copy.deepcopy(dict(found.config)))
    for index, name in enumerate(found.dropout):
        loosen_dropout(model.get_layer(name), knobs, index)
    for index, (name, part) in enumerate(found.penalties):
        weight = weight_of(model.get_layer(name), part)
        if weight is not None:
            weight.regularizer = Penalty(knobs, index)
    for index, (name, part) in enumerate(found.bounds):
        weight = weight_of(model.get_layer(name), part)
        if weight is not None:
            weight.constraint = Bound(knobs, index, weight.constraint.axis)
    return model


def written_by_keras(entry: Mapping[str, Any]) -> bool:
    """Whether a layer is one of Keras's own and no model or wrapper around others."""
    config = entry["config"]
    return entry.get("module") == "keras.layers" and "layer" not in config and "layers" not in config


def weight_of(layer: keras.layers.Layer, part: str) -> Any:
    """Return the variable that `<part>_initializer` and `<part>_regularizer` of a layer are about, or None."""
    by_name = {weight.name: weight for weight in layer.weights}
    # A depthwise convolution's `depthwise_initializer` is about its `kernel`.
    names = (part, f"{part}_kernel", *(("kernel",) if part == "depthwise" else ()))
    return next((by_name[name] for name in names if name in by_name), None)


def _is_about_a_weight(entry: Mapping[str, Any], key: str, ending: str) -> bool:
    """Whether a field is about one weight; about what a layer puts out, it is a constant of the program."""
    about_one = key.endswith(ending) and key != "activity_regularizer"
    return about_one and entry["class_name"] not in OF_SEVERAL_WEIGHTS


def _is_penalty(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get("module") == "keras.regularizers"
        and value["class_name"] in PENALTIES
    )


def _is_bound(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get("module") == "keras.constraints"
        and value["class_name"] == "MaxNorm"
    )


def _unnamed(config: Mapping[str, Any], places: Mapping[str, str]) -> Any:
    """Return a configuration with the layers' names replaced by their places: Keras counts them up."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            if value.get("class_name") == "__keras_tensor__":
                name, *place = value["config"]["keras_history"]
                history = [places.get(name, name), *place]
                return {**value, "config": {**value["config"], "keras_history": history}}
            return {key: walk(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [walk(part) for part in value]
        return value

    def entry(layer: Mapping[str, Any]) -> Any:
        name = places[layer["config"]["name"]]
        bare = {"name", "config", "build_config"}
        kept = {key: walk(value) for key, value in layer.items() if key not in bare}
        return {**kept, "name": name, "config": {**walk(layer["config"]), "name": name}}

    return {
        "layers": [entry(layer) for layer in config["layers"]],
        "ends": [_ends(config.get(side), places) for side in ("input_layers", "output_layers")],
        "trainable": config.get("trainable", True),
    }


def _ends(value: Any, places: Mapping[str, str]) -> Any:
    """Return `input_layers` or `output_layers`, whose leaves are [name, node, tensor]."""
    if isinstance(value, dict):
        return {key: _ends(part, places) for key, part in value.items()}
    if isinstance(value, list | tuple):
        if len(value) == 3 and isinstance(value[0], str):
            return [places.get(value[0], value[0]), *value[1:]]
        return [_ends(part, places) for part in value]
    return value
