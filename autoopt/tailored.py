"""A user's hypermodel with what KerasTuner's tuners change of one: hyperparameters, compile arguments, fit arguments."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import keras_tuner

from autoopt import compiling
from autoopt.hyperparameters import retrieve
from autoopt.own_fit import OwnFit


@dataclass(frozen=True)
class Tailored:
    """A model function made of another one.

    Attributes:
        build: The user's: a function of `hp`.
        given: Hyperparameters that take the place of the function's own of the same names; None for none.
        tune_new: Whether hyperparameters that are not given are searched; else they have their defaults.
        optimizer: In the place of the model's own, None leaves that.
        arguments: The same for `loss` and `metrics`, by name.
    """

    build: Callable[[keras_tuner.HyperParameters], keras.Model]
    given: keras_tuner.HyperParameters | None = None
    tune_new: bool = True
    optimizer: Any = None
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        """Build one candidate and compile it."""
        for definition in () if self.given is None else self.given.space:
            retrieve(hp, definition)
        if not self.tune_new:
            values = {known.name: hp.values[known.name] for known in hp.space if hp.is_active(known)}
            hp = keras_tuner.HyperParameters()
            hp.values = values
        model = self.build(hp)
        if self.optimizer is not None or self.arguments:
            self._compile(model)
        return model

    def _compile(self, model: keras.Model) -> None:
        found = compiling.compilation(model)
        own = {} if found is None else found.arguments
        optimizer = self.optimizer or (model.optimizer if found else "rmsprop")  # Keras's own default
        if isinstance(self.optimizer, keras.optimizers.Optimizer):
            optimizer = type(self.optimizer).from_config(self.optimizer.get_config())
        compiling.Compilation({**own, **self.arguments}).apply(model, optimizer)


class TailoredFit(keras_tuner.HyperModel):  # type: ignore[misc]
    """A tailored model function, trained by the user's own `fit` with further arguments.

    Args:
        build: Builds the model.
        fit: The user's.
        arguments: What `fit` is given beside what a search gives it.
    """

    def __init__(
        self, build: Callable[[Any], keras.Model], fit: Callable[..., Any], arguments: Mapping[str, Any]
    ) -> None:
        self._tailored, self._fit, self._arguments = build, OwnFit(fit), dict(arguments)
        super().__init__()

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        """Build one candidate."""
        return self._tailored(hp)

    def fit(self, hp: keras_tuner.HyperParameters, model: keras.Model, *args: Any, **kwargs: Any) -> Any:
        """Train it as the user does."""
        return self._fit(hp, model, args, {**kwargs, **self._arguments})
