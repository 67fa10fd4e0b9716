"""How a script compiles its model: optimizer and rate, loss with or without smoothed labels, metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from autoopt import task
from autoopt.course import Course
from autoopt.errors import UsageError
from autoopt.script.expression import Call, Display, Expression, laid_out, listed, literal, text
from autoopt.script.objects import Spelling
from autoopt.script.rates import Rate, rate_of

SMOOTHED = '''
class SmoothedCrossentropy(keras.losses.SparseCategoricalCrossentropy):
    """Crossentropy of class numbers, a share of each label spread over all classes."""

    def __init__(self, label_smoothing=0.0, **options):
        super().__init__(**options)
        self.label_smoothing = label_smoothing

    def call(self, y_true, y_pred):
        y_true = keras.ops.reshape(y_true, keras.ops.shape(y_pred)[:-1])
        labels = keras.ops.one_hot(keras.ops.cast(y_true, "int32"), y_pred.shape[-1])
        return keras.losses.categorical_crossentropy(
            labels, y_pred, self.from_logits, self.label_smoothing
        )

    def get_config(self):
        return {**super().get_config(), "label_smoothing": self.label_smoothing}
'''

SMOOTHS = {"label_smoothing": "label_smoothing"}


@dataclass(frozen=True)
class Compilation:
    """How a script compiles its model.

    Attributes:
        lines: Statements of the function that builds it.
        rate: Its learning rate.
        definitions: Classes that the statements need.
        smoothing: Share of a label that is spread in training; 0 for none.
        averaged: Whether the moving average of the weights is what is scored.
    """

    lines: Sequence[str]
    rate: Rate
    definitions: Sequence[str]
    smoothing: float
    averaged: bool


def compilation_of(model: keras.Model, course: Course, spelling: Spelling) -> Compilation:
    """Return how a winner is compiled.

    Raises:
        UsageError: It is not compiled, or by what no script can say.
    """
    config = model.get_compile_config() if model.compiled else None
    if not config:
        raise UsageError(
            "The winner was read without its loss and metrics, which need functions of your own. Expected all of it. Pass "
            "them: autoopt.load(run, custom_objects={'my_loss': my_loss})."
        )
    optimizer = keras.saving.serialize_keras_object(model.optimizer)
    rate = _rate(optimizer, course, spelling)
    smoothing = course.recipe.settings.label_smoothing or 0.0
    loss, definitions = _losses(config["loss"], model, smoothing, spelling)
    given = {"optimizer": _optimizer(optimizer, rate.value, spelling), "loss": loss}
    for name in ("loss_weights", "metrics", "weighted_metrics"):
        if config.get(name):
            given[name] = _structure(config[name], spelling)
    if config.get("run_eagerly"):
        given["run_eagerly"] = "True"
    if config.get("steps_per_execution", 1) != 1:
        given["steps_per_execution"] = literal(config["steps_per_execution"])
    lines = [*rate.before, *laid_out(Call("model.compile", tuple(given.items())), 4)]
    own = optimizer["config"].get("inner_optimizer", optimizer)["config"]
    averaged = bool(own.get("use_ema")) and not own.get("ema_overwrite_frequency")
    return Compilation(lines, rate, [*rate.definitions, *definitions], smoothing, averaged)


def _rate(optimizer: Mapping[str, Any], course: Course, spelling: Spelling) -> Rate:
    if course.schedule is not None:
        return rate_of(course.schedule)
    config = optimizer["config"].get("inner_optimizer", optimizer)["config"]
    return Rate(spelling.value(config["learning_rate"]))


def _optimizer(entry: Mapping[str, Any], rate: Expression, spelling: Spelling) -> Expression:
    inner = entry["config"].get("inner_optimizer")
    if inner is not None:
        return spelling.made(entry, ("dynamic",), {"inner_optimizer": _optimizer(inner, rate, spelling)})
    made = spelling.made(entry, ("learning_rate",))
    return Call(made.callee, (("learning_rate", rate), *made.arguments))


def _losses(
    losses: Any, model: keras.Model, smoothing: float, spelling: Spelling
) -> tuple[Expression, Sequence[str]]:
    """Return the loss, or those of several outputs, and classes that they need."""
    definitions: list[str] = []

    def written(loss: Any) -> Expression:
        if isinstance(loss, Mapping) and "class_name" not in loss:
            return Display("{}", tuple((f"{text(name)}: ", written(each)) for name, each in loss.items()))
        if isinstance(loss, list | tuple):
            return listed([written(each) for each in loss])
        found = (
            keras.saving.deserialize_keras_object(loss) if isinstance(loss, Mapping) and smoothing else loss
        )
        own = task.smoothable(found) if smoothing else None
        if own is None:
            return spelling.value(loss)
        entry = keras.saving.serialize_keras_object(own)
        entry["config"].pop("name")
        made = spelling.made(entry, given=SMOOTHS)
        if not isinstance(own, keras.losses.SparseCategoricalCrossentropy):
            return made
        definitions[:] = [SMOOTHED]
        return Call("SmoothedCrossentropy", made.arguments)

    return written(losses), definitions


def _structure(value: Any, spelling: Spelling) -> Expression:
    """Return metrics or weights in the structure in which `compile` was given them."""
    if isinstance(value, Mapping) and "class_name" not in value:
        return Display(
            "{}", tuple((f"{text(name)}: ", _structure(each, spelling)) for name, each in value.items())
        )
    if isinstance(value, list | tuple):
        return listed([_structure(each, spelling) for each in value])
    return spelling.value(value)
