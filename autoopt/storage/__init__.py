"""What survives: the journal of trials, and the folder of a run. What takes Keras is loaded when it is first used."""

import importlib
from typing import TYPE_CHECKING, Any

from autoopt.storage.best_weights import BestWeights
from autoopt.storage.definitions import definitions
from autoopt.storage.durable import replacing
from autoopt.storage.folder import RunFolder
from autoopt.storage.runs import Resume, check_directory, create, every, find, locate
from autoopt.storage.winner import configuration, weights
from autoopt.storage.writer import is_written_to

if TYPE_CHECKING:
    from autoopt.storage.distributions import options, positioned, unpositioned
    from autoopt.storage.figures import Figures
    from autoopt.storage.importance import EVALUATORS, FEWEST, Importance, importances
    from autoopt.storage.journal import Journal, has_failed, quiet

__all__ = [
    "EVALUATORS",
    "FEWEST",
    "BestWeights",
    "Figures",
    "Importance",
    "Journal",
    "Resume",
    "RunFolder",
    "check_directory",
    "configuration",
    "create",
    "definitions",
    "every",
    "find",
    "has_failed",
    "importances",
    "is_written_to",
    "locate",
    "options",
    "positioned",
    "quiet",
    "replacing",
    "unpositioned",
    "weights",
]

_LATER = {
    **dict.fromkeys(("options", "positioned", "unpositioned"), "distributions"),
    **dict.fromkeys(("EVALUATORS", "FEWEST", "Importance", "importances"), "importance"),
    **dict.fromkeys(("Journal", "has_failed", "quiet"), "journal"),
    "Figures": "figures",
}
"""Which file has what is loaded late: folders are found, and names checked, before that."""


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(importlib.import_module(f"autoopt.storage.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
