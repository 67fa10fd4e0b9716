"""The chapter passes a learning rate to Adam. Here it is far too small; the search finds one that learns.

autoopt tune examples/learning_rate.py --budget 60s
"""

import keras
from chapter import OriginalModel, compiled, digits, report

import autoopt

change = "optimizer/learning_rate"
epochs = 6
data = digits(last=600)


def model_fn():
    return compiled(OriginalModel(), keras.optimizers.Adam(1e-5))


if __name__ == "__main__":
    report(autoopt.tune(model_fn, data, epochs=epochs, budget="60s", seed=0), change)
