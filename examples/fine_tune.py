"""Fine-tuning on 100 labels: a small net that has learnt the digits 0 to 4 is tuned on 5 to 9, and from scratch.

python examples/fine_tune.py
"""

import functools
import tempfile
from pathlib import Path

import keras
import numpy as np
from sklearn.datasets import load_digits

LABELS = 100

x, y = load_digits(return_X_y=True)
x = (x / 16).astype("float32").reshape(-1, 8, 8, 1)
known, new = y < 5, y >= 5


def drawn(seed):
    """Return the new digits, in an order drawn from a seed: some with a label, and the others to test on."""
    order = np.random.default_rng(seed).permutation(np.flatnonzero(new))
    return tuple((x[some], y[some] - 5) for some in (order[:LABELS], order[LABELS:]))


data, test_data = drawn(0)


def features():
    """Return the part of the net that is worth keeping: two convolutions."""
    parts = [keras.Input((8, 8, 1))]
    for filters in (16, 32):
        parts += [
            keras.layers.Conv2D(filters, 3, padding="same", use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.MaxPooling2D(),
        ]
    return keras.Sequential([*parts, keras.layers.Flatten()], name="features")


def classifier(part):
    """Return a classifier of five digits on top of a part."""
    model = keras.Sequential([keras.Input((8, 8, 1)), part, keras.layers.Dense(5, activation="softmax")])
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@functools.cache
def learnt():
    """Train on the digits 0 to 4, once, and return the file that keeps what was learnt."""
    keras.utils.set_random_seed(0)
    model = classifier(features())
    model.fit(x[known], y[known], epochs=20, verbose=0)
    path = Path(tempfile.mkdtemp()) / "features.keras"
    model.get_layer("features").save(path)
    return path


def model_fn():
    """Return a classifier of the digits 5 to 9 on what the net has learnt from the others."""
    part = keras.models.load_model(learnt())
    part.trainable = False  # as one might write it first: the search may train it after all
    return classifier(part)


def from_scratch():
    """Return the same, with weights as they are drawn."""
    return classifier(features())


def compare(seeds=(0, 1, 2), **options):
    """Run the same search on both, for several draws of the labels; print and return the test accuracies."""
    import autoopt

    print("draw  from scratch  fine-tuned  (test accuracy; structure/fine_tune)")
    scores = []
    for seed in seeds:
        some, rest = drawn(seed)
        searched = {"test_data": rest, "validation_split": 0.3, "epochs": 20, "max_trials": 12, **options}
        found = [
            autoopt.tune(make, some, seed=seed, verbose=0, **searched) for make in (from_scratch, model_fn)
        ]
        scores.append([result.test_metrics["accuracy"] for result in found])
        way = found[1].best_hyperparameters.get("structure/fine_tune")
        print(f"{seed:4}  {scores[-1][0]:12.4f}  {scores[-1][1]:10.4f}  {way}", flush=True)
    scratch, tuned = np.mean(scores, axis=0)
    print(f"mean  {scratch:12.4f}  {tuned:10.4f}  gain {tuned - scratch:+.4f}")
    return scratch, tuned


if __name__ == "__main__":
    compare()
