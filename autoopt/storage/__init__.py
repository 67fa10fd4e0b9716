"""What survives: the journal of trials, and the folder of a run."""

from autoopt.storage.folder import Resume, RunFolder, check_directory, create, every, find, locate
from autoopt.storage.journal import Journal, quiet

__all__ = ["Journal", "Resume", "RunFolder", "check_directory", "create", "every", "find", "locate", "quiet"]
