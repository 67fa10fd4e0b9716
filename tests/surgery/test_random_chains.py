"""Any chain of Dense or convolutional layers can be edited as far as its template says."""

import functools

import keras
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from autoopt.surgery import Edits, read, rebuild


def made(kind, *arguments, **options):
    """Draw a function that makes a layer: layers themselves draw random seeds, which strategies may not."""
    return st.builds(functools.partial, st.just(kind), *arguments, **options)


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


def segments(weighted, tail):
    return st.lists(st.tuples(weighted, st.lists(tail, max_size=2)), max_size=3).map(
        lambda found: [make for first, rest in found for make in (first, *rest)]
    )


@settings(max_examples=12, deadline=None)
@given(segments(convolution, followers | pooling), segments(dense, followers), st.data())
def test_any_drawn_edit_builds_and_keeps_the_shapes(images, vectors, data) -> None:
    flat = data.draw(st.sampled_from([layers.Flatten, layers.GlobalAveragePooling1D]))
    hidden = [make() for make in (*images, flat, *vectors)]
    template = read(keras.Sequential([keras.Input((16, 2)), *hidden, layers.Dense(3)]))
    edits = Edits(
        depth={
            stage.name: data.draw(st.integers(stage.min_depth, stage.max_depth)) for stage in template.stages
        },
        width={
            stage.name: data.draw(st.sampled_from([0.3, 0.5, 2.0]))
            for stage in template.stages
            if stage.open_width
        },
        dropout=data.draw(st.sampled_from([None, 0.2])) if template.dropout is not None else None,
    )
    model = rebuild(template, edits)

    assert (model.input_shape, model.output_shape) == ((None, 16, 2), (None, 3))
    assert len(template.stages) == bool(images) + bool(vectors)
