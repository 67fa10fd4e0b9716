"""A recurrent net for sequences, read from both ends."""

import keras
import keras_tuner

from autoopt.prepared import Inputs, Outputs


def recurrent(hp: keras_tuner.HyperParameters, inputs: Inputs, outputs: Outputs) -> keras.Model:
    """Return a net over steps × channels. Steps are joined to words first: the fewer there are, the more is kept in mind."""
    steps = keras.Input(inputs.shape, name="steps")
    x, length = steps, inputs.shape[0]
    if length > 128:
        # What matters may come early or late, and a short piece of a long sequence is quickly learnt from.
        lengths = [length // 4, length // 2, length]
        cut = length - hp.Choice("length", lengths, default=length)
        with hp.conditional_scope("length", lengths[:2]):
            kept = hp.Choice("kept", ["first steps", "last steps"], default="first steps")
        x = keras.layers.Cropping1D((cut, 0) if kept == "last steps" else (0, cut))(x)
    longest = min(8, length)
    word = hp.Choice("word", sorted({1, min(3, longest), longest}), default=min(3, longest))
    x = keras.layers.Conv1D(64, word, strides=word, activation="relu")(x)
    x = keras.layers.Bidirectional(keras.layers.GRU(64))(x)
    x = keras.layers.Dropout(0.3)(x)
    y = keras.layers.Dense(outputs.units, outputs.activation, name="outputs")(x)
    if outputs.scale:
        y = keras.layers.Rescaling(outputs.scale, outputs.offset)(y)
    model = keras.Model(steps, y, name="recurrent")
    model.compile(keras.optimizers.Adam(1e-3), outputs.loss, metrics=[outputs.metric])
    return model
