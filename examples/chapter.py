"""What the chapter's seven examples share: its model, real data, and what a search says about one change.

The chapter changes its model by hand, one thing at a time; here the search may change everything.
"""

from typing import Any

import keras
import sklearn.datasets

import autoopt


@keras.saving.register_keras_serializable("chapter")
class OriginalModel(keras.Model):
    """The chapter's model: hidden layers of 64 units, then one that tells ten digits apart.

    Mended where Keras 3 refuses the chapter's code: a model has an `output` of its own, and `call` only
    calls layers, so that the structure can be read from it.

    Args:
        hidden: How many hidden layers.
        activation: Theirs.
        kernel_initializer: Theirs.
    """

    def __init__(
        self, hidden: int = 2, activation: str = "relu", kernel_initializer: Any = "glorot_uniform"
    ) -> None:
        super().__init__()
        self.hidden_layers = [
            keras.layers.Dense(64, activation=activation, kernel_initializer=kernel_initializer)
            for _ in range(hidden)
        ]
        self.output_layer = keras.layers.Dense(10, activation="softmax")

    def call(self, inputs: Any) -> Any:
        """Return the probability of each digit."""
        x = inputs
        for layer in self.hidden_layers:
            x = layer(x)
        return self.output_layer(x)


def compiled(model: keras.Model, optimizer: Any = "adam") -> keras.Model:
    """Return the model, compiled for whole-number labels."""
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def digits(first: int = 0, last: int = 1797) -> tuple[Any, Any]:
    """Return some of scikit-learn's handwritten digits: images of 8 x 8 pixels in 0 … 1, and labels."""
    x, y = sklearn.datasets.load_digits(return_X_y=True)
    return x[first:last].astype("float32") / 16, y[first:last]


def evidence(result: autoopt.Result, name: str) -> tuple[Any, Any]:
    """Return the best trial that changed a hyperparameter, and the best that left it as written.

    Args:
        result: What the search found; its trial 0 is the chapter's model.
        name: The hyperparameter; where it is inactive its value is None.
    """
    written = result.trials[0].hyperparameters.get(name)
    sign = -1.0 if result.objective.direction == "max" else 1.0
    ranked = sorted((t for t in result.trials if t.score is not None), key=lambda t: sign * t.score)
    changed = (t for t in ranked if t.hyperparameters.get(name) not in (written, None))
    kept = (t for t in ranked if t.hyperparameters.get(name) == written)
    return next(changed, None), next(kept, None)


def report(result: autoopt.Result, name: str) -> None:
    """Print whether the winner has the chapter's change, and what the trials with and without it reached."""
    before, after = (t.hyperparameters.get(name) for t in (result.trials[0], result.best_trial))
    objective = result.objective.name
    changed, kept = evidence(result, name)
    print(f"{name}: {before} -> {after}" if after != before else f"{name}: left at {before}")
    print(f"  {objective} of the chapter's model  {result.baseline_score:.4f}")
    print(
        f"  {objective} of the winner           {result.best_score:.4f}  (trial {result.best_trial.number})"
    )
    for words, trial in (("best with the change    ", changed), ("best without the change ", kept)):
        if trial is not None:
            value = trial.hyperparameters.get(name)
            print(f"  {words} {trial.score:.4f}  (trial {trial.number}: {name} = {value})")
    print(result.leaderboard()[["trial", "status", "score", "epochs", name]].to_string(index=False))
