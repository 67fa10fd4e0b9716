"""What the file of a winner says of its model, read as plain data: no class of the user's own is needed for that."""

import json
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
"""Names inside of a `.keras` file."""

OPTIMIZER = "optimizer"
"""Group of the numbers that are not the model's."""


def configuration(path: Path) -> Mapping[str, Any]:
    """Return the configuration of the model in a `.keras` file, empty where there is none that can be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = json.loads(archive.read(CONFIG))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return {}
    config = found.get("config") if isinstance(found, dict) else None
    return config if isinstance(config, dict) else {}


def weights(path: Path) -> int | None:
    """Return how many numbers the layers of the model in a `.keras` file have, None where that cannot be read."""
    import h5py

    count = 0

    def add(name: str, item: Any) -> None:
        nonlocal count
        if isinstance(item, h5py.Dataset) and name.partition("/")[0] != OPTIMIZER:
            count += math.prod(item.shape)

    try:
        with zipfile.ZipFile(path) as archive, archive.open(WEIGHTS) as file, h5py.File(file) as found:
            found.visititems(add)
    except (OSError, KeyError, zipfile.BadZipFile):
        return None
    return count
