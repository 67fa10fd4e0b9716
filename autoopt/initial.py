"""Where weights start: drawn anew for each training from its seed, layer by layer, without building a model.

What a layer's initializer does not explain, loaded weights for example, is kept as the user's model has it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from autoopt import seeding
from autoopt.engines.twin import weight_of

Initializers = Mapping[tuple[str, str], Any]
"""(layer, part) to the configuration that stands under `<part>_initializer` of the layer."""

Kept = Mapping[tuple[str, str], np.ndarray]
"""(layer, weight) to a value that every training starts from."""


TRUNCATED_DEVIATION = 0.87962566103423978
"""Standard deviation of a standard normal distribution cut off at ±2."""


@dataclass(frozen=True)
class _Source:
    """Where a weight comes from; `part` and `config` are None where no initializer is known."""

    layer: keras.layers.Layer
    name: str
    weight: Any
    part: str | None
    config: Any


def kept(model: keras.Model, initializers: Initializers, again: Callable[[], keras.Model]) -> Kept | None:
    """Return the weights of the user's model that are no draws of their initializers.

    Args:
        model: As it was built.
        initializers: Of its layers.
        again: Builds it with another seed.

    Returns:
        None where some weights are drawn in a way that cannot be repeated without building the model.
    """
    others = [source for source in _sources(model, initializers, {}) if not _explained(source)]
    if not others:
        return {}
    second, found = again(), {}
    for source in others:
        layer = second.layers[model.layers.index(source.layer)]
        values = [weight.numpy() for weight in (source.weight, *_named(layer, source.weight.name))]
        if len(values) != 2 or not np.array_equal(*values):
            return None
        found[source.name, source.weight.name] = values[0]
    return found


def draw(
    model: keras.Model, initializers: Initializers, constants: Kept, seed: int, names: Mapping[str, str]
) -> list[np.ndarray]:
    """Return initial weights in Keras's order, the same for every model of these layers.

    Args:
        model: Whose weights are wanted; its values do not matter.
        initializers: Of its layers.
        constants: Taken where the shape is the same.
        seed: Where the draws come from.
        names: Name of a layer in `model` to its name in the other arguments, where they differ.
    """
    drawn = []
    for index, source in enumerate(_sources(model, initializers, names)):
        constant = constants.get((source.name, source.weight.name))
        if constant is not None and constant.shape == tuple(source.weight.shape):
            drawn.append(constant)
        else:
            drawn.append(_drawn(source, seeding.derive(seed, index)))
    return drawn


def start(model: keras.Model, biases: Mapping[str, Sequence[float]], names: Mapping[str, str]) -> None:
    """Set the biases of some layers of a model.

    Args:
        model: Is changed.
        biases: Layer to bias.
        names: Name of a layer in `model` to its name in `biases`, where they differ.
    """
    for layer in model.layers:
        bias = biases.get(names.get(layer.name, layer.name))
        if bias is not None:
            layer.bias.assign(np.array(bias, "float32"))


def _sources(model: keras.Model, initializers: Initializers, names: Mapping[str, str]) -> Sequence[_Source]:
    """Return where each weight of a model comes from, in Keras's order."""
    parts: dict[str, list[tuple[str, Any]]] = {}
    for (name, part), config in initializers.items():
        parts.setdefault(name, []).append((part, config))
    found: dict[int, _Source] = {}
    for layer in model.layers:
        name = names.get(layer.name, layer.name)
        for weight in layer.weights:
            found[id(weight)] = _Source(layer, name, weight, None, None)
        for part, config in parts.get(name, ()):
            weight = weight_of(layer, part)
            if weight is not None:
                found[id(weight)] = _Source(layer, name, weight, part, config)
    return [found[id(weight)] for weight in model.weights]


def _explained(source: _Source) -> bool:
    """Whether a weight is what its layer's own initializer, which remembers its seed, draws."""
    initializer = getattr(source.layer, f"{source.part}_initializer", None)
    if initializer is None:
        return False
    again = initializer(source.weight.shape, dtype=source.weight.dtype)
    return np.array_equal(keras.ops.convert_to_numpy(again), source.weight.numpy())


def _drawn(source: _Source, seed: int) -> np.ndarray:
    initializer = keras.initializers.get(source.config)
    if not isinstance(initializer, keras.initializers.Initializer):  # a function of the user's
        with seeding.drawn_from(seed):
            return keras.ops.convert_to_numpy(initializer(source.weight.shape, dtype=source.weight.dtype))
    config = initializer.get_config()
    if _plain(config):
        shape, dtype = tuple(source.weight.shape), source.weight.dtype
        if isinstance(initializer, keras.initializers.VarianceScaling):
            return variance_scaled(initializer, shape, seed).astype(dtype)
        if type(initializer) is keras.initializers.TruncatedNormal:
            cut = _cut_normal(shape, np.random.default_rng(seed))
            return (initializer.mean + initializer.stddev * cut).astype(dtype)
    if "seed" in config and config["seed"] is None:
        initializer = type(initializer).from_config({**config, "seed": seed})
    return keras.ops.convert_to_numpy(initializer(source.weight.shape, dtype=source.weight.dtype))


def _named(layer: keras.layers.Layer, name: str) -> list[Any]:
    return [weight for weight in layer.weights if weight.name == name]


def _plain(config: Mapping[str, Any]) -> bool:
    """Whether an initializer has neither a seed nor axes of the user's."""
    return all(config.get(name) is None for name in ("seed", "input_axes", "output_axes"))


def variance_scaled(
    initializer: keras.initializers.VarianceScaling, shape: tuple[int, ...], seed: int
) -> np.ndarray:
    """Draw what Glorot's, He's and LeCun's initializers draw, without a kernel compiled for each shape.

    Variance is scale / n, where n is fan_in, fan_out or their mean (Glorot & Bengio 2010; He et al. 2015).
    """
    field = math.prod(shape[:-2])
    fans = (shape[0], shape[0]) if len(shape) < 2 else (shape[-2] * field, shape[-1] * field)
    n = {"fan_in": fans[0], "fan_out": fans[1], "fan_avg": sum(fans) / 2}[initializer.mode]
    variance, random = initializer.scale / max(1.0, n), np.random.default_rng(seed)
    if initializer.distribution == "uniform":
        limit = math.sqrt(3 * variance)
        return random.uniform(-limit, limit, shape)
    if initializer.distribution == "untruncated_normal":
        return random.standard_normal(shape) * math.sqrt(variance)
    return _cut_normal(shape, random) * math.sqrt(variance) / TRUNCATED_DEVIATION


def _cut_normal(shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    """Draw from a standard normal distribution cut off at ±2."""
    values = random.standard_normal(shape)
    while (outside := np.abs(values) > 2).any():
        values[outside] = random.standard_normal(int(outside.sum()))
    return values
