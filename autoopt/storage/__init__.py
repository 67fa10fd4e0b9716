"""What survives: the journal of trials, and the folder of a run."""

from autoopt.storage.best_weights import BestWeights
from autoopt.storage.distributions import options, positioned, unpositioned
from autoopt.storage.folder import Resume, RunFolder, check_directory, create, every, find, locate
from autoopt.storage.journal import Journal, quiet

__all__ = [
    "BestWeights",
    "Journal",
    "Resume",
    "RunFolder",
    "check_directory",
    "create",
    "every",
    "find",
    "locate",
    "options",
    "positioned",
    "quiet",
    "unpositioned",
]
