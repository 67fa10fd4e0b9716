"""Laws of parts: every value of every activation, normalization and pooling head that a template offers."""

import copy
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from autoopt.surgery import (
    Edits,
    SurgeryError,
    Template,
    activation,
    edited,
    inherit,
    normalization,
    read,
    rebuild,
    redrawn,
)
from autoopt.surgery.builder import build
from autoopt.surgery.graph import Graph
from autoopt.surgery.weightless import weightless
from tests.counts import FULL, at_full_counts, in_turn
from tests.surgery.drawn import made, segments
from tests.surgery.zoo import ONES, OTHERS, THE_REST, ZOO, dense_chain, pooled_cnn, template_of


def single_edits(template: Template, full: bool = True) -> Iterator[Edits]:
    """Yield each value of each part, alone; unless in full, those of later stages in turn."""
    for at, stage in enumerate(template.stages):
        for part, values in (("activation", stage.activation), ("normalization", stage.normalization)):
            some = values if full or at == 0 else values[at % len(values) :][:1] if values else ()
            yield from (Edits(**{part: {stage.name: value}}) for value in some)
    for value in template.pooling:
        yield Edits(pooling=value)


def everything(template: Template, at: int) -> Edits:
    """Return the edit of all parts at once that takes the value at a place of each list."""
    stages = template.stages
    return Edits(
        activation={stage.name: stage.activation[at] for stage in stages if stage.activation},
        normalization={stage.name: stage.normalization[at] for stage in stages if stage.normalization},
        pooling=template.pooling[at] if template.pooling else None,
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", THE_REST)
def test_every_value_builds_another_model_of_the_same_shapes(name: str, outputs) -> None:
    template = template_of(name)
    edits = list(single_edits(template, FULL))

    assert bool(edits) == (name not in ("lstm stack", "gru stack", "masked stack", "frames"))
    for edit in edits:
        model = rebuild(template, edit)
        assert edited(template, edit) != template.config
        assert tuple(tuple(part.shape) for part in model.outputs) == template.output_shapes
        assert all(np.isfinite(part).all() for part in outputs(model))


@pytest.mark.parametrize("name", ZOO)
def test_as_written_changes_nothing(name: str) -> None:
    template = template_of(name)

    assert edited(template, Edits(activation={}, normalization={}, pooling=None)) == template.config


@pytest.mark.slow
@pytest.mark.parametrize(("name", "at"), in_turn(ONES, [0, -1]))
def test_all_parts_go_with_depths_and_widths_and_survive_saving(name, at, outputs, tmp_path: Path) -> None:
    template, parts = template_of(name), everything(template_of(name), at)
    edits = Edits(
        depth={stage.name: (stage.min_depth, stage.max_depth)[at] for stage in template.stages},
        width={stage.name: 0.5 for stage in template.stages if stage.open_width},
        dropout=0.3,
        activation=parts.activation,
        normalization=parts.normalization,
        pooling=parts.pooling,
    )
    model = rebuild(template, edits)
    model.save(tmp_path / "parts.keras")

    loaded = keras.models.load_model(tmp_path / "parts.keras")
    for expected, actual in zip(outputs(model), outputs(loaded), strict=True):
        assert np.isfinite(expected).all()
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_layers_with_weights_keep_their_names_and_new_names_are_unique(name: str) -> None:
    template = template_of(name)
    written = {layer.name for layer in rebuild(template, Edits()).layers if "kernel" in str(layer.weights)}
    names = [layer.name for layer in rebuild(template, everything(template, -1)).layers]

    assert written <= set(names)
    assert len(set(names)) == len(names)


activations = st.sampled_from(["relu", "gelu", "tanh", "sigmoid", "leaky_relu", "linear"])
followers = (
    made(layers.BatchNormalization)
    | made(layers.LayerNormalization)
    | made(layers.UnitNormalization)
    | made(layers.Dropout, st.just(0.1))
    | made(layers.Activation, activations)
    | made(layers.ReLU, st.sampled_from([None, 6.0]))
    | made(layers.ELU)
    | made(layers.PReLU)
)
dense = made(layers.Dense, st.integers(1, 9), activation=activations)
convolution = made(layers.Conv1D, st.integers(1, 5), st.integers(1, 3), activation=activations)
heads = st.sampled_from([layers.Flatten, layers.GlobalAveragePooling1D, layers.GlobalMaxPooling1D])


@pytest.mark.slow
@settings(max_examples=60 if FULL else 6, deadline=None)
@given(segments(convolution, followers, 3), heads, segments(dense, followers, 3), st.data())
def test_any_parts_of_any_chain_build_and_keep_the_shapes(images, head, vectors, data) -> None:
    hidden = [make() for make in (*images, head, *vectors)]
    template = read(keras.Sequential([keras.Input((16, 2)), *hidden, layers.Dense(3)]))
    stages = template.stages

    def drawn(values):
        return data.draw(st.sampled_from(values))

    edits = Edits(
        depth={stage.name: drawn([stage.min_depth, stage.depth, stage.max_depth]) for stage in stages},
        activation={stage.name: drawn(stage.activation) for stage in stages if stage.activation},
        normalization={stage.name: drawn(stage.normalization) for stage in stages if stage.normalization},
        pooling=drawn([None, *template.pooling]),
        dropout=drawn([None, 0.2]) if template.dropout is not None else None,
    )
    model = rebuild(template, edits)

    assert (model.input_shape, model.output_shape) == ((None, 16, 2), (None, 3))
    assert np.isfinite(model(np.ones((2, 16, 2), "float32"))).all()


def test_weights_of_layers_that_stay_are_inherited_and_a_new_normalization_starts_as_one_does() -> None:
    model = pooled_cnn()
    model.layers[1].set_weights([np.full(4, 7.0)] * 4)
    template, users = read(model), {layer.name: layer for layer in model.layers}
    edits = Edits(normalization={"conv": "layer"}, activation={"dense": "selu"})
    rebuilt = rebuild(template, edits)
    inherit(rebuilt, users, redrawn(template, edits))

    kernels = [layer.name for layer in model.layers if "kernel" in str(layer.weights)]
    same = [
        np.array_equal(rebuilt.get_layer(name).get_weights()[0], users[name].get_weights()[0])
        for name in kernels
    ]
    assert same == [True, True, False, True]  # selu draws the hidden Dense kernel from lecun_normal
    assert np.array_equal(rebuilt.layers[1].get_weights(), [np.ones(4), np.zeros(4)])


@pytest.mark.parametrize("part", ["activation", "normalization"])
def test_a_stage_that_does_not_exist_is_refused_with_those_that_do(part: str) -> None:
    with pytest.raises(SurgeryError, match=r"no stage 'dens'. Did you mean 'dense'"):
        rebuild(read(dense_chain()), Edits(**{part: {"dens": "selu"}}))


REFUSED = {
    "activation": (Edits(activation={"dense": "gleu"}), r"stage 'dense' was given 'gleu'.* mean 'gelu'"),
    "as it is": (
        Edits(activation={"dense": "relu"}),
        "'relu', which is as written or not known.* Known: 'elu'",
    ),
    "normalization": (Edits(normalization={"dense": "bach"}), "Did you mean 'batch'"),
    "removal of none": (Edits(normalization={"dense": "none"}), "Known: 'batch', 'layer'"),
    "pooling": (Edits(pooling="max"), "no such place.* Leave it as written"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_value_that_a_part_cannot_have_is_refused_with_those_that_it_can(what: str) -> None:
    edits, message = REFUSED[what]

    with pytest.raises(SurgeryError, match=message):
        rebuild(read(dense_chain()), edits)


def test_a_frozen_layer_keeps_its_parts() -> None:
    model = dense_chain()
    model.layers[0].trainable = False
    changed = rebuild(read(model), Edits(activation={"dense": "gelu"}, normalization={"dense": "layer"}))

    assert [layer.activation.__name__ for layer in changed.layers if hasattr(layer, "activation")] == [
        *("relu", "linear", "gelu", "softmax")
    ]


def test_gates_of_mobile_net_stay_as_they_are_even_if_all_its_layers_were_one_stage() -> None:
    model = keras.applications.MobileNetV3Small(weights=None, input_shape=(32, 32, 3))
    graph = Graph(keras.Model(model.inputs, model.outputs).get_config())
    written, layers_ = copy.deepcopy(graph.layers), list(graph.layers)
    activation.apply(graph, layers_, "gelu")
    normalization.apply(graph, [name for name in layers_ if name in graph.layers], "layer")

    after = graph.layers
    gone = {name for name in written if after.get(name, {}).get("config") != written[name]["config"]}
    gates = {name for name in written if written[name]["config"].get("max_value") or "squeeze" in name}
    assert len(gates) > 50 and not gone & gates
    assert "conv_bn" in gone and "re_lu" in {name.rstrip("_0123456789") for name in gone}
    assert build(graph.config, sequential=False).output_shape == (None, 1000)


@at_full_counts
def test_every_part_of_a_residual_net_builds() -> None:
    template = read(keras.applications.ResNet50V2(weights=None, input_shape=(32, 32, 3), classes=10))
    edits = list(single_edits(template))

    assert Edits(pooling="max") in edits
    for edit in edits[::4]:
        assert weightless(lambda edit=edit: rebuild(template, edit)).output_shape == (None, 10)
