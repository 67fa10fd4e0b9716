"""Surroundings: what a user's model function finds around it, taken along into a worker process."""

import contextlib
import functools
import importlib.machinery
import itertools
import os
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import cloudpickle
import keras
from keras.src.backend.common import global_state

MAIN = "__main__"

INSTALLED = {"site-packages", "dist-packages"}
"""Folders that packages are installed into: some, as Ray, put one of theirs before everything else."""

BY_THREAD = ("dtype_policy", "custom_objects_scope_dict", "safe_mode_saving", "distribution")
"""What Keras keeps for each thread and a model function may count on."""


def of_this_thread() -> Callable[[], None]:
    """Return what makes another thread like this one, as far as Keras is concerned."""
    found = {name: global_state.get_global_attribute(name) for name in BY_THREAD}

    def take_over() -> None:
        for name, value in found.items():
            global_state.set_global_attribute(name, value)

    return take_over


@dataclass(frozen=True)
class Surroundings:
    """Keras's settings, and what the user has registered with Keras.

    Attributes:
        floatx: As `keras.config.floatx()`.
        epsilon: As `keras.config.epsilon()`.
        image_data_format: As `keras.config.image_data_format()`.
        dtype_policy: Configuration of Keras's dtype policy.
        registered: Registered name to class or function, of modules that the other process does not import.
    """

    floatx: str
    epsilon: float
    image_data_format: str
    dtype_policy: Mapping[str, Any]
    registered: Mapping[str, Any]

    @classmethod
    def here(cls, own: Sequence[ModuleType]) -> Self:
        """Return those of this process.

        Args:
            own: Modules that the other process does not import; `__main__` is always one.
        """
        names = {MAIN, *(module.__name__ for module in own)}
        known = keras.saving.get_custom_objects().items()
        return cls(
            keras.config.floatx(),
            keras.config.epsilon(),
            keras.config.image_data_format(),
            keras.saving.serialize_keras_object(keras.config.dtype_policy()),
            {name: value for name, value in known if getattr(value, "__module__", None) in names},
        )

    def take_over(self) -> None:
        """Make this process like them."""
        keras.config.set_floatx(self.floatx)
        keras.config.set_epsilon(self.epsilon)
        keras.config.set_image_data_format(self.image_data_format)
        keras.config.set_dtype_policy(keras.saving.deserialize_keras_object(dict(self.dtype_policy)))
        for registered, value in self.registered.items():
            package, _, name = registered.rpartition(">")
            if package:
                keras.saving.register_keras_serializable(package, name)(value)
            else:
                keras.saving.get_custom_objects()[registered] = value


def own_modules(given: Sequence[Any]) -> Sequence[ModuleType]:
    """Return the user's files that some functions and objects come from and that are sent as they are.

    To import them elsewhere would run them again, if they can be imported by their name at all. A package can
    be, and is.
    """
    functions = (each.func if isinstance(each, functools.partial) else each for each in given)
    names = {each.__module__ for each in functions} - {MAIN}
    modules = (sys.modules.get(name) for name in sorted(names))
    return [module for module in modules if module is not None and _is_own_file(module)]


@contextlib.contextmanager
def by_value(modules: Sequence[ModuleType]) -> Iterator[None]:
    """Have what comes from some modules pickled as it is, not by its name."""
    known = cloudpickle.list_registry_pickle_by_value()
    fresh = [module for module in modules if module.__name__ not in known]
    for module in fresh:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in fresh:
            cloudpickle.unregister_pickle_by_value(module)


def own_folders() -> Sequence[str]:
    """Return where modules are looked for before Python's own, as whole paths: folders of the user's.

    Another machine that shares them finds there what this process does, before what is installed under such a name.
    """
    found = (Path(each or os.getcwd()).resolve() for each in sys.path)
    before = itertools.takewhile(Path(os.__file__).parent.resolve().__ne__, found)
    return [str(each) for each in before if each.is_dir() and not INSTALLED & set(each.parts)]


def _is_own_file(module: ModuleType) -> bool:
    name, file = module.__name__, getattr(module, "__file__", None)
    if file is None:
        return False
    if "." in name:
        return not _is_found(name.partition(".")[0])
    installed = (sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib"))
    is_package = hasattr(module, "__path__")
    if is_package or any(Path(file).is_relative_to(folder) for folder in installed):
        found = importlib.machinery.PathFinder.find_spec(name)
        return found is None or found.origin != file
    return True


def _is_found(name: str) -> bool:
    return name in sys.builtin_module_names or importlib.machinery.PathFinder.find_spec(name) is not None
