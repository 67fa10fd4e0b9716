"""Handwritten digits (scikit-learn's 1,797 images of 8 x 8 pixels): a first dense net, and what a search finds.

autoopt tune examples/digits.py --budget 60s
"""

import keras
from sklearn.datasets import load_digits

x, y = load_digits(return_X_y=True)
data = (x.astype("float32") / 16, y)


def model_fn():
    """Return the model as one might write it first: there is no search code in it."""
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


if __name__ == "__main__":
    import autoopt

    result = autoopt.tune(model_fn, data, budget="60s")
    print(result, result.leaderboard(), sep="\n")
