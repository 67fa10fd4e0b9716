"""What survives: the journal of trials, and the folder of a run."""

from autoopt.storage.best_weights import BestWeights
from autoopt.storage.definitions import definitions
from autoopt.storage.distributions import options, positioned, unpositioned
from autoopt.storage.folder import RunFolder
from autoopt.storage.importance import EVALUATORS, FEWEST, Importance, importances
from autoopt.storage.journal import Journal, has_failed, quiet
from autoopt.storage.runs import Resume, check_directory, create, every, find, locate

__all__ = [
    "EVALUATORS",
    "FEWEST",
    "BestWeights",
    "Importance",
    "Journal",
    "Resume",
    "RunFolder",
    "check_directory",
    "create",
    "definitions",
    "every",
    "find",
    "has_failed",
    "importances",
    "locate",
    "options",
    "positioned",
    "quiet",
    "unpositioned",
]
