"""The chapter trains by gradient descent. Here Adadelta hardly moves the weights; the search finds what does.

Full-batch gradient descent ("gd") is one of the algorithms that it may take, beside its stochastic kin.

autoopt tune examples/gradient_descent.py --budget 60s
"""

import keras
from chapter import OriginalModel, compiled, digits, report

import autoopt

change = "optimizer/name"
epochs = 8
data = digits(last=600)


def model_fn():
    return compiled(OriginalModel(), keras.optimizers.Adadelta())


def best_of_each(result):
    """Return the best score of each algorithm that was tried, by its name."""
    found = {}
    for trial in result.trials:
        if trial.score is not None:
            name = trial.hyperparameters[change]
            found[name] = max(trial.score, found.get(name, 0.0))
    return found


if __name__ == "__main__":
    result = autoopt.tune(model_fn, data, epochs=epochs, budget="60s", seed=0)
    report(result, change)
    print("best of each algorithm:", best_of_each(result))
