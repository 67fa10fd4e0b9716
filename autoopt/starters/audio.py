"""Sound: a small residual net over its spectrogram."""

import keras
import keras_tuner

from autoopt.prepared import Inputs, Outputs


def audio(hp: keras_tuner.HyperParameters, inputs: Inputs, outputs: Outputs) -> keras.Model:
    """Return a residual net over frames × bands × 1. Of fewer bands each is the mean of what neighbours were, in logarithms."""
    spectrogram = keras.Input(inputs.shape, name="spectrogram")
    frames, bands, _ = inputs.shape
    fewer = hp.Choice(
        "bands", sorted({max(1, bands // each) for each in (1, 2, 4)}), default=max(1, bands // 2)
    )
    x = keras.layers.AveragePooling2D((min(2, frames), bands // fewer))(spectrogram)
    side = min(frames, bands) // 2
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
    model = keras.Model(spectrogram, y, name="audio")
    model.compile(keras.optimizers.Adam(1e-3), outputs.loss, metrics=[outputs.metric])
    return model
