"""The chapter adds a layer by hand. Here the net has one hidden layer; the search deepens it.

autoopt tune examples/add_layer.py --budget 60s
"""

from chapter import OriginalModel, compiled, digits, report

import autoopt

change = "structure/dense/depth"
epochs = 8
data = digits(last=600)


def model_fn():
    return compiled(OriginalModel(hidden=1))


if __name__ == "__main__":
    report(autoopt.tune(model_fn, data, epochs=epochs, budget="60s", seed=0), change)
