"""The chapter gives the model a batch size. Here three epochs are few steps; the search takes smaller batches, so more steps.

autoopt tune examples/batch_size.py --budget 60s
"""

from chapter import OriginalModel, compiled, digits, report

import autoopt

change = "batch_size"
epochs = 3
data = digits(last=600)


def model_fn():
    return compiled(OriginalModel())


if __name__ == "__main__":
    report(autoopt.tune(model_fn, data, epochs=epochs, budget="60s", seed=0), change)
