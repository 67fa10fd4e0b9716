"""What the file of a winner says of its model, read as plain data: no class of the user's own is needed for that."""

import contextlib
import math
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autoopt.untrusted import Unreadable, check_archive, parse

CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
"""Names inside of a `.keras` file."""

OPTIMIZER = "optimizer"
"""Group of the numbers that are not the model's."""

DAMAGE = (
    Unreadable, OSError, EOFError, LookupError, ValueError, TypeError, ArithmeticError, RuntimeError, zipfile.BadZipFile,
    zlib.error,
)  # fmt: skip
"""What is raised of a file that is missing, damaged or of another kind: what can be read of it is shown."""

MOST_BYTES = 32 * 2**20
"""Of a configuration."""


def configuration(path: Path) -> Mapping[str, Any]:
    """Return the configuration of the model in a `.keras` file, empty where there is none that can be read."""
    found: Any = {}
    with contextlib.suppress(*DAMAGE), _opened(path) as archive:
        if archive.getinfo(CONFIG).file_size <= MOST_BYTES:
            found = parse(archive.read(CONFIG))
    config = found.get("config") if isinstance(found, dict) else None
    return config if isinstance(config, dict) else {}


def weights(path: Path) -> int:
    """Return how many numbers the layers of the model in a `.keras` file have, 0 where that cannot be read."""
    import h5py

    counts: list[int] = []

    def add(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and name.partition("/")[0] != OPTIMIZER:
            counts.append(math.prod(item.shape))

    with contextlib.suppress(*DAMAGE), _opened(path) as archive:
        with archive.open(WEIGHTS) as file, h5py.File(file) as found:
            found.visititems(add)
        return sum(counts)
    return 0


def _opened(path: Path) -> zipfile.ZipFile:
    check_archive(path)
    return zipfile.ZipFile(path)
