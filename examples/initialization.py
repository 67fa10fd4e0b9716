"""The chapter starts from Xavier's weights. Here they start far too large; the search finds a distribution that fits.

autoopt tune examples/initialization.py --budget 60s
"""

import keras
from chapter import OriginalModel, compiled, digits, report

import autoopt

change = "initialization/kernel"
epochs = 6
data = digits(last=600)


def model_fn():
    return compiled(OriginalModel(kernel_initializer=keras.initializers.RandomNormal(stddev=1.0)))


if __name__ == "__main__":
    report(autoopt.tune(model_fn, data, epochs=epochs, budget="60s", seed=0), change)
