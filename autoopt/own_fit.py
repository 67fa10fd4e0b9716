"""A HyperModel's own `fit`: which axes it leaves open, and the hyperparameters that it asks for."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import keras_tuner

from autoopt.axes.regularization import SMOOTHING_NAME
from autoopt.coverage import SCHEDULE
from autoopt.hyperparameters import retrieve
from autoopt.space import AXES

IN_THE_MODEL = ("structure", "initialization", "regularization", "optimizer")
"""Axes that are part of the compiled model, whoever trains it."""

OPTIONAL = ("epochs", "verbose", "batch_size", "class_weight")
"""Arguments that a `fit` which sets them itself need not be given."""


class OwnFit:
    """The `fit` that a `keras_tuner.HyperModel` overrides.

    What it asks `hp` for is known only when it runs: as in KerasTuner, such a hyperparameter has its default in
    the trial that first asks for it, and is searched from then on.

    Args:
        fit: The bound method.
    """

    def __init__(self, fit: Callable[..., Any]) -> None:
        self._fit = fit
        self._asked = keras_tuner.HyperParameters()
        self._sets: set[str] = set()

    @classmethod
    def of(cls, model_fn: Any) -> Self | None:
        """Return the own `fit` of a model function, None where it has none."""
        own = isinstance(model_fn, keras_tuner.HyperModel)
        return cls(model_fn.fit) if own and type(model_fn).fit is not keras_tuner.HyperModel.fit else None

    @property
    def asked(self) -> keras_tuner.HyperParameters:
        """The hyperparameters that it has asked for so far."""
        return self._asked

    def closed(self, is_compiled: bool) -> Mapping[str, str]:
        """Return the axes and parts that it decides by itself, each with the reason.

        Args:
            is_compiled: Whether `build` compiles the model; else the optimizer is made in `fit`.
        """
        axes = [name for name in AXES if name not in IN_THE_MODEL]
        training = SCHEDULE if is_compiled else "optimizer"
        return dict.fromkeys(
            [*axes, training, SMOOTHING_NAME], "your own fit decides how a trial is trained."
        )

    def learn(self, definitions: Sequence[Any]) -> None:
        """Take note of hyperparameters that it asked for."""
        self._asked.merge(list(definitions), overwrite=False)

    def draw(self, hp: keras_tuner.HyperParameters) -> None:
        """Ask `hp` for every hyperparameter that is known."""
        for definition in self._asked.space:
            retrieve(hp, definition)

    def __call__(
        self, hp: keras_tuner.HyperParameters, model: Any, data: Sequence[Any], options: Mapping[str, Any]
    ) -> Any:
        """Call it once, as KerasTuner's tuners do, with what its signature takes.

        Args:
            hp: The trial's hyperparameters.
            model: The compiled model.
            data: x and y, or one source of batches.
            options: Keyword arguments; without those of `OPTIONAL` that it sets itself.
        """
        while True:
            wanted = {name: value for name, value in options.items() if name not in self._sets}
            args, keywords = _bound(self._fit, (hp, model), data, wanted)
            try:
                return self._fit(*args, **keywords)
            except TypeError as error:
                # `model.fit(*args, epochs=hp.Int(...), **kwargs)`: refused before anything has been trained.
                own = {name for name in wanted if name in OPTIONAL and _given_twice(error, name)}
                if not own:
                    raise
                self._sets |= own


def _given_twice(error: TypeError, name: str) -> bool:
    return f"got multiple values for keyword argument '{name}'" in str(error)


def _bound(
    fit: Callable[..., Any], first: Sequence[Any], data: Sequence[Any], options: Mapping[str, Any]
) -> tuple[Sequence[Any], Mapping[str, Any]]:
    """Return the arguments for a call: data by position where there is a place for it, options that are taken."""
    parameters = inspect.signature(fit).parameters.values()
    kinds = {parameter.kind for parameter in parameters}
    by_position = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if inspect.Parameter.VAR_KEYWORD not in kinds:
        options = {name: value for name, value in options.items() if name in {p.name for p in parameters}}
    fits = len([p for p in by_position if p.name not in options]) >= len(first) + len(data)
    if fits or inspect.Parameter.VAR_POSITIONAL in kinds:
        return (*first, *data), options
    return first, {**dict(zip(("x", "y"), data, strict=False)), **options}
