"""The chapter takes a layer out by hand. Here six sigmoid layers pass no gradient on; the search takes most of them out.

autoopt tune examples/remove_layer.py --budget 60s
"""

from chapter import OriginalModel, compiled, digits, report

import autoopt

change = "structure/dense/depth"
epochs = 8
data = digits(last=600)


def model_fn():
    return compiled(OriginalModel(hidden=6, activation="sigmoid"))


if __name__ == "__main__":
    report(autoopt.tune(model_fn, data, epochs=epochs, budget="60s", seed=0), change)
