"""Kernels: the hidden weights whose initializer, penalty and constraint may be set.

Recurrent and attention layers, embeddings and outputs keep what they were written with.
"""

from collections.abc import Collection, Iterator
from typing import Any

import keras

from autoopt.errors import nearest
from autoopt.surgery import kinds
from autoopt.surgery.graph import Graph, heads
from autoopt.surgery.template import SurgeryError

PARTS = ("kernel", "depthwise", "pointwise")
INITIALIZERS = (
    *("glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "lecun_normal", "lecun_uniform"),
    *("orthogonal", "random_normal", "random_uniform", "truncated_normal", "variance_scaling"),
)


def names(graph: Graph) -> tuple[str, ...]:
    """Return the hidden, trainable Dense and convolutional layers."""
    ends = heads(graph)
    return tuple(
        name
        for name, entry in graph.layers.items()
        if kinds.kind(entry) in kinds.KERNELS and name not in ends and entry["config"].get("trainable", True)
    )


def fresh(graph: Graph) -> tuple[str, ...]:
    """Return the kernels whose initializer may be set.

    Keras counts all channels into the fan of a depthwise kernel, each filter of which reads one: what it calls
    `he_normal` is not He's there. Depthwise kernels stay as written.
    """
    return tuple(name for name in names(graph) if graph.kind(name) not in kinds.DEPTHWISE)


def initializers(graph: Graph) -> frozenset[str]:
    """Return what kernels start from as written, each in Keras's words, without seeds."""
    found = [config[key] for config, key in _fields(graph, "initializer")]
    return frozenset(
        str({**each, "config": {**each["config"], "seed": None}}) if isinstance(each, dict) else str(each)
        for each in found
    )


def penalties(graph: Graph) -> tuple[float | None, float | None]:
    """Return the factors of L1 and L2 that all kernels share, None where there is no such number."""
    found = {_factors(config[key]) for config, key in _fields(graph, "regularizer")} or {(0.0, 0.0)}
    if None in found:
        return None, None
    l1, l2 = (set(factors) for factors in zip(*(pair for pair in found if pair), strict=True))
    return (l1.pop() if len(l1) == 1 else None), (l2.pop() if len(l2) == 1 else None)


def initialize(graph: Graph, name: str, layers: Collection[str], scale: float | None = None) -> None:
    """Set the initializer of those of some layers' kernels that may have one, in the graph.

    Args:
        graph: Is changed.
        name: Keras's name of the initializer.
        layers: Names of layers.
        scale: σ of `truncated_normal`, before its cut at 2σ; None takes Keras's.

    Raises:
        SurgeryError: Keras has no initializer of that name.
    """
    try:
        initializer = keras.initializers.get(name)
    except (ValueError, TypeError) as error:
        raise SurgeryError(
            f"initializer was given {name!r}, which Keras does not know.{nearest(str(name), INITIALIZERS)}"
        ) from error
    if scale is not None:
        initializer = keras.initializers.TruncatedNormal(stddev=scale)
    for config, key in _fields(graph, "initializer"):
        if config["name"] in layers and key != "depthwise_initializer":
            config[key] = keras.saving.serialize_keras_object(initializer)


def penalize(graph: Graph, l1: float | None, l2: float | None) -> None:
    """Set the penalty of all kernels, in the graph; the factor that is None stays as written."""
    for config, key in _fields(graph, "regularizer"):
        written = _factors(config[key]) or (0.0, 0.0)
        config[key] = _penalty(written[0] if l1 is None else l1, written[1] if l2 is None else l2)


def max_norm(graph: Graph) -> float | None:
    """Return 0.0 where there are kernels without a constraint, None where there is none to be bound."""
    return 0.0 if any(config[key] is None for config, key in _fields(graph, "constraint")) else None


def constrain(graph: Graph, bound: float) -> None:
    """Bound the norm of the weights into each unit of kernels without a constraint, in the graph.

    Srebro & Shraibman 2005, Rank, Trace-Norm and Max-Norm; for units of nets Srivastava et al. 2014, 5.1.
    """
    for config, key in _fields(graph, "constraint"):
        if config[key] is None:
            axes = _incoming(graph.kind(config["name"]), key)
            config[key] = keras.saving.serialize_keras_object(keras.constraints.MaxNorm(bound, axes))


def open_penalties(graph: Graph) -> None:
    """Give every kernel without a penalty one of factor 0, in the graph."""
    for config, key in _fields(graph, "regularizer"):
        if config[key] is None:
            config[key] = keras.saving.serialize_keras_object(keras.regularizers.L1L2(0.0, 0.0))


def _incoming(kind: str, key: str) -> int | list[int]:
    """Return the axes of a kernel along which the weights into one unit lie, as Keras's MaxNorm takes them."""
    if kind in kinds.DENSE:
        return 0
    outgoing = 1 + next(int(letter) for letter in kind if letter.isdigit())  # place of the last axis
    if key.startswith("depthwise"):
        return list(range(outgoing - 1))  # each unit reads one channel
    if kind in kinds.TRANSPOSED:  # whose kernels end with (outputs, inputs)
        return [*range(outgoing - 1), outgoing]
    return list(range(outgoing))


def _penalty(l1: float, l2: float) -> Any:
    if not l1 and not l2:
        return None
    if l1 and l2:
        return keras.saving.serialize_keras_object(keras.regularizers.L1L2(l1=l1, l2=l2))
    return keras.saving.serialize_keras_object(keras.regularizers.L1(l1) if l1 else keras.regularizers.L2(l2))


def _factors(written: Any) -> tuple[float, float] | None:
    if written is None:
        return 0.0, 0.0
    if isinstance(written, dict) and written["module"] == "keras.regularizers":
        factors = written["config"]
        if written["class_name"] in {"L1", "L2", "L1L2"}:
            return _decimal(factors.get("l1")), _decimal(factors.get("l2"))
    return None


def _decimal(factor: Any) -> float:
    # keras.regularizers.L1 hands out 0.1 as 0.10000000149011612, which is its float32.
    return float(f"{float(factor or 0.0):.7g}")


def _fields(graph: Graph, what: str) -> Iterator[tuple[dict[str, Any], str]]:
    for name in names(graph):
        config = graph.layers[name]["config"]
        for part in PARTS:
            if f"{part}_{what}" in config:
                yield config, f"{part}_{what}"
