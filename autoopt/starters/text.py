"""A net for texts: the average of their words' embeddings, and dense layers behind it."""

import keras
import keras_tuner

from autoopt.prepared import Inputs, Outputs


def text(hp: keras_tuner.HyperParameters, inputs: Inputs, outputs: Outputs) -> keras.Model:
    """Return a net for texts as numbers of words: 0 behind their end, 1 for unknown ones, then the most frequent first."""
    words = keras.Input(inputs.shape, dtype="int32", name="words")
    lengths = sorted({min(length, inputs.shape[0]) for length in (64, 256, 512, inputs.shape[0])})
    known = sorted({min(count, inputs.vocabulary) for count in (1_000, 5_000, 20_000)})
    length = hp.Choice("length", lengths, default=min(512, lengths[-1]))
    vocabulary = hp.Choice("vocabulary", known, default=known[min(1, len(known) - 1)])
    size = hp.Choice("embedding", [32, 64, 128], default=32)
    # A text without words is one unknown word: an average over none is no number, and spoils all that it is trained with.
    x = keras.ops.concatenate([keras.ops.maximum(words[:, :1], 1), words[:, 1:length]], axis=1)
    x = keras.ops.where(x < vocabulary, x, 1)
    x = keras.layers.Embedding(vocabulary, size, mask_zero=True, name="embedding")(x)
    x = keras.layers.GlobalAveragePooling1D()(x)
    # An average of many small numbers is next to nothing: without this the first epochs are lost.
    x = keras.layers.BatchNormalization(momentum=0.9)(x)
    x = keras.layers.Dropout(0.2)(x)
    x = keras.layers.Dense(64, activation="relu")(x)
    x = keras.layers.Dropout(0.2)(x)
    y = keras.layers.Dense(outputs.units, outputs.activation, name="outputs")(x)
    if outputs.scale:
        y = keras.layers.Rescaling(outputs.scale, outputs.offset)(y)
    model = keras.Model(words, y, name="text")
    model.compile(keras.optimizers.Adam(1e-3), outputs.loss, metrics=[outputs.metric])
    return model
