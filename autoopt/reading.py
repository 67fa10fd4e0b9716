"""Reading: the user's model is built once for each set of its own hyperparameters, and what the axes need is read of it."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner

from autoopt import compiling, images, initial, priors, surgery, task
from autoopt.axes import Origin
from autoopt.axes.learning_rate import RATE
from autoopt.axes.regularization import SMOOTHING_NAME, Regularization
from autoopt.candidates import Twins, rebuildable
from autoopt.coverage import PENALTIES, REGULARIZERS, covered
from autoopt.data import DEFAULT_BATCH_SIZE, Dataset, Part, Stream
from autoopt.engines.twin import remains
from autoopt.hyperparameters import PinnedHyperParameters
from autoopt.model_function import asks, caller, insisted
from autoopt.own_fit import OwnFit
from autoopt.recipe import Recipe
from autoopt.seeding import seeded
from autoopt.space import Space
from autoopt.step_size import Room, step_size
from autoopt.surgery import kinds

MOST_READINGS = 16
"""How many builds of a model function that takes `hp` are remembered."""

WIDE = kinds.KERNELS | kinds.RECURRENT
"""Layers whose width is the last length of their weights; the others are what they read, and how far."""

READING_SEED = 0
"""The seed under which the user's model is built to be read: what is read must not depend on chance."""


@dataclass(frozen=True)
class Reading:
    """What one build of the user's model says.

    Attributes:
        origin: What the axes read.
        compilation: With which loss and metrics it is compiled.
        outline: Class and weight shapes of every layer.
        layers: Name of every layer.
        footprint: Numbers that its layers put out for one example, None where that is not known.
        twins: Makes candidates whose settings are inputs; None where the model cannot be made again from its
            configuration.
    """

    origin: Origin
    compilation: compiling.Compilation
    outline: Sequence[Any]
    layers: Sequence[str]
    footprint: int | None
    twins: Twins | None = None


class Reader:
    """Builds the user's model and reads it; what was read is remembered.

    Args:
        model_fn: As `AutoHyperModel` takes it.
        space: What is open.
        data: What is learnt from, None where that is not known.
        dtype_policy: Name of the Keras policy under which `model_fn` is called; None leaves it as it is.
        room: What a step may take.

    Raises:
        ModelError: `model_fn` is no such thing.
    """

    def __init__(
        self, model_fn: Any, space: Space, data: Dataset | None, dtype_policy: str | None, room: Room
    ) -> None:
        self._call_user, self._policy, self._asks = caller(model_fn), dtype_policy, asks(model_fn)
        self._given = model_fn if isinstance(model_fn, keras.Model) else None
        self._space, self._data, self._room = space, data, room
        self._readings: dict[tuple[Any, ...], Reading] = {}
        self._own_names: set[str] = set()
        self._closed: Mapping[str, str] | None = None
        self.own_fit = OwnFit.of(model_fn)

    def reading(self, hp: keras_tuner.HyperParameters) -> Reading:
        """Read the user's model as it is with the values of its own hyperparameters, which it asks `hp` for.

        Raises:
            ModelError: The model function raises or returns no model.
        """
        if self._closed is None:
            self._closed = self._found_closed() if self._space.axes else {}
            self._readings.clear()  # they do not know yet what is closed
        return self._read(hp)

    def of(self, values: Mapping[str, Any]) -> Reading:
        """Return what was read of the user's model with some values; likewise read where it has not been."""
        return self._readings.get(self.key(values)) or self.reading(holding(values))

    def key(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return what of a candidate's values are the user's own, in order."""
        return tuple(sorted((name, value) for name, value in values.items() if name in self._own_names))

    def call(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        """Call the user's model function under the policy that is wanted."""
        before = keras.config.dtype_policy()
        try:
            if self._policy is not None:
                keras.config.set_dtype_policy(self._policy)
            with compiling.metrics_named_afresh():
                return self._call_user(hp)
        finally:
            keras.config.set_dtype_policy(before)

    @property
    def regularization(self) -> Regularization | None:
        """The axis, None where it is closed."""
        if "regularization" in (self._closed or {}):
            return None
        return next((axis for axis in self._space.axes if isinstance(axis, Regularization)), None)

    def _users(self, values: Mapping[str, Any], seed: int) -> keras.Model:
        """Build the user's model with some values of its own hyperparameters."""
        return self._built(seed, lambda: holding(values))

    def _built(self, seed: int, asked: Callable[[], keras_tuner.HyperParameters]) -> keras.Model:
        """Build the user's model to be read: one that fails now and then is called again, with the same chance."""

        def build() -> keras.Model:
            with seeded(seed):
                return self.call(asked())

        return insisted(build)

    def _found_closed(self) -> Mapping[str, str]:
        """Return the axes and parts that the user's own code decides on."""
        # What is pinned is set by the user's own code all the same: it is tried without pins.
        found = covered(lambda hp: self._traits(PinnedHyperParameters(hp, {}))) if self._asks else {}
        if self.own_fit is None:
            return found
        is_compiled = not self._read(keras_tuner.HyperParameters()).compilation.note
        return {**found, **self.own_fit.closed(is_compiled)}

    def _read(self, hp: keras_tuner.HyperParameters) -> Reading:
        """Build the user's model, which asks `hp` for its own hyperparameters, and read it."""
        if not self._asks and self._readings:
            return self._readings[()]
        view = hp if isinstance(hp, PinnedHyperParameters) else PinnedHyperParameters(hp, self._space.fix)

        def cleared() -> keras_tuner.HyperParameters:
            view.names.clear()
            return view

        model = self._built(READING_SEED, cleared)
        self._own_names.update(view.names)
        known = self._readings.get(self.key(hp.values)) if self._asks else None
        if known is not None:  # its loss and metrics, which programs are kept for, are these objects
            return known
        found = compiling.with_accuracy(compiling.compilation(model) or self._chosen(model))
        again = functools.partial(self._users, dict(hp.values), READING_SEED + 1)
        origin = self._origin(model, found, again)
        self._space.check_images(origin)
        layers = tuple(layer.name for layer in model.layers)
        twins = self._twins(model, origin.template, found, layers, dict(hp.values), again)
        reading = Reading(origin, found, _outline(model), layers, surgery.footprint(model), twins)
        if len(self._readings) >= MOST_READINGS:
            self._readings.pop(next(iter(self._readings)))
        self._readings[self.key(hp.values)] = reading
        return reading

    def _origin(
        self, model: keras.Model, compilation: compiling.Compilation, again: Callable[[], keras.Model]
    ) -> Origin:
        train = self._data.train if self._data else None
        loss = compilation.arguments["loss"]
        # Initializers of a copy do not remember what those of the model drew.
        drawn = model if self._given is None else self._given
        template = surgery.spared(surgery.read(model, _shapes(train)), drawn, again)
        weight = train.sample_weight if isinstance(train, Part) else None
        labels = (None,) if train is None else (train.y, weight)
        no_image, closed = images.missing(model, template), dict(self._closed or {})
        if self._space.augmentation and not no_image:
            asked = self._space.asks_for_augmentation
            closed = {**images.closed(model, template, loss, asked), **closed}
        return Origin(
            template=template,
            optimizer=compiling.written(model),
            examples=None if train is None else train.n,
            batch_size=step_size(Recipe(), self._data) or DEFAULT_BATCH_SIZE,
            most=self._room.most(surgery.footprint(model)),
            rebatch=not isinstance(train, Stream) or train.sized,
            whole=not isinstance(train, Stream),
            closed=closed,
            pretrained=surgery.loaded(model, again),
            biases=priors.biases(template.endings, loss, *labels),
            unsmoothed=compiling.unsmoothed(model, loss),
            no_image=no_image,
        )

    def _twins(
        self, model: keras.Model, template: surgery.Template, compilation: compiling.Compilation,
        layers: tuple[str, ...], values: Mapping[str, Any], again: Callable[[], keras.Model],
    ) -> Twins | None:  # fmt: skip
        if not rebuildable(template):
            return None
        kept = initial.kept(model, remains(template.config or {}).initializers, again)
        penalties = self.regularization is not None and not set(PENALTIES) <= set(self._closed or {})
        adapted = self.key(values) if any(hasattr(layer, "adapt") for layer in model.layers) else ()
        users = functools.partial(self._users, values, READING_SEED)
        return Twins(template, compilation, layers, kept, users, penalties, adapted)

    def _traits(self, hp: keras_tuner.HyperParameters) -> Mapping[str, Any]:
        reading = self._read(hp)
        template, optimizer = reading.origin.template, reading.origin.optimizer
        left_out = {"name"} if optimizer.learning_rate is None else {"name", "learning_rate"}
        config = {name: value for name, value in optimizer.config.items() if name not in left_out}
        return {
            "structure": _widths(reading.outline),
            "activation": [stage.activation for stage in template.stages],
            "initialization": template.initializers,
            **{name: getattr(template, name.rpartition("/")[2]) for name in REGULARIZERS},
            "optimizer": (optimizer.algorithm, config),
            RATE: optimizer.learning_rate,
            SMOOTHING_NAME: reading.origin.unsmoothed,
        }

    def _chosen(self, model: keras.Model) -> compiling.Compilation:
        train = None if self._data is None else self._data.train
        seen = train.first() if isinstance(train, Stream) else train
        labels = (
            train.y if isinstance(train, Stream) and train.y is not None else None if seen is None else seen.y
        )
        found = task.infer(model, labels, None if seen is None else seen.x)
        return compiling.Compilation({"loss": found.loss, "metrics": found.metrics}, found.note)


def holding(values: Mapping[str, Any]) -> keras_tuner.HyperParameters:
    """Return hyperparameters that hold some values."""
    hp = keras_tuner.HyperParameters()
    hp.values = dict(values)
    return hp


def _shapes(train: Part | Stream | None) -> Any:
    """Return shape without the batch and dtype of each input, None where they are not known."""
    if not isinstance(train, Part):
        return None
    return keras.tree.map_structure(lambda array: (tuple(array.shape[1:]), str(array.dtype)), train.x)


def _outline(model: keras.Model) -> Sequence[Any]:
    """Return class and weight shapes of every layer, which do not depend on names."""
    return [(type(layer).__name__, [tuple(w.shape) for w in layer.weights]) for layer in model.layers]


def _widths(outline: Sequence[Any]) -> Sequence[Any]:
    """Return what of an outline depth and width would change: not what kernels reach over, nor what is embedded.

    A normalization has the width of what stands before it.
    """
    following = ("Embedding", "BatchNormalization", "LayerNormalization")
    return [
        (kind, [shape[-1:] if kind in WIDE else shape for shape in shapes if kind not in following])
        for kind, shapes in outline
        if "Dropout" not in kind
    ]
