"""A small residual net for sequences: series, DNA, proteins."""

import keras
import keras_tuner

from autoopt.prepared import Inputs, Outputs


def sequence(hp: keras_tuner.HyperParameters, inputs: Inputs, outputs: Outputs) -> keras.Model:
    """Return a net over steps × channels that halves the length as often as there is room."""
    steps = keras.Input(inputs.shape, name="steps")
    reach = hp.Choice("reach", [3, 5, 9], default=5)
    x, length = steps, inputs.shape[0]
    if length > 128:
        # What matters may come early or late, and a short piece of a long sequence is quickly learnt from.
        lengths = [length // 4, length // 2, length]
        cut = length - hp.Choice("length", lengths, default=length)
        with hp.conditional_scope("length", lengths[:2]):
            kept = hp.Choice("kept", ["first steps", "last steps"], default="first steps")
        x = keras.layers.Cropping1D((cut, 0) if kept == "last steps" else (0, cut))(x)
    x = keras.layers.Conv1D(64, reach, padding="same")(x)
    x = keras.layers.BatchNormalization(momentum=0.9)(x)
    x = keras.layers.Activation("relu")(x)
    while length >= 16:
        length = length // 2
        x = keras.layers.Conv1D(64, reach, strides=2, padding="same")(x)
        x = keras.layers.BatchNormalization(momentum=0.9)(x)
        x = keras.layers.Activation("relu")(x)
        block = keras.layers.Conv1D(64, reach, padding="same")(x)
        block = keras.layers.BatchNormalization(momentum=0.9)(block)
        block = keras.layers.Activation("relu")(block)
        x = keras.layers.Add()([x, block])
    # Short windows tend to be aligned, and places count; else an average sees the same wherever it is.
    short = inputs.shape[0] <= 128
    x = keras.layers.Flatten()(x) if short else keras.layers.GlobalAveragePooling1D()(x)
    x = keras.layers.Dropout(0.3)(x)
    y = keras.layers.Dense(outputs.units, outputs.activation, name="outputs")(x)
    if outputs.scale:
        y = keras.layers.Rescaling(outputs.scale, outputs.offset)(y)
    model = keras.Model(steps, y, name="sequence")
    model.compile(keras.optimizers.Adam(1e-3), outputs.loss, metrics=[outputs.metric])
    return model
