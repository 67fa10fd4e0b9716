"""Text files as one text each."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from autoopt.data.files.delimited import Progress
from autoopt.data.files.encoding import read_text
from autoopt.data.files.loaded import Loaded, skipped
from autoopt.untrusted import Unreadable

MOST_BYTES = 10 * 2**20
"""Of one file."""


def read(paths: Sequence[Path], progress: Progress | None = None) -> Loaded:
    """Return texts as objects of str.

    Args:
        paths: Of the files.
        progress: Told of files.

    Raises:
        DataError: No file can be read.
    """
    found, wrong = {}, {}
    for place, path in enumerate(paths):
        try:
            found[place] = read_text(path, MOST_BYTES).strip()
        except Unreadable as error:
            wrong[place] = str(error)
        if progress is not None:
            progress(place + 1, len(paths))
    values = np.array(list(found.values()), object)
    return Loaded(values, np.array(list(found), np.int64), notes=skipped(paths, wrong))
