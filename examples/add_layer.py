"""The chapter adds a layer by hand. Here a net of one hidden layer is too shallow for MNIST-1D; the search deepens it.

autoopt tune examples/add_layer.py --budget 60s
"""

from chapter import OriginalModel, compiled, report
from mnist1d.data import get_dataset_args, make_dataset

import autoopt

change = "structure/dense/depth"
epochs = 10
signals = make_dataset(get_dataset_args())
data = (signals["x"].astype("float32"), signals["y"])


def model_fn():
    return compiled(OriginalModel(hidden=1))


if __name__ == "__main__":
    report(autoopt.tune(model_fn, data, epochs=epochs, budget="60s", seed=0), change)
