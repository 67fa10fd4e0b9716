"""Parameters: how many weights an edited model has, without drawing one of them."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from autoopt.surgery import kinds
from autoopt.surgery.builder import edited, rebuild
from autoopt.surgery.graph import Call, Graph
from autoopt.surgery.template import Edits, Template
from autoopt.surgery.weightless import weightless

WITHOUT_WEIGHTS = kinds.DROPOUTS | kinds.ACTIVATION_OPERATIONS | (kinds.ACTIVATION_LAYERS - {"PReLU"})


def count_params(template: Template, edits: Edits) -> int:
    """Return how many weights the user's model has with changes, frozen ones included, as Keras counts them.

    Args:
        template: What `read` returned.
        edits: What to change.

    Raises:
        SurgeryError: A stage that does not exist, a value out of its range, or a model that cannot be built.

    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(8), keras.layers.Dense(10)])
        >>> from autoopt.surgery import Edits, read
        >>> count_params(read(model), Edits(width={"dense": 2.0}))
        1210
    """
    found = of_dense_chain(edited(template, edits))
    if found is not None:
        return found
    return weightless(lambda: int(rebuild(template, edits).count_params()))


def of_dense_chain(config: Mapping[str, Any]) -> int | None:
    """Return how many weights a plain dense chain has; nothing is built.

    A dense chain of widths n_0, n_1, …, n_K has Σ (n_k + 1) · n_{k+1} of them, the 1 being the bias
    (Goodfellow, Bengio & Courville 2016, section 6.1: h = g(Wᵀx + b) in each layer); BatchNormalization and
    LayerNormalization add one for each unit and vector that they keep.

    Args:
        config: A flat Functional configuration, as `edited` returns it.

    Returns:
        None where the model is no chain of Dense layers, normalizations over the last axis and layers without
        weights, behind one input of known lengths.

    """
    graph = Graph(config)
    entries, calls = graph.layers, graph.calls()
    shape = _input(entries[calls[0].layer])
    if shape is None or not _is_chain(graph, calls):
        return None
    total = 0
    for call in calls[1:]:
        step = _layer(graph.kind(call.layer), entries[call.layer]["config"], shape)
        if step is None:
            return None
        shape, weights = step
        total += weights
    return total


def _is_chain(graph: Graph, calls: Sequence[Call]) -> bool:
    """Whether each call reads what the one before it makes, and nothing else, and the last makes the output."""
    made = [(call.layer, 0, 0) for call in calls]
    follows = (
        call.simple and call.inputs[0].ref == before for call, before in zip(calls[1:], made, strict=False)
    )
    return all(follows) and graph.outputs == made[-1:]


def _input(entry: Mapping[str, Any]) -> tuple[int, ...] | None:
    """Return the shape of one example, None where it is not known."""
    lengths = tuple((entry["config"].get("batch_shape") or [None, None])[1:])
    return lengths if entry["class_name"] == "InputLayer" and None not in lengths else None


def _layer(
    kind: str, config: Mapping[str, Any], shape: tuple[int, ...]
) -> tuple[tuple[int, ...], int] | None:
    """Return the shape that a layer makes of another, and its weights; None where that is not known."""
    width = shape[-1] if shape else 1
    if kind in kinds.DENSE:
        units, known = config["units"], not config.get("lora_rank") and _plain(config)
        return ((*shape[:-1], units), (width + config["use_bias"]) * units) if known else None
    if kind == "Flatten":
        return (prod(shape),), 0
    if kind == "BatchNormalization" and config["axis"] in (-1, len(shape)) and not config.get("renorm"):
        # Mean and variance are kept in any case.
        return shape, width * (2 + config["scale"] + config["center"])
    if kind == "LayerNormalization" and config["axis"] in (-1, [-1]) and not config.get("rms_scaling"):
        return shape, width * (config["scale"] + config["center"])
    return (shape, 0) if kind in WITHOUT_WEIGHTS and _plain(config) else None


def _plain(config: Mapping[str, Any]) -> bool:
    """Whether a layer has no weights beside its own: a quantized kernel has scales, a layer as activation its own."""
    policy = config.get("dtype")
    as_written = not isinstance(policy, Mapping) or policy.get("class_name") == "DTypePolicy"
    named = isinstance(config.get("activation", ""), str)
    return named and as_written and not config.get("quantization_config")
