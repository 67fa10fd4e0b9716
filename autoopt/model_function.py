"""The user's model function, in whichever of its forms: one call that gives a new Keras model."""

import inspect
import logging
from collections.abc import Callable
from typing import Any, TypeVar

import keras
import keras_tuner

from autoopt import compiling, download, surgery
from autoopt.errors import AutooptError, ModelError

logger = logging.getLogger(__name__)


ATTEMPTS = 5
"""So often a model function is called, that fails now and then, where a whole search depends on it."""

Built = TypeVar("Built")


def insisted(build: Callable[[], Built]) -> Built:
    """Return what builds the user's model; where the model function raises, it is called again, a few times.

    A trial whose model cannot be built has failed, and the search goes on. This is for what comes before the first
    trial and after the last one.

    Raises:
        ModelError: It has raised each time, or what it raises or returns will not change.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return build()
        except ModelError as error:
            if error.__cause__ is None or download.failed(error.__cause__):
                raise
            logger.info("%s It is called again.", error)
    return build()


def asks(model_fn: Any) -> bool:
    """Whether a model function asks for hyperparameters."""
    if isinstance(model_fn, keras.Model):
        return False
    if isinstance(model_fn, keras_tuner.HyperModel):
        return True
    parameters = inspect.signature(model_fn).parameters.values()
    required = [
        p for p in parameters if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    ]
    if len(required) > 1:
        raise ModelError(
            f"model_fn needs {len(required)} arguments: {', '.join(p.name for p in required)}. "
            "Expected none, or one that takes hyperparameters: def model_fn(hp). "
            "Use functools.partial to fill in the others."
        )
    return bool(required) or any(p.name == "hp" for p in parameters)


def caller(model_fn: Any) -> Callable[[keras_tuner.HyperParameters], keras.Model]:
    """Return a function of `hp` that gives a new Keras model, or raises a ModelError.

    Args:
        model_fn: A function with or without `hp`, a `keras_tuner.HyperModel`, or a Keras model.

    Raises:
        ModelError: It is none of these.
    """
    if isinstance(model_fn, keras.Model):
        return lambda hp: _cloned(model_fn)
    # A subclass of keras.Model is a function that returns a model; a HyperModel class is not one yet.
    no_function = isinstance(model_fn, type) and not issubclass(model_fn, keras.Model)
    if no_function or not (callable(model_fn) or isinstance(model_fn, keras_tuner.HyperModel)):
        raise ModelError(
            f"model_fn was given {model_fn!r}. Expected a function that returns a Keras model, "
            "a keras_tuner.HyperModel object, or a Keras model."
        )
    takes_hp = asks(model_fn)

    def call(hp: keras_tuner.HyperParameters) -> keras.Model:
        try:
            if isinstance(model_fn, keras_tuner.HyperModel):
                model = model_fn.build(hp)
            else:
                model = model_fn(hp) if takes_hp else model_fn()
        except AutooptError:  # of a pin, for example: it is ours, and says what to do
            raise
        except (Exception, SystemExit) as error:  # a function that calls sys.exit ends no search
            advice = download.ADVICE if download.failed(error) else "See its traceback above."
            raise ModelError(f"model_fn raised {type(error).__name__}: {error}. {advice}") from error
        if not isinstance(model, keras.Model):
            raise ModelError(
                f"model_fn returned {model!r} of type {type(model).__name__}. Expected a keras.Model: "
                "does the function end with `return model`?"
            )
        return model

    return call


def _cloned(template: keras.Model) -> keras.Model:
    """Return a copy of the template, weights and what its layers have adapted to included, compiled likewise.

    Raises:
        ModelError: Keras cannot copy it.
    """
    try:
        model = keras.models.clone_model(template)
    except Exception as error:  # a subclass's own get_config may raise anything
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(
            f"model_fn was given the model {template.name!r}, which Keras cannot copy ({reason}). Expected a "
            "Sequential or Functional model, or a function: def model_fn(): return ...the model built anew."
        ) from error
    if template.built and model.built:
        surgery.inherit(model, {layer.name: layer for layer in template.layers}, frozenset())
    found = compiling.compilation(template)
    if found is not None:
        written = compiling.written(template)
        found.apply(model, written.kind.from_config(written.config))
    return model
