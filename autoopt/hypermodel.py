"""AutoHyperModel: a model function and a space become recipes, and recipes become compiled Keras models."""

import contextlib
import functools
import json
import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
import numpy as np

from autoopt import compiling, images, initial, optimizers, priors, surgery, task
from autoopt.axes import Origin
from autoopt.axes.learning_rate import RATE
from autoopt.axes.regularization import SMOOTHING_NAME, Regularization
from autoopt.backbone import Backbone, trained
from autoopt.candidates import Start, Twins, as_it_is, augmented, rebuildable
from autoopt.coverage import PENALTIES, REGULARIZERS, covered, narrowed
from autoopt.data import DEFAULT_BATCH_SIZE, Dataset, Part, Stream, prepare, streams
from autoopt.engines import Augmentation, Candidate, repace, smooth, smoothed
from autoopt.engines.twin import remains
from autoopt.errors import ModelError
from autoopt.heritage import Heritage, grows
from autoopt.hyperparameters import AskingHyperParameters, PinnedHyperParameters
from autoopt.model_function import asks, caller
from autoopt.own_fit import OwnFit
from autoopt.recipe import Recipe
from autoopt.seeding import drawn_from, seeded
from autoopt.space import Space

MOST_READINGS = 16
"""How many builds of a model function that takes `hp` are remembered."""

BYTES_A_NUMBER = 8
"""Of each number that a layer puts out: itself and its gradient, in single precision."""

MOST_GROWTH = 64
"""No edit makes a model take so many times the memory: below that nothing is built to find out."""

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


class AutoHyperModel(keras_tuner.HyperModel):  # type: ignore[misc]
    """A Keras model function, with a search space read from the model that it returns.

    Works in `autoopt.tune` and in KerasTuner's own tuners; builds without data too.

    Args:
        model_fn: A function that returns a Keras model, compiled or not, with or without an `hp`
            argument; a `keras_tuner.HyperModel`; or a Keras model, taken as the template.
        space: `"auto"` or an `autoopt.Space`.
        data: `(x, y)` or an `autoopt.Dataset`. Bounds the batch size, and says with which loss an
            uncompiled model is compiled; without it that is read from the output's activation.
        dtype_policy: Name of the Keras policy under which `model_fn` is called; None leaves it as it is.
        room: Bytes that what layers put out in one step may take; None for no limit.

    Raises:
        ModelError: `model_fn` is no such thing.
        SpaceError: `space` is none.

    Example:
        >>> import autoopt, keras, keras_tuner
        >>> def model_fn():
        ...     return keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1)])
        >>> hypermodel = autoopt.AutoHyperModel(model_fn)
        >>> hypermodel.build(keras_tuner.HyperParameters()).count_params()
        49
    """

    def __init__(
        self, model_fn: Any, space: Any = "auto", data: Any = None, dtype_policy: str | None = None,
        room: int | None = None,
    ) -> None:  # fmt: skip
        self._call_user, self._policy = caller(model_fn), dtype_policy
        self._asks = asks(model_fn)
        self._given = model_fn if isinstance(model_fn, keras.Model) else None
        self._fit = OwnFit.of(model_fn)
        self._space = Space.of(space)
        self._data = (
            data if data is None or isinstance(data, Dataset) else prepare(data, validation_data=data)
        )
        self._room, self._footprints = room, dict[Hashable, int | None]()
        self._readings: dict[tuple[Any, ...], Reading] = {}
        self._own_names: set[str] = set()
        self._closed: Mapping[str, str] | None = None
        super().__init__()

    @property
    def space(self) -> Space:
        """The space as it was given."""
        return self._space

    @property
    def patience(self) -> int | None:
        """Epochs without a better score after which a trial ends, None for no such number."""
        axis = self._regularization
        return None if axis is None else axis.patience

    @property
    def own_fit(self) -> OwnFit | None:
        """The `fit` that the user's own HyperModel overrides, None where it has none."""
        return self._fit

    def reading(self, hp: keras_tuner.HyperParameters | None = None) -> Reading:
        """Read the user's model; with `hp`, ask it for the user's own hyperparameters.

        Raises:
            ModelError: The model function raises or returns no model.
        """
        hp = keras_tuner.HyperParameters() if hp is None else hp
        if self._closed is None:
            self._closed = self._found_closed() if self._space.axes else {}
            self._readings.clear()  # they do not know yet what is closed
        return self._read(hp)

    def batch_size(self, recipe: Recipe) -> int | None:
        """Return the examples a step of a recipe takes, None where the data brings its own batches."""
        if self._data is not None and isinstance(self._data.train, Stream):
            return None
        n = None if self._data is None else self._data.train.n
        if recipe.settings.full_batch and n is not None:
            return n
        return recipe.settings.batch_size or min(DEFAULT_BATCH_SIZE, n or DEFAULT_BATCH_SIZE)

    def parts(self, recipe: Recipe, values: Mapping[str, Any]) -> int:
        """Return into how many batches a step of a recipe is cut so that it fits into memory; a power of two.

        Args:
            recipe: What differs from the user's model.
            values: The user's own hyperparameters, name to value.
        """
        size, own = self.batch_size(recipe), self._reading_of(values).footprint
        if size is None or own is None or self._room is None:
            return 1
        if size * own * BYTES_A_NUMBER * MOST_GROWTH <= self._room:
            return 1
        key, parts = self.shape_key(recipe, values), 1
        if key not in self._footprints:
            template, edits = self._reading_of(values).origin.template, _edits(recipe)
            known = own if template.config is None else surgery.footprint_of(template, edits)
            self._footprints[key] = known
        needed = (self._footprints[key] or 0) * BYTES_A_NUMBER
        while parts < size and math.ceil(size / parts) * needed > self._room:
            parts *= 2
        return parts

    def draw(self, hp: keras_tuner.HyperParameters) -> Recipe:
        """Ask `hp` for one candidate: first the user's own hyperparameters, then each open axis."""
        asked = PinnedHyperParameters(hp, self._space.fix)
        reading = self.reading(asked)
        recipe = Recipe()
        for axis in self._space.without(reading.origin.closed or {}).drawn:
            recipe = recipe.plus(**narrowed(axis, reading.origin).draw(asked, reading.origin))
        if self._fit is not None:
            self._fit.draw(asked)
        return recipe

    def asking(self, values: Mapping[str, Any]) -> keras_tuner.HyperParameters:
        """Return hyperparameters that hold a candidate's values, and all definitions that led to them."""
        hp = AskingHyperParameters(lambda known: values.get(known.name, known.default))
        self.draw(hp)
        return hp

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        """Return the compiled model of one candidate; KerasTuner calls this."""
        recipe = self.draw(hp)
        model = self.assemble(recipe, hp.values)
        if model.built:
            model.optimizer.build(model.trainable_variables)
        wanted = Augmentation.of(recipe.settings)
        if wanted.parts:
            wanted.attach(model, seed=None)
        return model

    def assemble(
        self,
        recipe: Recipe,
        values: Mapping[str, Any],
        total_steps: int | None = None,
        seed: int | None = None,
        parts: int = 1,
    ) -> keras.Model:
        """Return the compiled model of a recipe.

        Args:
            recipe: What differs from the user's model.
            values: The user's own hyperparameters, name to value.
            total_steps: Steps of the whole training, for schedules.
            seed: Where initial weights and dropout come from; None leaves that to Keras.
            parts: Into how many batches a step is cut.

        Raises:
            ModelError: The model function raises or returns no model.
            SurgeryError: The edits do not fit the model.
        """
        reading = self._reading_of(values)  # before chance is seeded, of which reading takes its share
        with contextlib.nullcontext() if seed is None else drawn_from(seed):
            return self._assembled(reading, recipe, values, total_steps, seed, parts=parts)

    def grows(
        self, parent: Recipe, parent_values: Mapping[str, Any], child: Recipe, values: Mapping[str, Any]
    ) -> bool:
        """Say whether a child can start from a trained parent: the same model of the user's, larger."""
        if self._key(parent_values) != self._key(values):
            return False
        reading = self._reading_of(values)
        return reading.twins is not None and grows(parent, child, reading.origin.template)

    def candidate(
        self,
        recipe: Recipe,
        values: Mapping[str, Any],
        total_steps: int | None,
        seed: int,
        heritage: Heritage | None = None,
        parts: int = 1,
    ) -> Candidate:
        """Return a recipe as engines train it; arguments and errors as of `assemble`.

        Args:
            recipe: What differs from the user's model.
            values: The user's own hyperparameters, name to value.
            total_steps: Steps of the whole training, for schedules.
            seed: Where chance comes from.
            heritage: What training starts from, of a parent that the recipe `grows` out of; None starts fresh.
            parts: Into how many batches a step is cut.
        """
        reading, edits = self._reading_of(values), _edits(recipe)
        plan = optimizers.plan(recipe, reading.origin.optimizer, total_steps, parts)
        biases = _biases(reading, recipe)
        start = Start(seed, biases=biases)
        if heritage is not None:
            start = Start(seed, _edits(heritage.recipe), heritage.weights, biases)

        def plain() -> keras.Model:
            model = self.assemble(recipe, values, total_steps, seed, parts)
            if reading.twins is not None and heritage is not None:
                names = {} if edits != surgery.Edits() else _names(model, reading.layers)
                model.set_weights(reading.twins.inherited(model, edits, start, names))
            return model

        def twin(optimizer: keras.optimizers.Optimizer | None) -> keras.Model:
            with seeded(seed):
                return self._assembled(reading, recipe, values, total_steps, seed, optimizer, parts)

        if reading.twins is not None and plan.traceable:
            found = reading.twins.candidate(edits, plan, plain, start)
        else:
            own = (*self._key(values), trained(recipe))
            found = as_it_is(own, edits, plan, plain, twin, seed)
        found, axis = augmented(found, Augmentation.of(recipe.settings)), self._regularization
        if axis is None or not axis.smooths(reading.origin):
            return found
        return smoothed(found, recipe.settings.label_smoothing or 0.0)

    def shape_key(self, recipe: Recipe, values: Mapping[str, Any]) -> Hashable:
        """Return what the layers of a recipe's model and the shapes of their weights depend on."""
        shaping = {name: value for name, value in vars(recipe.structure).items() if name != "optimizer"}
        return self._key(values), json.dumps(shaping, sort_keys=True, default=str)

    def parameters(self, recipe: Recipe, values: Mapping[str, Any]) -> int:
        """Return how many weights a recipe's model has.

        Args:
            recipe: What differs from the user's model.
            values: The user's own hyperparameters, name to value.

        Raises:
            SurgeryError: The edits do not fit the model.
        """
        template, edits = self._reading_of(values).origin.template, _edits(recipe)
        if template.config is None:
            return int(self.assemble(recipe, values, seed=READING_SEED).count_params())
        with drawn_from(READING_SEED):
            return surgery.count_params(template, edits)

    def fit(self, hp: keras_tuner.HyperParameters, model: keras.Model, *args: Any, **kwargs: Any) -> Any:
        """Train as KerasTuner's tuners do, with the candidate's batch size, schedule and smoothed labels.

        Args:
            hp: The candidate's values.
            model: What `build` returned.
            *args: As for `keras.Model.fit`; the first is the data.
            **kwargs: Likewise.
        """
        if self._fit is not None:
            return self._fit(hp, model, args, kwargs)
        recipe, x = self.draw(hp), args[0] if args else kwargs.get("x")
        if streams.format_of(x) is not None:
            steps = Stream(x, None).steps(None)
        else:
            n = len(keras.tree.flatten(x)[0])
            n = math.floor(n * (1.0 - (kwargs.get("validation_split") or 0.0)))
            size = n if recipe.settings.full_batch else recipe.settings.batch_size
            kwargs.setdefault("batch_size", size or DEFAULT_BATCH_SIZE)
            steps = math.ceil(n / kwargs["batch_size"])
        plan = optimizers.plan(recipe, self.reading(hp).origin.optimizer, steps * kwargs.get("epochs", 1))
        if plan.schedule is not None and plan.schedule.moves:
            model.optimizer.learning_rate = plan.schedule.keras()
        if plan.pace is not None:
            repace(model.optimizer, plan.pace)
        smoothing = recipe.settings.label_smoothing
        if smoothing:
            smooth(model, lambda: smoothing)
        return model.fit(*args, **kwargs)

    def _call(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        """Call the user's model function under the policy that is wanted."""
        before = keras.config.dtype_policy()
        try:
            if self._policy is not None:
                keras.config.set_dtype_policy(self._policy)
            with compiling.metrics_named_afresh():
                return self._call_user(hp)
        finally:
            keras.config.set_dtype_policy(before)

    def _users(self, values: Mapping[str, Any], seed: int) -> keras.Model:
        """Build the user's model with some values of its own hyperparameters."""
        with seeded(seed):
            return self._call(_holding(values))

    def _found_closed(self) -> Mapping[str, str]:
        """Return the axes and parts that the user's own code decides on."""
        found = covered(self._traits) if self._asks else {}
        if self._fit is None:
            return found
        is_compiled = not self._read(keras_tuner.HyperParameters()).compilation.note
        return {**found, **self._fit.closed(is_compiled)}

    def _read(self, hp: keras_tuner.HyperParameters) -> Reading:
        """Build the user's model, which asks `hp` for its own hyperparameters, and read it."""
        if not self._asks and self._readings:
            return self._readings[()]
        view = hp if isinstance(hp, PinnedHyperParameters) else PinnedHyperParameters(hp, self._space.fix)
        view.names.clear()
        with seeded(READING_SEED):
            model = self._call(view)
        self._own_names.update(view.names)
        known = self._readings.get(self._key(hp.values)) if self._asks else None
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
        self._readings[self._key(hp.values)] = reading
        return reading

    def _key(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(sorted((name, value) for name, value in values.items() if name in self._own_names))

    @property
    def _regularization(self) -> Regularization | None:
        """The axis, None where it is closed."""
        if "regularization" in (self._closed or {}):
            return None
        return next((axis for axis in self._space.axes if isinstance(axis, Regularization)), None)

    def _origin(
        self, model: keras.Model, compilation: compiling.Compilation, again: Callable[[], keras.Model]
    ) -> Origin:
        train, needed = self._data.train if self._data else None, surgery.footprint(model)
        loss = compilation.arguments["loss"]
        # Initializers of a copy do not remember what those of the model drew.
        drawn = model if self._given is None else self._given
        template = surgery.spared(surgery.read(model, _shapes(train)), drawn, again)
        labels = (train.y, train.sample_weight) if isinstance(train, Part) else (None,)
        no_image, closed = images.missing(model, template), dict(self._closed or {})
        if self._space.augmentation and not no_image:
            asked = self._space.asks_for_augmentation
            closed = {**images.closed(model, template, loss, asked), **closed}
        return Origin(
            template=template,
            optimizer=compiling.written(model),
            examples=None if train is None else train.n,
            batch_size=self.batch_size(Recipe()) or DEFAULT_BATCH_SIZE,
            most=None if not (self._room and needed) else self._room // (needed * BYTES_A_NUMBER),
            rebatch=not isinstance(train, Stream),
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
        penalties = self._regularization is not None and not set(PENALTIES) <= set(self._closed or {})
        adapted = self._key(values) if any(hasattr(layer, "adapt") for layer in model.layers) else ()
        users = functools.partial(self._users, values, READING_SEED)
        return Twins(template, compilation, layers, kept, users, penalties, adapted)

    def _traits(self, hp: keras_tuner.HyperParameters) -> Mapping[str, Any]:
        reading = self._read(hp)
        template, optimizer = reading.origin.template, reading.origin.optimizer
        left_out = {"name"} if optimizer.learning_rate is None else {"name", "learning_rate"}
        config = {name: value for name, value in optimizer.config.items() if name not in left_out}
        return {
            "structure": [part for part in reading.outline if "Dropout" not in part[0]],
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
        found = task.infer(model, None if seen is None else seen.y, None if seen is None else seen.x)
        return compiling.Compilation({"loss": found.loss, "metrics": found.metrics}, found.note)

    def _reading_of(self, values: Mapping[str, Any]) -> Reading:
        return self._readings.get(self._key(values)) or self.reading(_holding(values))

    def _assembled(
        self, reading: Reading, recipe: Recipe, values: Mapping[str, Any], total_steps: int | None,
        seed: int | None, optimizer: keras.optimizers.Optimizer | None = None, parts: int = 1,
    ) -> keras.Model:  # fmt: skip
        edits, model = _edits(recipe), self._call(_holding(values))
        own = compiling.compilation(model)
        # Left alone, the very object that the user made: not everything about it is in its configuration.
        as_written = optimizers.is_as_written(recipe) and parts == 1
        users_optimizer = model.optimizer if own and as_written else None
        names = _names(model, reading.layers)
        if edits != surgery.Edits():
            template, users = reading.origin.template, dict(zip(reading.layers, model.layers, strict=True))
            model, names = surgery.rebuild(template, edits), {}
            surgery.inherit(model, users, surgery.redrawn(template, edits))
        backbone = Backbone.of(model, reading.origin.pretrained, names)
        backbone.train(recipe)
        self._built(model)
        if reading.twins is not None and seed is not None:
            drawn = reading.twins.draw(model, edits, Start(seed), names)
            if drawn is not None:
                model.set_weights(drawn)
        initial.start(model, _biases(reading, recipe), names)
        compilation = reading.compilation if own is None else compiling.with_accuracy(own)
        plan = optimizers.plan(recipe, reading.origin.optimizer, total_steps, parts)
        compilation.apply(model, optimizer or users_optimizer or plan.made(), shared=reading.compilation)
        backbone.slow(model, plan.pace)
        return model

    def _built(self, model: keras.Model) -> None:
        """Give a model without inputs its weights now, from one example, while chance is seeded."""
        if model.built or self._data is None:
            return
        train = self._data.train
        few = train.first() if isinstance(train, Stream) else train.take(np.arange(1))
        try:
            if isinstance(model, keras.Sequential):  # a call would tie it to batches of one example
                model.build((None, *few.x.shape[1:]))
            else:
                model(keras.tree.map_structure(keras.ops.convert_to_tensor, few.x))
        except Exception as error:
            shapes = keras.tree.map_structure(lambda array: array.shape, few.x)
            raise ModelError(
                f"The model cannot be called on x of shape {shapes}: it raises {type(error).__name__}. "
                "Expected a model that takes a batch of the data. See its traceback above."
            ) from error


def _holding(values: Mapping[str, Any]) -> keras_tuner.HyperParameters:
    """Return hyperparameters that hold some values."""
    hp = keras_tuner.HyperParameters()
    hp.values = dict(values)
    return hp


def _names(model: keras.Model, written: Sequence[str]) -> Mapping[str, str]:
    """Return how the layers of another build of the user's model are called in the template."""
    return dict(zip((layer.name for layer in model.layers), written, strict=True))


def _edits(recipe: Recipe) -> surgery.Edits:
    """Return the part of a recipe that changes the layers."""
    settings = recipe.settings
    return surgery.Edits(
        depth=recipe.structure.depth,
        width=recipe.structure.width,
        activation=recipe.structure.activation,
        normalization=recipe.structure.normalization,
        pooling=recipe.structure.pooling,
        initializer=settings.initializer,
        initializer_scale=settings.initializer_scale,
        l1=settings.l1,
        l2=settings.l2,
        dropout=settings.dropout,
        spatial_dropout=settings.spatial_dropout,
        max_norm=settings.max_norm,
    )


def _biases(reading: Reading, recipe: Recipe) -> Mapping[str, Sequence[float]]:
    """Return the biases that a recipe has start otherwise than as written."""
    return {} if recipe.settings.bias is None else reading.origin.biases


def _shapes(train: Part | Stream | None) -> Any:
    """Return shape without the batch and dtype of each input, None where they are not known."""
    if not isinstance(train, Part):
        return None
    return keras.tree.map_structure(lambda array: (tuple(array.shape[1:]), str(array.dtype)), train.x)


def _outline(model: keras.Model) -> Sequence[Any]:
    """Return class and weight shapes of every layer, which do not depend on names."""
    return [(type(layer).__name__, [tuple(w.shape) for w in layer.weights]) for layer in model.layers]
