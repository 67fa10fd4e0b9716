"""AutoHyperModel: a model function and a space become recipes, and recipes become compiled Keras models."""

import contextlib
import json
import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import keras
import keras_tuner
import numpy as np

from autoopt import compiling, initial, optimizers, surgery, task
from autoopt.backbone import Backbone, trained
from autoopt.candidates import Start, as_it_is, augmented
from autoopt.coverage import narrowed
from autoopt.data import DEFAULT_BATCH_SIZE, Dataset, Stream, streams
from autoopt.early_stopping import with_patience
from autoopt.engines import Augmentation, Candidate, RatesByEpoch, repace, smooth, smoothed
from autoopt.errors import ModelError
from autoopt.heritage import Heritage, grows
from autoopt.hyperparameters import AskingHyperParameters, PinnedHyperParameters
from autoopt.own_fit import OwnFit
from autoopt.reading import READING_SEED, Reader, Reading, holding
from autoopt.recipe import Recipe
from autoopt.seeding import drawn_from, seeded
from autoopt.space import Space
from autoopt.step_size import Room, step_size

SHAPELESS = ("optimizer", "use_ema", "fine_tune")
"""Fields of a recipe's structure that change no layer and no shape."""


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
        self._space, self._room = Space.of(space), Room(room)
        self._data = (
            data if data is None or isinstance(data, Dataset) else Dataset.of(data, validation_data=data)
        )
        self._reader = Reader(model_fn, self._space, self._data, dtype_policy, self._room)
        super().__init__()

    @property
    def space(self) -> Space:
        """The space as it was given."""
        return self._space

    @property
    def patience(self) -> int | None:
        """Epochs without a better score after which a trial ends, None for no such number."""
        axis = self._reader.regularization
        return None if axis is None else axis.patience

    @property
    def own_fit(self) -> OwnFit | None:
        """The `fit` that the user's own HyperModel overrides, None where it has none."""
        return self._reader.own_fit

    def reading(self, hp: keras_tuner.HyperParameters | None = None) -> Reading:
        """Read the user's model; with `hp`, ask it for the user's own hyperparameters.

        Raises:
            ModelError: The model function raises or returns no model.
        """
        return self._reader.reading(keras_tuner.HyperParameters() if hp is None else hp)

    def batch_size(self, recipe: Recipe) -> int | None:
        """Return the examples a step of a recipe takes, None where the data brings its own batches."""
        return step_size(recipe, self._data)

    def parts(self, recipe: Recipe, values: Mapping[str, Any], below: int | None = None) -> int:
        """Return into how many batches a step of a recipe is cut so that it fits into memory; a power of two.

        Args:
            recipe: What differs from the user's model.
            values: The user's own hyperparameters, name to value.
            below: What a batch of another recipe `needs`, with which memory ran out; None where it never did.
        """
        size = self.batch_size(recipe)
        return 1 if size is None else self._room.parts(size, *self._footprint(recipe, values), below)

    def needs(self, recipe: Recipe, values: Mapping[str, Any], parts: int) -> int:
        """Return about how many bytes a batch takes where a step of a recipe is cut into parts.

        Args:
            recipe: What differs from the user's model.
            values: The user's own hyperparameters, name to value.
            parts: Into how many batches.
        """
        size = self.batch_size(recipe) or 0
        return math.ceil(size / parts) * self._room.needed(*self._footprint(recipe, values))

    def _footprint(
        self, recipe: Recipe, values: Mapping[str, Any]
    ) -> tuple[int | None, Hashable, Callable[[], int | None]]:
        """Return what the room for a step depends on: the user's footprint, and key and footprint of a recipe's model."""
        reading = self._reader.of(values)

        def found() -> int | None:
            template = reading.origin.template
            return (
                reading.footprint
                if template.config is None
                else surgery.footprint_of(template, _edits(recipe))
            )

        return reading.footprint, self.shape_key(recipe, values), found

    def draw(self, hp: keras_tuner.HyperParameters) -> Recipe:
        """Ask `hp` for one candidate: first the user's own hyperparameters, then each open axis."""
        asked = PinnedHyperParameters(hp, self._space.fix)
        reading = self.reading(asked)
        recipe = Recipe()
        for axis in self._space.without(reading.origin.closed or {}).drawn:
            recipe = recipe.plus(**narrowed(axis, reading.origin).draw(asked, reading.origin))
        if self.own_fit is not None:
            self.own_fit.draw(asked)
        return recipe

    def asking(self, values: Mapping[str, Any]) -> keras_tuner.HyperParameters:
        """Return hyperparameters that hold a candidate's values, and all definitions that led to them."""
        hp = AskingHyperParameters.of(values)
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
        reading = self._reader.of(values)  # before chance is seeded, of which reading takes its share
        with contextlib.nullcontext() if seed is None else drawn_from(seed):
            return self._assembled(reading, recipe, values, total_steps, seed, parts=parts)

    def grows(
        self, parent: Recipe, parent_values: Mapping[str, Any], child: Recipe, values: Mapping[str, Any]
    ) -> bool:
        """Say whether a child can start from a trained parent: the same model of the user's, larger."""
        if self._reader.key(parent_values) != self._reader.key(values):
            return False
        reading = self._reader.of(values)
        return reading.twins is not None and grows(parent, child, reading.origin.template)

    def candidate(
        self,
        recipe: Recipe,
        values: Mapping[str, Any],
        total_steps: int | None,
        seed: int,
        heritage: Heritage | None = None,
        parts: int = 1,
        score: task.Score | None = None,
    ) -> Candidate:
        """Return a recipe as engines train it; arguments and errors as of `assemble`.

        Args:
            recipe: What differs from the user's model.
            values: The user's own hyperparameters, name to value.
            total_steps: Steps of the whole training, for schedules.
            seed: Where chance comes from.
            heritage: What training starts from, of a parent that the recipe `grows` out of; None starts fresh.
            parts: Into how many batches a step is cut.
            score: What is measured beside the user's metrics, or None.
        """
        reading, edits = self._reader.of(values), _edits(recipe)
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
            own = (*self._reader.key(values), trained(recipe))
            found = as_it_is(own, edits, plan, plain, twin, seed)
        # In this order: what is compiled again forgets how labels are smoothed.
        found = found if score is None else compiling.scored(found, score)
        found, axis = augmented(found, Augmentation.of(recipe.settings)), self._reader.regularization
        if axis is None or not axis.smooths(reading.origin):
            return found
        return smoothed(found, recipe.settings.label_smoothing or 0.0)

    def shape_key(self, recipe: Recipe, values: Mapping[str, Any]) -> Hashable:
        """Return what the layers of a recipe's model and the shapes of their weights depend on."""
        shaping = {name: value for name, value in vars(recipe.structure).items() if name not in SHAPELESS}
        return self._reader.key(values), json.dumps(shaping, sort_keys=True, default=str)

    def biases(
        self, recipe: Recipe, values: Mapping[str, Any], model: keras.Model
    ) -> Mapping[str, Sequence[float]]:
        """Return where biases of a recipe's model start otherwise than as written, by its layers' names.

        Args:
            recipe: What differs from the user's model.
            values: The user's own hyperparameters, name to value.
            model: As `assemble` returned it.
        """
        reading = self._reader.of(values)
        names = _names(model, reading.layers) if _edits(recipe) == surgery.Edits() else {}
        found = _biases(reading, recipe)
        called = {names.get(layer.name, layer.name): layer.name for layer in model.layers}
        return {
            called[name]: [float(each) for each in bias] for name, bias in found.items() if name in called
        }

    def parameters(self, recipe: Recipe, values: Mapping[str, Any]) -> int:
        """Return how many weights a recipe's model has.

        Args:
            recipe: What differs from the user's model.
            values: The user's own hyperparameters, name to value.

        Raises:
            SurgeryError: The edits do not fit the model.
        """
        return self._counted(recipe, values, lambda model: int(model.count_params()), surgery.count_params)

    def products(self, recipe: Recipe, values: Mapping[str, Any]) -> int:
        """Return about how many multiplications a prediction of a recipe's model takes, for one example.

        Args:
            recipe: What differs from the user's model.
            values: The user's own hyperparameters, name to value.

        Raises:
            SurgeryError: The edits do not fit the model.
        """
        return self._counted(recipe, values, surgery.products, surgery.products_of)

    def _counted(
        self,
        recipe: Recipe,
        values: Mapping[str, Any],
        of_model: Callable[[keras.Model], int],
        of_edits: Callable[[Any, Any], int],
    ) -> int:
        """Count something of a recipe's model, on edits of the user's where it can be edited: they draw no weights."""
        template, edits = self._reader.of(values).origin.template, _edits(recipe)
        if template.config is None:
            return of_model(self.assemble(recipe, values, seed=READING_SEED))
        with drawn_from(READING_SEED):
            return of_edits(template, edits)

    def fit(self, hp: keras_tuner.HyperParameters, model: keras.Model, *args: Any, **kwargs: Any) -> Any:
        """Train as KerasTuner's tuners do, with the candidate's batch size, schedule, smoothed labels and patience.

        Args:
            hp: The candidate's values.
            model: What `build` returned.
            *args: As for `keras.Model.fit`; the first is the data.
            **kwargs: Likewise.
        """
        kwargs = with_patience(kwargs, self.patience)
        if self.own_fit is not None:
            return self.own_fit(hp, model, args, kwargs)
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
        callbacks = [*(kwargs.pop("callbacks", None) or ())]
        if plan.rates is not None:
            callbacks.append(RatesByEpoch(plan.rates, steps))
        if recipe.structure.use_ema:
            # First, so that whoever keeps the best epoch's weights keeps those that were scored.
            callbacks.insert(0, keras.callbacks.SwapEMAWeights(swap_on_epoch=True))
        if plan.pace is not None:
            repace(model.optimizer, plan.pace)
        smoothing = recipe.settings.label_smoothing
        if smoothing:
            smooth(model, lambda: smoothing)
        return model.fit(*args, callbacks=callbacks, **kwargs)

    def _assembled(
        self, reading: Reading, recipe: Recipe, values: Mapping[str, Any], total_steps: int | None,
        seed: int | None, optimizer: keras.optimizers.Optimizer | None = None, parts: int = 1,
    ) -> keras.Model:  # fmt: skip
        edits, model = _edits(recipe), self._reader.call(holding(values))
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
