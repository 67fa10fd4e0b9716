"""The chapter adds an L2 penalty. Here 100 digits are few enough to be learnt by heart; the search holds the weights down.

autoopt tune examples/regularization.py --budget 60s
"""

from chapter import OriginalModel, compiled, digits, report

import autoopt

change = "regularization/l2"
epochs = 20
data = digits(last=100)
validation_data = digits(first=100, last=600)


def model_fn():
    return compiled(OriginalModel())


if __name__ == "__main__":
    result = autoopt.tune(
        model_fn, data, validation_data=validation_data, epochs=epochs, budget="60s", seed=0
    )
    report(result, change)
