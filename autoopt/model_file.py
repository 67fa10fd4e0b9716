"""The Python file that a command line names: its `model_fn` and its `data`. The only code that is imported."""

import importlib
import importlib.machinery
import importlib.util
import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from autoopt.errors import ModelError, UsageError, nearest
from autoopt.spelling import spelling

OPTIONS = (
    "validation_data",
    "test_data",
    "space",
    "search",
    "callbacks",
    "class_weight",
    "constraints",
    "epochs",
    "objective",
    "sinks",
)
"""Further arguments of `tune` that a model file may define under their own name."""

VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
"""Kinds of parameters that nothing need be passed for."""


@dataclass(frozen=True)
class ModelFile:
    """What a model file defines.

    Attributes:
        name: As it was given.
        model_fn: The function that returns the model.
        module: The imported file.
    """

    name: str
    model_fn: Any
    module: ModuleType

    def data(self) -> Any:
        """Return its `data`; called first where it is a function, unless that takes a batch size.

        Raises:
            UsageError: It defines none.
            ModelError: It is a function that raises.
        """
        found = getattr(self.module, "data", None)
        if found is None:
            raise UsageError(
                f"{self.name} defines no `data`. Expected `data = (x, y)` in the file, "
                f"or a file or folder of data behind it. Write: autoopt tune {self.name} DATA"
            )
        try:
            with spelling(shell=False):
                return found() if callable(found) and not _makes_batches(found) else found
        except Exception as error:
            raise ModelError(f"data() of {self.name} raised {type(error).__name__}: {error}") from error

    def options(self) -> Mapping[str, Any]:
        """Return the further arguments of `tune` that it defines."""
        return {name: getattr(self.module, name) for name in OPTIONS if hasattr(self.module, name)}


def read(given: str) -> ModelFile:
    """Import what a command line names.

    Args:
        given: `file.py`, `file.py:function` or `package.module:function`.

    Raises:
        UsageError: There is no such file, module or function; the nearest names are given.
        ModelError: Importing it raises; its own traceback is shown.
    """
    place, _, function = given.partition(":")
    with spelling(shell=False):  # what the file itself calls is called in Python
        module = _imported(given)
    name = function or "model_fn"
    if not hasattr(module, name):
        known = [known for known, value in vars(module).items() if callable(value) and known[:1] != "_"]
        raise UsageError(f"{place} defines no {name!r}.{nearest(name, known)}")
    return ModelFile(given, getattr(module, name), module)


def _imported(given: str) -> ModuleType:
    place, _, function = given.partition(":")
    if place.endswith(".py"):
        return _from_file(Path(place))
    if function:
        return _from_module(place)
    raise UsageError(
        f"MODEL was given {given!r}. Expected a Python file (model.py), file.py:function or package.module:function. "
        "Name one."
    )


def _makes_batches(function: Any) -> bool:
    """Say whether a function is `data(batch_size)`, which is called once for each size."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # of some that are written in C
        return False
    return any(
        each.default is each.empty or each.name == "batch_size"
        for each in parameters
        if each.kind not in VARIABLE
    )


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        beside = [other.name for other in path.parent.glob("*.py")] if path.parent.is_dir() else []
        raise UsageError(f"There is no file {str(path)!r}.{nearest(path.name, beside)}")
    name = f"{path.stem}_file" if _is_package(path.stem) else path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{str(path)!r} cannot be imported. Expected a Python file.")
    module = importlib.util.module_from_spec(spec)
    # What lies beside the file can be imported, but never stands in front of what is installed: a file may
    # have a package's name, as examples/mnist1d.py does.
    folder = str(path.parent.resolve())
    if folder not in sys.path:
        sys.path.append(folder)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise ModelError(f"Importing {path} raised {type(error).__name__}: {error}") from error
    return module


def _is_package(name: str) -> bool:
    found = importlib.machinery.PathFinder.find_spec(name)
    return found is not None and bool(found.origin and found.submodule_search_locations)


def _from_module(name: str) -> ModuleType:
    sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"There is no module {name!r}: {error}. Expected package.module:function."
        ) from error
    except (Exception, SystemExit) as error:
        raise ModelError(f"Importing {name} raised {type(error).__name__}: {error}") from error
