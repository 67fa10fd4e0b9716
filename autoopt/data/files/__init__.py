"""Files, folders and DataFrames to `Raw`, one file a format; and predictions back into a file."""

from autoopt.data.files.parted import Parts, read_parts
from autoopt.data.files.predictions import write
from autoopt.data.files.source import TABLES, check_file, check_said, check_there, read
from autoopt.data.files.watched import watched, watching
from autoopt.data.parts import Progress
from autoopt.data.tables import describe

__all__ = [
    "TABLES",
    "Parts",
    "Progress",
    "check_file",
    "check_said",
    "check_there",
    "describe",
    "read",
    "read_parts",
    "watched",
    "watching",
    "write",
]
