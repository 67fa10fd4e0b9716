"""Deepening: the weights of a layer that the child has and its parent has not, so that it changes nothing.

Net2Deeper (Chen, Goodfellow & Shlens 2016, arXiv 1511.05641, section 2.3): a kernel that is the identity, where the
activation leaves what it is given as it is; ReLU does so behind a ReLU, tanh nowhere. A residual branch begins as
zero, as in Goyal et al. 2017 (arXiv 1706.02677, section 5.1).
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from autoopt.surgery import kinds, ranges
from autoopt.surgery.units import Array, Units

WITHOUT_EFFECT = kinds.DROPOUTS | {"Identity", "ops.Identity"}
"""What does nothing when nothing trains."""


def unchanging(
    kind: str, config: Mapping[str, Any], drawn: Mapping[str, Array], read: Units
) -> Mapping[str, Array] | None:
    """Return the weights with which an inserted layer hands on what it is given, None where there are none such.

    A batch normalization does so when nothing trains, as long as its statistics are the initial ones; the paper
    sets its scale and offset to undo what the statistics of the data do, which takes data.

    Args:
        kind: As `kinds.kind` names the layer.
        config: Its configuration.
        drawn: Its weights as they were drawn, by name.
        read: What it is given.
    """
    if kind in WITHOUT_EFFECT:
        return drawn
    if kind == "BatchNormalization":
        return _normalizing(config, drawn)
    if kind in kinds.ACTIVATIONS:
        name = ranges.activation(kind, config)
        return drawn if ranges.keeps(name, (read.low, read.high)) else None
    if kind not in kinds.DENSE | kinds.CONVOLUTIONS or not _as_large(kind, config):
        return None
    if not ranges.keeps(ranges.activation(kind, config), (read.low, read.high)):
        return None
    return _identity(kind, config, drawn)


def silent(kind: str, config: Mapping[str, Any], drawn: Mapping[str, Array]) -> Mapping[str, Array] | None:
    """Return the weights with which the last layer of a residual branch gives zeros, None where there are none.

    Args:
        kind: As `kinds.kind` names the layer.
        config: Its configuration.
        drawn: Its weights as they were drawn, by name.
    """
    last = {name for name in drawn if name.partition(" ")[0] in ("bias", "beta")}
    if kind in kinds.NORMALIZATIONS:
        last |= {"gamma"}
    elif kind == "MultiHeadAttention":
        last |= {"kernel 3"}  # of query, key, value and output, in this order
    elif kind in kinds.KERNELS and keeps_zero(kind, config):
        last |= {"pointwise_kernel" if "pointwise_kernel" in drawn else "kernel"}
    else:
        return None
    if not last <= set(drawn):
        return None
    return {name: np.zeros_like(array) if name in last else array for name, array in drawn.items()}


def keeps_zero(kind: str, config: Mapping[str, Any]) -> bool:
    """Whether what a layer or its activation makes of zeros is zeros."""
    return kind in WITHOUT_EFFECT or ranges.activation(kind, config) in ranges.ZERO_AT_ZERO


def _normalizing(config: Mapping[str, Any], drawn: Mapping[str, Array]) -> Mapping[str, Array] | None:
    """Scale by the square root of variance 1 and epsilon, by which it divides."""
    if "gamma" not in drawn:
        return None
    constants = {"gamma": math.sqrt(1 + config["epsilon"]), "moving_variance": 1.0}
    return {name: np.full_like(array, constants.get(name, 0.0)) for name, array in drawn.items()}


def _as_large(kind: str, config: Mapping[str, Any]) -> bool:
    """Whether a convolution keeps the size of images, in which case there is a weight for the place itself."""
    if kind in kinds.DENSE:
        return True
    if config.get("data_format") == "channels_first" or max(config["strides"]) > 1:
        return False
    if config["padding"] == "valid":
        return max(config["kernel_size"]) == 1
    uneven = all(length % 2 for length in config["kernel_size"])
    return config["padding"] == "causal" or uneven or max(config["dilation_rate"]) == 1


def _identity(kind: str, config: Mapping[str, Any], drawn: Mapping[str, Array]) -> Mapping[str, Array] | None:
    weights = {name: np.zeros_like(array) for name, array in drawn.items()}
    if set(weights) - {"kernel", "bias", "depthwise_kernel", "pointwise_kernel"}:
        return None
    here = _here(config) if kind in kinds.CONVOLUTIONS else ()
    if kind in kinds.DEPTHWISE or kind.startswith("Separable"):
        each = weights["depthwise_kernel" if "depthwise_kernel" in weights else "kernel"]
        if each.shape[-1] != 1:
            return None
        each[here] = 1.0
    if kind in kinds.DEPTHWISE:
        return weights
    kernel = weights["pointwise_kernel" if "pointwise_kernel" in weights else "kernel"]
    read, made = kernel.shape[-2:]
    groups = config.get("groups", 1)
    if read * groups != made:
        return None
    place = (0,) * (kernel.ndim - 2) if kind.startswith("Separable") else here
    kernel[(*place, np.arange(made) % read, np.arange(made))] = 1.0
    return weights


def _here(config: Mapping[str, Any]) -> tuple[int, ...]:
    """Return where in its kernel a convolution has the weight of the place itself."""
    if config["padding"] == "causal":
        return tuple(length - 1 for length in config["kernel_size"])
    return tuple((length - 1) // 2 for length in config["kernel_size"])
