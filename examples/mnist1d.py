"""MNIST-1D (Greydanus & Kobak 2024): the paper's plain convolutional net, and what a search makes of it.

autoopt tune examples/mnist1d.py --epochs 60 --budget 3m
"""

import keras
import numpy as np
from mnist1d.data import get_dataset_args, make_dataset

digits = make_dataset(get_dataset_args())  # generated here, the same every time
data = (digits["x"].astype("float32")[..., np.newaxis], digits["y"])
test_data = (digits["x_test"].astype("float32")[..., np.newaxis], digits["y_test"])


def model_fn():
    """Return three convolutions of 25 filters, as in the paper."""
    convolution = {"strides": 2, "padding": "same", "activation": "relu"}
    return keras.Sequential(
        [
            keras.Input((40, 1)),
            keras.layers.Conv1D(25, 5, **convolution),
            keras.layers.Conv1D(25, 3, **convolution),
            keras.layers.Conv1D(25, 3, **convolution),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
