"""Parts: activation, normalization and pooling head of a model, read and set together."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from autoopt.errors import nearest
from autoopt.surgery import activation, kinds, normalization, pooling
from autoopt.surgery.graph import Graph
from autoopt.surgery.stages import Segment, Stages
from autoopt.surgery.template import Edits, Stage, SurgeryError, Template
from autoopt.surgery.wiring import Wiring, wiring

Layers = Mapping[str, Collection[str]]
"""Stage name to the names of all its layers, weighted or not."""


def layers(stages: Mapping[str, Iterable[Segment]]) -> Layers:
    """Return the names of all layers of each stage."""
    return {name: [layer for part in parts for layer in part.layers] for name, parts in stages.items()}


def opened(template: Template, graph: Graph, found: Stages) -> Template:
    """Return a template that says which activations, normalizations and pooling heads there could be."""
    wired, names = wiring(graph), layers(found)
    stages = tuple(_opened(stage, wired, names.get(stage.name, ())) for stage in template.stages)
    removable = {
        name
        for stage in stages
        for segment in found.get(stage.name, ())[stage.min_depth :]
        for name in segment.layers
    }
    return replace(template, stages=stages, pooling=pooling.values(wired, removable))


def is_recurrent_or_attends(template: Template) -> bool:
    """Whether a model has recurrent or attention layers."""
    layers = () if template.config is None else template.config["layers"]
    return any(kinds.wrapped_kind(entry) in kinds.RECURRENT | kinds.ATTENTIONS for entry in layers)


def closed(template: Template) -> Template:
    """Return a template whose parts stay as they are."""
    stages = tuple(replace(stage, activation=(), normalization=()) for stage in template.stages)
    return replace(template, stages=stages, pooling=())


def last(template: Template) -> Edits:
    """Return edits of everything that is open: those that change the most."""
    return Edits(
        activation={stage.name: stage.activation[-1] for stage in template.stages if stage.activation},
        normalization={
            stage.name: stage.normalization[-1] for stage in template.stages if stage.normalization
        },
        pooling=template.pooling[0] if template.pooling else None,
    )


def check(template: Template, edits: Edits) -> None:
    """Raise where a part cannot have the value that it was given.

    Raises:
        SurgeryError: Says what the part of the stage can be.
    """
    stages = {stage.name: stage for stage in template.stages}
    for name, value in edits.activation.items():
        _check(f"The activation of stage {name!r}", value, stages[name].activation)
    for name, value in edits.normalization.items():
        _check(f"The normalization of stage {name!r}", value, stages[name].normalization)
    if edits.pooling is not None:
        _check("The pooling head", edits.pooling, template.pooling)


def _check(what: str, value: str, known: Sequence[str]) -> None:
    if not known:
        raise SurgeryError(
            f"{what} was given {value!r}. Expected none, because this model has no such place that "
            "could be changed. Leave it as written."
        )
    if value not in known:
        raise SurgeryError(
            f"{what} was given {value!r}, which is as written or not known.{nearest(value, known)}"
        )


def _opened(stage: Stage, wired: Wiring, layers: Collection[str]) -> Stage:
    if any(_is_frozen(wired, name) for name in layers):
        return stage
    return replace(
        stage,
        activation=activation.values(wired, layers),
        normalization=normalization.values(wired, layers),
    )


def _is_frozen(wired: Wiring, name: str) -> bool:
    """Whether a layer's weights are not trained: they fit the layers that they were trained with."""
    weighted = wired.kind(name) in kinds.MAPPINGS | kinds.NORMALIZATIONS
    return weighted and not wired.entries[name]["config"].get("trainable", True)


def apply(graph: Graph, names: Layers, edits: Edits) -> None:
    """Set what `edits` say of activation, normalization and pooling, in the graph."""
    for name, value in edits.activation.items():
        activation.apply(graph, names[name], value)
    for name, value in edits.normalization.items():
        normalization.apply(graph, [layer for layer in names[name] if layer in graph.layers], value)
    if edits.pooling is not None:
        pooling.apply(graph, edits.pooling)


def redrawn(template: Template, edits: Edits) -> frozenset[str]:
    """Return the layers whose kernels start from weights of their own, not from those of the user's model."""
    if edits.initializer is not None:
        return frozenset(template.fresh)
    stages = (
        stage for stage in template.stages if edits.activation.get(stage.name) in activation.INITIALIZERS
    )
    return frozenset(template.fresh) & {layer for stage in stages for layer in stage.layers}
