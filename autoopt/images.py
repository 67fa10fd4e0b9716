"""Images: whether what a model is trained on are images that training may change, and why not."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from autoopt import task
from autoopt.surgery import Template

MOST_CHANNELS = 4
FEWEST_PIXELS = 8
"""Of a side: a shorter one is a list of something, or too coarse to be turned."""

OWN = ("RandAugment", "AugMix", "MixUp", "CutMix")
"""Keras's layers that augment images, beside those whose names begin with Random."""


def missing(model: keras.Model, template: Template) -> str:
    """Return why there is no image to augment; empty where the one input is a batch of them.

    Args:
        model: The user's.
        template: What was read of it.
    """
    inputs, _ = _ends(model, template)
    shapes = ", ".join(str(shape[1:]) for shape, _ in inputs) or "unknown"
    shown = f"The model takes inputs of shape {shapes}. Expected one of (height, width, 1 to {MOST_CHANNELS} channels)"
    if len(inputs) != 1 or len(inputs[0][0]) != 4:
        return f"{shown}."
    (_, height, width, channels), kind = inputs[0]
    if channels not in range(1, MOST_CHANNELS + 1):
        return f"{shown}, channels last."
    if min(FEWEST_PIXELS if side is None else side for side in (height, width)) < FEWEST_PIXELS:
        return f"{shown}, at least {FEWEST_PIXELS} pixels a side."
    return "" if "float" in kind else f"{shown}, of real numbers, but they are {kind}."


def closed(model: keras.Model, template: Template, loss: Any, asked: bool) -> Mapping[str, str]:
    """Return what of the augmentation of images is closed, with the reason.

    Args:
        model: The user's; its input is an image.
        template: What was read of it.
        loss: As it is compiled with.
        asked: Whether the user asks for augmentation by name.
    """
    reason = _closed(model, template, task.default_objective(loss).name == "val_accuracy" or asked)
    if reason:
        return {"augmentation": reason}
    own = task.own_loss(model)
    if not own:
        return {}
    return {"mixup": f"{type(model).__name__} has a {own} of its own, which may take no mixed labels."}


def _closed(model: keras.Model, template: Template, wanted: bool) -> str:
    own = [layer.name for layer in model._flatten_layers() if _augments(layer)]
    if own:
        return f"the model augments its images by itself ({', '.join(own)})."
    if not model._call_has_training_arg:
        return "its call has no argument training, so that it cannot be told when images may be changed."
    _, outputs = _ends(model, template)
    if any(len(shape) > 2 for shape in outputs):
        return "what it puts out lies on the image, and would have to be moved along with it."
    if not wanted:
        return (
            "it classifies nothing; what it predicts may move with the image. axes.Augmentation() opens it."
        )
    return ""


def _augments(layer: keras.layers.Layer) -> bool:
    name = type(layer).__name__
    return name.startswith("Random") or name in OWN


def _ends(model: keras.Model, template: Template) -> tuple[Sequence[tuple[Any, str]], Sequence[Any]]:
    """Return shape and dtype of each input, and the shape of each output; nothing where they are not known."""
    if template.config is None:
        inputs = [(tuple(each.shape), str(each.dtype)) for each in getattr(model, "inputs", None) or ()]
        return inputs, [tuple(each.shape) for each in getattr(model, "outputs", None) or ()]
    entries = [layer["config"] for layer in template.config["layers"] if layer["class_name"] == "InputLayer"]
    return [(tuple(each["batch_shape"]), str(each["dtype"])) for each in entries], template.output_shapes
