"""A small residual net for images."""

import keras
import keras_tuner

from autoopt.prepared import Inputs, Outputs


def cnn(hp: keras_tuner.HyperParameters, inputs: Inputs, outputs: Outputs) -> keras.Model:
    """Return a residual net that halves the image as often as there is room."""
    image = keras.Input(inputs.shape, name="image")
    x, side = image, min(inputs.shape[:2])
    if side >= 64:
        coarser = hp.Choice("coarser", [1, 2, 4], default=2)
        x, side = keras.layers.AveragePooling2D(coarser)(x), side // 2
    filters = 16
    x = keras.layers.Conv2D(filters, 3, padding="same")(x)
    x = keras.layers.BatchNormalization(momentum=0.9)(x)
    x = keras.layers.Activation("relu")(x)
    while side >= 8:
        side, filters = side // 2, min(2 * filters, 128)
        x = keras.layers.Conv2D(filters, 3, strides=2, padding="same")(x)
        x = keras.layers.BatchNormalization(momentum=0.9)(x)
        x = keras.layers.Activation("relu")(x)
        block = keras.layers.Conv2D(filters, 3, padding="same")(x)
        block = keras.layers.BatchNormalization(momentum=0.9)(block)
        block = keras.layers.Activation("relu")(block)
        x = keras.layers.Add()([x, block])
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dropout(0.2)(x)
    y = keras.layers.Dense(outputs.units, outputs.activation, name="outputs")(x)
    if outputs.scale:
        y = keras.layers.Rescaling(outputs.scale, outputs.offset)(y)
    model = keras.Model(image, y, name="cnn")
    model.compile(keras.optimizers.Adam(1e-3), outputs.loss, metrics=[outputs.metric])
    return model
