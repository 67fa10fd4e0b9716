"""Building: from a template and edits to a Keras model, or to an error that says what would be right."""

import copy
from collections.abc import Mapping
from typing import Any

import keras

from autoopt.errors import nearest
from autoopt.surgery import depth, dropout, kernels, parts, stages, width
from autoopt.surgery.graph import Graph
from autoopt.surgery.template import Edits, Stage, SurgeryError, Template


def rebuild(template: Template, edits: Edits) -> keras.Model:
    """Build the user's model anew, with changes.

    Weights are fresh; layers that are not edited keep their names, so that weights can be carried over.

    Args:
        template: What `read` returned.
        edits: What to change.

    Returns:
        An uncompiled model, a `keras.Sequential` where the user's is one.

    Raises:
        SurgeryError: A stage that does not exist, a value out of its range, or a model that cannot be built.

    Example:
        >>> import keras
        >>> layers = [keras.Input((8,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(1)]
        >>> from autoopt.surgery import Edits, read, rebuild
        >>> template = read(keras.Sequential(layers))
        >>> rebuild(template, Edits(depth={"dense": 2}, width={"dense": 2.0})).count_params()
        153
    """
    model = build(edited(template, edits), template.sequential)
    shapes = tuple(tuple(output.shape) for output in model.outputs)
    if shapes != template.output_shapes:
        raise SurgeryError(
            f"With {edits} the outputs would have the shapes {shapes}. "
            f"Expected {template.output_shapes}, as written. Give other depths."
        )
    return model


def edited(template: Template, edits: Edits, penalties: bool = False) -> Mapping[str, Any]:
    """Return the flat Functional configuration of the user's model with changes; nothing is built.

    Args:
        template: What `read` returned.
        edits: What to change.
        penalties: Whether every kernel gets a penalty, one of factor 0 where it has none.

    Raises:
        SurgeryError: A stage that does not exist, or a value out of its range.
    """
    if template.config is None:
        raise SurgeryError(
            f"This model cannot be rebuilt: {template.reason} "
            "Expected one whose layers Keras can rebuild from get_config(). "
            "Use it as it is, or close structure, initialization and regularization."
        )
    _check(template, edits)
    graph = Graph(template.config)
    found = depth.apply(graph, stages.stages(graph), edits.depth)
    width.apply(graph, width.zones(graph, found), edits.width)
    if edits.dropout is not None:
        dropout.apply(graph, found, edits.dropout)
    if edits.spatial_dropout is not None:
        dropout.apply_spatial(graph, found, edits.spatial_dropout)
    parts.apply(graph, parts.layers(found), edits)  # after dropout, which goes behind activations
    if edits.initializer is not None:  # after parts: it wins over what an activation asks for
        own = set(template.kernels) - set(template.fresh)
        kernels.initialize(graph, edits.initializer, set(graph.layers) - own, edits.initializer_scale)
    if edits.l1 is not None or edits.l2 is not None:
        kernels.penalize(graph, edits.l1, edits.l2)
    if edits.max_norm:
        kernels.constrain(graph, edits.max_norm)
    if penalties:
        kernels.open_penalties(graph)
    return graph.config


def build(config: Mapping[str, Any], sequential: bool) -> keras.Model:
    """Build a model of a Functional configuration.

    Args:
        config: Is left alone, although Keras empties what it reads.
        sequential: Whether to make a `keras.Sequential` of the layers, which are then a chain.

    Raises:
        SurgeryError: Keras cannot build it.
    """
    config = copy.deepcopy(dict(config))
    try:
        if not sequential:
            return keras.Model.from_config(config)
        model = keras.Sequential.from_config({"name": config["name"], "layers": config["layers"]})
    except Exception as error:  # Layers of any origin run here and may raise anything.
        lines = str(error).strip().splitlines() or [""]
        raise SurgeryError(
            f"Keras cannot build the model ({type(error).__name__}: {lines[0]}) Expected layers that it can "
            "build from their configuration, and shapes that fit. Register custom layers with "
            "keras.saving.register_keras_serializable(), or give other depths and widths."
        ) from error
    if not config["trainable"]:
        model.trainable = False
    return model


def _check(template: Template, edits: Edits) -> None:
    known = {stage.name: stage for stage in template.stages}
    for name in (*edits.depth, *edits.width, *edits.activation, *edits.normalization):
        if name not in known:
            raise SurgeryError(f"This model has no stage {name!r}.{nearest(name, known)}")
    for name, segments in edits.depth.items():
        _check_depth(known[name], segments)
    for name, multiplier in edits.width.items():
        _check_width(known[name], multiplier)
    parts.check(template, edits)
    _check_numbers(edits)


def _check_numbers(edits: Edits) -> None:
    for name, number, example in (
        ("l1", edits.l1, "1e-4"),
        ("l2", edits.l2, "1e-4"),
        ("max_norm", edits.max_norm, "3.0"),
    ):
        if number is not None and not number >= 0:
            raise SurgeryError(f"{name} was given {number}. Expected 0 or more. Give for example {example}.")
    for name, rate in (("dropout", edits.dropout), ("spatial_dropout", edits.spatial_dropout)):
        if rate is not None and not 0 <= rate < 1:
            raise SurgeryError(
                f"{name} was given {rate}. Expected a rate from 0 up to below 1. Give for example 0.2."
            )


def _check_depth(stage: Stage, segments: int) -> None:
    if not stage.min_depth <= segments <= stage.max_depth:
        raise SurgeryError(
            f"The depth of stage {stage.name!r} was given {segments}. "
            f"Expected {stage.min_depth} to {stage.max_depth} segments; as written it has {stage.depth}."
        )


def _check_width(stage: Stage, multiplier: float) -> None:
    if not multiplier > 0:
        raise SurgeryError(
            f"The width of stage {stage.name!r} was given {multiplier}. "
            "Expected a multiplier above 0. Give for example 0.5 or 2."
        )
    if multiplier != 1 and not stage.open_width:
        raise SurgeryError(
            f"The width of stage {stage.name!r} was given {multiplier}. Expected 1, because its widths "
            "are tied to the model's inputs or outputs, to another stage, or to layers that cannot change."
        )
