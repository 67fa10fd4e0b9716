"""A net of dense layers for tables. Categories are embedded."""

import keras
import keras_tuner

from autoopt.prepared import Inputs, Outputs


def mlp(hp: keras_tuner.HyperParameters, inputs: Inputs, outputs: Outputs) -> keras.Model:
    """Return a net for rows of numbers, of categories, or of both."""
    taken, parts = [], []
    if inputs.numbers:
        numbers = keras.Input((inputs.numbers,), name="numbers")
        taken.append(numbers)
        parts.append(numbers)
    if inputs.categories:
        categories = keras.Input((inputs.categories,), dtype="int32", name="categories")
        size = hp.Choice("embedding", [2, 4, 8, 16], default=4)
        embedded = keras.layers.Embedding(inputs.values, size, name="embedding")(categories)
        taken.append(categories)
        parts.append(keras.layers.Flatten()(embedded))
    row = keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    x = row
    for units in (128, 128):
        x = keras.layers.Dense(units)(x)
        x = keras.layers.BatchNormalization(momentum=0.9)(x)
        x = keras.layers.Activation("relu")(x)
        x = keras.layers.Dropout(0.2)(x)
    # A linear model beside the layers. From zeros it finds small weights where there are more columns than rows.
    x = keras.layers.Concatenate()([x, row])
    y = keras.layers.Dense(outputs.units, outputs.activation, kernel_initializer="zeros", name="outputs")(x)
    if outputs.scale:
        y = keras.layers.Rescaling(outputs.scale, outputs.offset)(y)
    model = keras.Model(taken, y, name="mlp")
    model.compile(keras.optimizers.Adam(1e-3), outputs.loss, metrics=[outputs.metric])
    return model
