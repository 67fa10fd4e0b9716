"""Small tables with a bit of everything, as people have them."""

from pathlib import Path

import keras
import numpy as np
import pandas as pd


def customers(n: int = 120, seed: int = 0) -> pd.DataFrame:
    """Return customers, of whom some churn: numbers with gaps, a category, and a column that tells nothing."""
    random = np.random.default_rng(seed)
    calls = random.normal(size=n)
    frame = pd.DataFrame(
        {
            "minutes": np.where(np.arange(n) % 7 == 0, np.nan, calls + random.normal(scale=0.3, size=n)),
            "plan": random.choice(["basic", "family", "pro"], n),
            "churn": np.where(calls > 0, "yes", "no"),
        }
    )
    return frame


def houses(n: int = 80) -> pd.DataFrame:
    """Return houses and their prices."""
    random = np.random.default_rng(0)
    rooms = random.uniform(1, 9, n)
    return pd.DataFrame({"rooms": rooms, "price": 1e5 * rooms + random.normal(scale=1e4, size=n)})


def waves(n: int = 40, steps: int = 20) -> pd.DataFrame:
    """Return a series a row, one step a column, with a first step that is 0 in all and gaps, and which way it begins."""
    random = np.random.default_rng(0)
    begins = random.permutation(np.arange(n) % 2)
    phases = np.arange(steps) / 3 + np.pi * begins[:, None]
    made = np.round(np.sin(phases) + random.normal(scale=0.1, size=(n, steps)), 3)
    made[:, 0], made[3, 5] = 0, np.nan
    frame = pd.DataFrame(made, columns=[f"t{step}" for step in range(steps)])
    return frame.assign(label=np.where(begins, "down", "up"))


def written(frame: pd.DataFrame, folder: Path, name: str = "train.csv") -> Path:
    """Return the path of a table as CSV."""
    frame.to_csv(folder / name, index=False)
    return folder / name


def net() -> keras.Model:
    """Return a model of the user's own for what customers are prepared to; its steps are not traced."""
    numbers, plan = keras.Input((2,), name="numbers"), keras.Input((1,), dtype="int32", name="categories")
    x = keras.layers.Concatenate()([numbers, keras.layers.Flatten()(keras.layers.Embedding(4, 2)(plan))])
    model = keras.Model([numbers, plan], keras.layers.Dense(1, "sigmoid")(x))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"], run_eagerly=True)
    return model
