"""Any chain and any graph of layers can be edited as far as its template says: merges, shared layers, two outputs."""

import keras
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from autoopt.surgery import Edits, Template, read, rebuild
from tests.surgery.drawn import made, segments


def edits(data: st.DataObject, template: Template, dropout: float | None = None) -> Edits:
    """Draw a depth and a width of each stage, and whether all Dropout layers get a rate."""
    stages = template.stages
    return Edits(
        depth={stage.name: data.draw(st.integers(stage.min_depth, stage.max_depth)) for stage in stages},
        width={
            stage.name: data.draw(st.sampled_from([0.3, 0.5, 1.0, 2.0]))
            for stage in stages
            if stage.open_width
        },
        dropout=data.draw(st.sampled_from([None, dropout])),
    )


followers = (
    made(layers.BatchNormalization)
    | made(layers.Dropout, st.just(0.1))
    | made(layers.Activation, st.just("tanh"))
)
dense = made(layers.Dense, st.integers(1, 9))
convolution = made(
    layers.Conv1D,
    st.integers(1, 5),
    st.integers(1, 3),
    strides=st.integers(1, 2),
    padding=st.sampled_from(["same", "causal"]),
) | made(layers.DepthwiseConv1D, st.integers(1, 3), padding=st.just("same"))
pooling = made(layers.MaxPooling1D, st.integers(1, 2), padding=st.just("same"))


@settings(max_examples=12, deadline=None)
@given(segments(convolution, followers | pooling, 2), segments(dense, followers, 2), st.data())
def test_any_drawn_edit_of_a_chain_builds_and_keeps_the_shapes(images, vectors, data) -> None:
    flat = data.draw(st.sampled_from([layers.Flatten, layers.GlobalAveragePooling1D]))
    hidden = [make() for make in (*images, flat, *vectors)]
    template = read(keras.Sequential([keras.Input((16, 2)), *hidden, layers.Dense(3)]))
    model = rebuild(template, edits(data, template, None if template.dropout is None else 0.2))

    assert (model.input_shape, model.output_shape) == ((None, 16, 2), (None, 3))
    assert len(template.stages) == bool(images) + bool(vectors)


SAME = {"padding": "same"}
CHANGES = {
    "conv": lambda n: layers.Conv2D(n, 3, activation="relu", **SAME),
    "grouped": lambda n: layers.Conv2D(2 * n, 1, groups=2, **SAME),
    "depthwise": lambda n: layers.DepthwiseConv2D(3, **SAME),
    "separable": lambda n: layers.SeparableConv2D(n, 3, **SAME),
    "normalization": lambda n: layers.BatchNormalization(),
    "layer normalization": lambda n: layers.LayerNormalization(),
    "activation": lambda n: layers.Activation("tanh"),
    "dropout": lambda n: layers.Dropout(0.1),
    "dense": lambda n: layers.Dense(n),
    "rescaling": lambda n: layers.Rescaling(0.5),
}
MERGES = (layers.Add, layers.Multiply, layers.Average, layers.Concatenate)


def grown(data: st.DataObject) -> keras.Model:
    """Draw a graph: each step changes or merges tensors of the same image size that are there."""
    inputs = keras.Input((4, 4, 2))
    there = [inputs]
    for _ in range(data.draw(st.integers(2, 8))):
        x = data.draw(st.sampled_from(there[-3:]))
        if len(there) > 1 and data.draw(st.booleans()):
            other = data.draw(st.sampled_from(there))
            kinds = MERGES if other.shape == x.shape else MERGES[-1:]
            there.append(data.draw(st.sampled_from(kinds))()([x, other]))
            continue
        layer = CHANGES[data.draw(st.sampled_from(sorted(CHANGES)))](2 * data.draw(st.integers(1, 3)))
        there.append(layer(x))
        if data.draw(st.booleans()) and there[-1].shape == x.shape:
            there.append(layer(there[-1]))  # shares its weights
    ends = [there[-1], data.draw(st.sampled_from(there[1:]))][: data.draw(st.integers(1, 2))]
    return keras.Model(inputs, [layers.Dense(2)(layers.GlobalAveragePooling2D()(end)) for end in ends])


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_any_drawn_edit_of_a_graph_builds_runs_and_keeps_the_shapes(data) -> None:
    model = grown(data)
    template = read(model)
    edited = rebuild(template, edits(data, template))
    outputs = edited(np.ones((2, 4, 4, 2), "float32"), training=False)

    assert [part.shape for part in keras.tree.flatten(outputs)] == [(2, 2)] * len(model.outputs)
    assert edited.input_shape == model.input_shape
