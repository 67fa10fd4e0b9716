"""gd

autoopt tune examples/gradient_descent.py --budget 60s
"""

import autoopt
import keras
import numpy as np
import sklearn.datasets
from chapter import OriginalModel, compiled, report

change = "optimizer/name"
epochs = 20
x, y = sklearn.datasets.load_breast_cancer(return_X_y=True)
rows = np.random.default_rng(0).permutation(len(x))
x, y = ((x - x.mean(axis=0)) / x.std(axis=0)).astype("float32")[rows], y[rows]
data, validation_data = (x[:60], y[:60]), (x[60:], y[60:])
objective = "val_loss"


def model_fn():
    return compiled(OriginalModel(), keras.optimizers.Adam(1e-2))


if __name__ == "__main__":
    report(autoopt.tune(model_fn, data, epochs=epochs, budget="60s", seed=0), change)
