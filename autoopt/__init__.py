"""autoopt: hand over a Keras model and data, get a better model back.

    result = autoopt.tune(model_fn, (x, y), budget="5m")

Importing this loads no framework; each public name is loaded when it is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autoopt import axes as axes
    from autoopt import events as events
    from autoopt.afterwards import Source as Source
    from autoopt.data import Dataset as Dataset
    from autoopt.hypermodel import AutoHyperModel as AutoHyperModel
    from autoopt.inspection import inspect as inspect
    from autoopt.records import Trial as Trial
    from autoopt.resources import Resources as Resources
    from autoopt.result import Result as Result
    from autoopt.result import load as load
    from autoopt.search_options import Search as Search
    from autoopt.space import Space as Space
    from autoopt.tuner import Tuner as Tuner
    from autoopt.tuning import tune as tune

__version__ = "0.1.0"

_HOMES = {
    "AutoHyperModel": "autoopt.hypermodel",
    "Constraints": "autoopt.constraints",
    "Dataset": "autoopt.data",
    "Resources": "autoopt.resources",
    "Result": "autoopt.result",
    "Search": "autoopt.search_options",
    "Source": "autoopt.afterwards",
    "Space": "autoopt.space",
    "Trial": "autoopt.records",
    "Tuner": "autoopt.tuner",
    "inspect": "autoopt.inspection",
    "load": "autoopt.result",
    "tune": "autoopt.tuning",
}
_ROOMS = ("axes", "errors", "events")

__all__ = [*_HOMES, *_ROOMS]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"autoopt.{name}")
    raise AttributeError(f"module 'autoopt' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
