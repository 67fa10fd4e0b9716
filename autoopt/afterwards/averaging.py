"""Averaging: several models of the same inputs and outputs as one model, made of Keras's own layers alone."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from autoopt import compiling
from autoopt.errors import ModelError
from autoopt.task import outputs


def averaged(members: Mapping[str, tuple[keras.Model, int]], like: keras.Model) -> keras.Model:
    """Return a model whose every output is the weighted mean of the members' outputs, compiled like one of them.

    The members are frozen: what they were penalized for in training is no part of its loss.

    Args:
        members: What each is called, to the model and how often it counts.
        like: The model whose inputs, names of outputs, loss, metrics and optimizer it has.
    """
    counts = [count for _, count in members.values()]
    often = [count // math.gcd(*counts) for count in counts]
    taken = {tensor.name for tensor in like.inputs} | {output.layer for output in outputs.read(like).each}
    given = keras.tree.map_structure(
        lambda tensor: keras.Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name),
        _inputs(like),
    )
    flat = []
    for name, (member, _) in members.items():
        while name in taken:
            name += "_"
        taken.add(name)
        # The same layers, but not compiled: a file would hold each member's optimizer.
        plain = keras.Model(_inputs(member), member.outputs, name=name)
        plain.trainable = False
        flat.append(keras.tree.flatten(plain(given)))
    read = outputs.read(like)
    means = [
        _mean([parts[place] for parts in flat], often, output.layer)
        for place, output in enumerate(_in_order(read))
    ]
    whole = dict(zip(sorted(each.name for each in read.each), means, strict=True)) if read.as_dict else means
    model = keras.Model(given, means[0] if whole is means and len(means) == 1 else whole)
    compiled_like(model, like)
    return model


def scorer(like: keras.Model) -> keras.Model:
    """Return a model that gives back the outputs which it is given, compiled like another one.

    Args:
        like: The model whose loss and metrics say how good such outputs are.
    """
    read = outputs.read(like)
    given = [keras.Input(tensor.shape[1:], dtype=tensor.dtype) for tensor in _tensors(like)]
    named = [keras.layers.Identity(name=o.layer)(x) for o, x in zip(_in_order(read), given, strict=True)]
    whole = dict(zip(sorted(each.name for each in read.each), named, strict=True)) if read.as_dict else named
    model = keras.Model(given, named[0] if whole is named and len(named) == 1 else whole)
    compiled_like(model, like)
    return model


def compiled_like(model: keras.Model, like: keras.Model) -> None:
    """Compile a model with the loss, the metrics and a copy of the optimizer of another one."""
    found = compiling.compilation(like)
    if found is None:
        raise ModelError("The model is not compiled. Expected one that is. Call its compile method.")
    optimizer = like.optimizer
    found.apply(model, type(optimizer).from_config(optimizer.get_config()))


def unaverageable(model: keras.Model) -> str:
    """Return why a model cannot be a part of another one, as a sentence goes on; empty where it can."""
    if not type(model).__module__.startswith("keras."):
        return f"its class {type(model).__name__} may do more than its layers say"
    return "" if model.built and model.inputs else "it has no fixed inputs"


def shapes(model: keras.Model) -> Sequence[Any]:
    """Return what models that are averaged have to agree in: shapes and types of inputs and outputs."""
    return [(tuple(tensor.shape), tensor.dtype) for tensor in (*model.inputs, *_tensors(model))]


def _inputs(model: keras.Model) -> Any:
    """Return a model's inputs, nested as it takes them."""
    if isinstance(model, keras.Sequential):
        return model.inputs[0]
    return model.input


def _tensors(model: keras.Model) -> Sequence[Any]:
    """Return a model's outputs, flat."""
    return keras.tree.flatten(model.outputs)


def _in_order(read: outputs.Outputs) -> Sequence[outputs.Output]:
    """Return the outputs as Keras flattens them: those of a dict by name."""
    return sorted(read.each, key=lambda output: output.name) if read.as_dict else read.each


def _mean(tensors: Sequence[Any], often: Sequence[int], name: str) -> Any:
    repeated = [tensor for tensor, count in zip(tensors, often, strict=True) for _ in range(count)]
    if len(repeated) == 1:
        return keras.layers.Identity(name=name)(repeated[0])
    return keras.layers.Average(name=name)(repeated)
