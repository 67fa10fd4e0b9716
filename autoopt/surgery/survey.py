"""Survey: what of a model may be edited, what not, and why; for people to read."""

from collections.abc import Mapping
from dataclasses import dataclass

from autoopt.surgery import kinds, width
from autoopt.surgery.graph import Entry, Graph
from autoopt.surgery.stages import Segment, stages
from autoopt.surgery.template import Stage, Template


@dataclass(frozen=True)
class Survey:
    """What there is to edit.

    Attributes:
        layers: How many layers the model has, input layers included.
        stages: In the order of the model, each with a line for each of its segments.
        widths: Width groups of Dense and convolutional layers.
        open_widths: How many of them may change.
        closed: Why a width has to stay, to the layers of all kinds that this is so for.
    """

    layers: int
    stages: tuple[tuple[Stage, tuple[str, ...]], ...]
    widths: int
    open_widths: int
    closed: Mapping[str, tuple[str, ...]]


def survey(template: Template) -> Survey:
    """Look through a model that can be rebuilt; nothing is built.

    Args:
        template: What `read` returned; its `config` is not None.
    """
    graph = Graph(template.config or {"layers": []})
    found, every = stages(graph), width.every_group(graph)
    mapping = [
        reason
        for group, reason in every
        if any(kinds.wrapped_kind(graph.layers[layer]) in kinds.KERNELS for layer in group.layers)
    ]
    closed: dict[str, tuple[str, ...]] = {}
    for group, reason in every:
        if reason:
            closed[reason] = (*closed.get(reason, ()), *group.layers)
    named = {layer for group, _ in every for layer in group.layers}
    named |= {layer for segments in found.values() for segment in segments for layer in segment.layers}
    for call in graph.calls():
        if graph.kind(call.layer) in kinds.MAPPINGS and call.layer not in named:
            reason = width.reason(graph.layers[call.layer], call)
            closed[reason] = tuple(dict.fromkeys((*closed.get(reason, ()), call.layer)))
    nested = tuple(name for name, entry in graph.layers.items() if "layers" in entry["config"])
    if nested:
        closed["a model of its own"] = nested
    return Survey(
        layers=len(graph.layers),
        stages=tuple(
            (stage, tuple(_line(graph, segment) for segment in found.get(stage.name, ())))
            for stage in template.stages
        ),
        widths=len(mapping),
        open_widths=mapping.count(""),
        closed=closed,
    )


def _line(graph: Graph, segment: Segment) -> str:
    """Name the layers of a segment; of a block the ends, and what has kernels."""
    if segment.kind not in ("block", "attention"):
        return ", ".join(f"{name} ({_told(graph.layers[name])})" for name in segment.layers)
    inside = ", ".join(_told(graph.layers[name]) for name in segment.weighted)
    return f"{segment.layers[0]} … {segment.layers[-1]}, {len(segment.layers)} layers: {inside}"


def _told(entry: Entry) -> str:
    lengths = [
        str(config[key]) for config in kinds.inner(entry)[:1] for key in width.LENGTHS if key in config
    ]
    wrapped = f"({kinds.wrapped_kind(entry)})" if kinds.kind(entry) in kinds.WRAPPERS else ""
    return " ".join((entry["class_name"] + wrapped, *lengths))
