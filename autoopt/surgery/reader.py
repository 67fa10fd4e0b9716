"""Reading: what may be edited of a user's model, found in its configuration and tried out."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import keras

from autoopt.surgery import depth, dropout, endings, kernels, masks, parts, stages, trace, width
from autoopt.surgery.builder import build, rebuild
from autoopt.surgery.graph import Graph
from autoopt.surgery.signature import signature
from autoopt.surgery.template import Edits, Shape, Stage, SurgeryError, Template
from autoopt.surgery.weightless import weightless

logger = logging.getLogger(__name__)

DEEPER = 2
LARGE_KERNEL = 2**24
TRIED_WIDTHS = (0.5, 2.0)


def read(model: keras.Model, input_shape: Any = None) -> Template:
    """Read what can be edited of a model; nothing is trained, and its weights are left alone.

    Args:
        model: Any Keras model, compiled or not. One without inputs of its own is traced, which builds it.
        input_shape: For a model without inputs (subclassed, or Sequential without `keras.Input`): shapes
            of one example, without the batch axis, in the structure that the model takes. A leaf is a
            tuple of lengths such as `(28, 28)`, or with its dtype `((20,), "int32")`.

    Returns:
        The template; where something is closed it says why.

    Example:
        >>> import keras
        >>> layers = [keras.Input((8,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(1)]
        >>> stages = read(keras.Sequential(layers)).stages
        >>> [(stage.name, stage.min_depth, stage.max_depth) for stage in stages]
        [('dense', 1, 3)]
    """
    template = _read(model, input_shape)
    return template if template.config is not None else replace(template, endings=endings.of(model))


def _read(model: keras.Model, input_shape: Any) -> Template:
    try:
        source = trace.functional(model, input_shape)
        sequential = isinstance(model, keras.Sequential)
        written = source.get_config()
        if any(layer["config"].get("stateful") for layer in written["layers"]):
            return Template(
                None, reason="It has a stateful recurrent layer, which needs the batch size as written."
            )
        config, twin = _rebuilt(_clean(written), sequential)
        _check_weights(model, twin)
    except trace.Untraceable as refusal:
        return Template(None, reason=f"The model {refusal}.")
    except Exception as error:  # Custom layers' get_config may raise anything.
        return Template(None, reason=f"The model cannot be rebuilt from its configuration. {error}")
    try:
        return _offered(config, twin, sequential)
    except Exception as error:  # A layer's configuration may be one that nobody foresaw.
        logger.debug("the structure of %s", model.name, exc_info=True)
        return Template(None, reason=f"Its layers are not understood ({type(error).__name__}: {error}).")


def _offered(config: Mapping[str, Any], twin: keras.Model, sequential: bool) -> Template:
    """Return what a configuration has room for, tried out; `twin` is a model of it."""
    graph = Graph(config)
    found = stages.stages(graph)
    l1, l2 = kernels.penalties(graph)
    template = Template(
        config=config,
        sequential=sequential,
        stages=_stages(graph, found, limit=max(twin.count_params(), LARGE_KERNEL)),
        kernels=kernels.names(graph),
        fresh=kernels.fresh(graph),
        initializers=kernels.initializers(graph),
        endings=endings.endings(graph),
        l1=l1,
        l2=l2,
        dropout=dropout.rate(graph, found),
        spatial_dropout=dropout.spatial_rate(graph, found),
        max_norm=kernels.max_norm(graph),
        output_shapes=tuple(_free_batch(output.shape) for output in twin.outputs),
    )
    template = parts.opened(template, graph, found)
    if not template.stages:
        return replace(
            template,
            reason="It has no hidden layers that could be repeated, taken out, widened or narrowed.",
        )
    if depth.proven(graph):
        return template
    alone = [name for name, segments in found.items() if depth.resizes(graph, segments)]
    template = _tried(_fitted(template, graph, found), alone)
    return template if _builds(template, parts.last(template)) else parts.closed(template)


def _rebuilt(config: Mapping[str, Any], sequential: bool) -> tuple[Mapping[str, Any], keras.Model]:
    """Return the configuration to edit, without masks that Keras finds itself, and a model of it without weights."""
    bare = masks.without(config)
    twin = weightless(lambda: build(bare, sequential))
    if len(bare["layers"]) == len(config["layers"]):
        return bare, twin
    found = _clean(trace.functional(twin, None).get_config())
    return (bare, twin) if _alike(found, config) else (config, weightless(lambda: build(config, sequential)))


def _alike(one: Mapping[str, Any], another: Mapping[str, Any]) -> bool:
    told = []
    for config in (one, another):
        graph = Graph(config)
        told.append(signature(graph, graph.calls(), ("", 0, 0)))
    return told[0] == told[1]


def _clean(value: Any) -> Any:
    """Drop what belongs to the model that was read: shapes it was built with, its batch size, `compile`."""
    if isinstance(value, dict):
        kept = {
            key: _clean(part) for key, part in value.items() if key not in {"build_config", "compile_config"}
        }
        if kept.get("batch_shape"):
            kept["batch_shape"] = [None, *kept["batch_shape"][1:]]
        return kept
    if isinstance(value, (list, tuple)):
        return type(value)(_clean(part) for part in value)
    return value


def _free_batch(shape: Sequence[int | None]) -> Shape:
    return (None, *shape[1:])


def _check_weights(written: keras.Model, twin: keras.Model) -> None:
    expected, found = (Counter(tuple(weight.shape) for weight in model.weights) for model in (written, twin))
    if expected != found:
        raise SurgeryError(
            "Its weights would be others: weights of the model's own, or layers inside two nested models."
        )


def _stages(graph: Graph, found: stages.Stages, limit: int) -> tuple[Stage, ...]:
    zones = width.zones(graph, found)
    owned = width.owners(graph, width.groups(graph), zones)
    return tuple(_stage(graph, name, found.get(name, ()), zones[name], owned[name], limit) for name in zones)


def _stage(
    graph: Graph, name: str, segments: Sequence[stages.Segment], weighted: tuple[str, ...],
    owned: Sequence[width.Group], limit: int,
) -> Stage:  # fmt: skip
    if not segments:
        return Stage(name, "block", 1, 1, 1, open_width=bool(owned), layers=weighted)
    single = segments[0].kind in ("dense", "conv")
    return Stage(
        name=name,
        kind=segments[0].kind,
        depth=len(segments),
        min_depth=depth.smallest(graph, tuple(segments), limit) if single else 1,
        max_depth=len(segments) + DEEPER,
        open_width=bool(owned),
        layers=weighted,
    )


def _fitted(template: Template, graph: Graph, found: stages.Stages) -> Template:
    fewest = {name: depth.fitting(graph, segments) for name, segments in found.items()}
    narrowed = (
        replace(stage, min_depth=max(stage.min_depth, fewest.get(stage.name, 1))) for stage in template.stages
    )
    return replace(template, stages=tuple(narrowed))


def _tried(template: Template, alone: Collection[str]) -> Template:
    """Narrow the stages of a model with branches to what really builds: all at once, else one by one.

    Args:
        template: What is offered so far.
        alone: Stages that are tried by themselves in any case.
    """
    shortest = (Edits({stage.name: stage.min_depth}) for stage in template.stages if stage.name in alone)
    if _extremes_build(template) and all(_builds(template, edits) for edits in shortest):
        return template
    tried = tuple(_narrowed(template, stage) for stage in template.stages)
    if not _extremes_build(replace(template, stages=tried)):
        tried = tuple(replace(stage, min_depth=stage.depth, max_depth=stage.depth) for stage in tried)
    closed = all(stage.min_depth == stage.max_depth and not stage.open_width for stage in tried)
    return replace(template, stages=tried, reason="No edit of its layers builds." if closed else "")


def _extremes_build(template: Template) -> bool:
    """Whether everything at its least builds, and everything at its most."""
    wide = [stage.name for stage in template.stages if stage.open_width]
    least = {stage.name: stage.min_depth for stage in template.stages}
    most = {stage.name: stage.max_depth for stage in template.stages}
    return _builds(template, Edits(least, dict.fromkeys(wide, TRIED_WIDTHS[0]))) and _builds(
        template, Edits(most, dict.fromkeys(wide, TRIED_WIDTHS[1]))
    )


def _narrowed(template: Template, stage: Stage) -> Stage:
    def deep(segments: int) -> bool:
        return _builds(template, Edits(depth={stage.name: segments}))

    return replace(
        stage,
        min_depth=_furthest(range(stage.depth - 1, stage.min_depth - 1, -1), deep, stage.depth),
        max_depth=_furthest(range(stage.depth + 1, stage.max_depth + 1), deep, stage.depth),
        open_width=stage.open_width
        and all(_builds(template, Edits(width={stage.name: factor})) for factor in TRIED_WIDTHS),
    )


def _furthest(depths: Sequence[int], builds: Callable[[int], bool], written: int) -> int:
    reached = written
    for segments in depths:
        if not builds(segments):
            break
        reached = segments
    return reached


def _builds(template: Template, edits: Edits) -> bool:
    try:
        weightless(lambda: rebuild(template, edits))
    except SurgeryError:
        return False
    return True
