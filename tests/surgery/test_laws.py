"""Laws that hold for every model of the zoo and every edit that its template offers."""

import functools
from itertools import product
from pathlib import Path

import keras
import numpy as np
import pytest

from autoopt.surgery import Edits, Stage, edited, read, rebuild
from tests.counts import FULL, in_turn
from tests.surgery.zoo import ONES, OTHERS, THE_REST, ZOO, template_of


@functools.cache
def deepest_of(name: str) -> keras.Model:
    template = template_of(name)
    return rebuild(template, Edits(depth={stage.name: stage.max_depth for stage in template.stages}))


@pytest.mark.parametrize("name", ZOO)
def test_stages_are_found_and_nothing_is_closed(name: str) -> None:
    template = template_of(name)

    found = {
        stage.name: (stage.depth, stage.min_depth, stage.max_depth, stage.open_width)
        for stage in template.stages
    }
    assert (found, template.reason) == (ZOO[name].stages, "")


@pytest.mark.slow
@pytest.mark.parametrize("name", ONES)
def test_no_edit_with_the_same_weights_is_the_same_model_to_the_last_bit(name, outputs) -> None:
    model = ZOO[name].make()
    template = read(model, ZOO[name].input_shape)
    twin = rebuild(template, Edits())

    if ZOO[name].input_shape:
        model = keras.Model(*traced(model, ZOO[name].input_shape))
    for layer in (layer for layer in model.layers if layer.weights):
        twin.get_layer(layer.name).set_weights(layer.get_weights())

    assert isinstance(twin, keras.Sequential) == isinstance(model, keras.Sequential)
    for expected, actual in zip(outputs(model), outputs(twin), strict=True):
        np.testing.assert_array_equal(actual, expected)


def traced(model: keras.Model, shape: tuple[int, ...]) -> tuple[object, object]:
    inputs = keras.Input(shape)
    return inputs, model.call(inputs)


def sizes(stage: Stage) -> list[tuple[int, float]]:
    """Return every depth; where widths are open the least is narrower, too, and the most is wider."""
    least, most = stage.min_depth, stage.max_depth
    every = [(depth, 1.0) for depth in range(least, most + 1)]
    if not stage.open_width:
        return every
    if FULL:
        return [*every, *product((least, most), (0.5, 2.0))]
    return [(least, 0.5), *every[1:-1], (most, 2.0)]


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_every_stage_takes_every_depth_and_width_it_offers(name, outputs) -> None:
    template = template_of(name)
    written = rebuild(template, Edits())

    for stage in template.stages:
        for depth, width in sizes(stage):
            edits = Edits({stage.name: depth}, {stage.name: width} if stage.open_width else {})
            if (depth, width) == (stage.depth, 1.0):
                assert edited(template, edits) == template.config
                continue
            model = rebuild(template, edits)

            assert model.count_params() != written.count_params()
            assert [part.shape for part in model.outputs] == [part.shape for part in written.outputs]
            assert all(np.isfinite(part).all() for part in outputs(model))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "extreme"), in_turn(THE_REST, ["max_depth", "min_depth"]))
def test_all_edits_at_once_survive_saving_and_loading(name, extreme, outputs, tmp_path: Path) -> None:
    template = template_of(name)
    edits = Edits(
        depth={stage.name: getattr(stage, extreme) for stage in template.stages},
        width={stage.name: 1.5 for stage in template.stages if stage.open_width},
        initializer="he_normal",
        l1=1e-4,
        dropout=0.3,
        spatial_dropout=0.2,
        max_norm=2.0,
    )
    model = rebuild(template, edits)
    model.save(tmp_path / "edited.keras")

    loaded = keras.models.load_model(tmp_path / "edited.keras")
    for expected, actual in zip(outputs(model), outputs(loaded), strict=True):
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", THE_REST)
def test_names_of_layers_that_stay_are_kept_and_all_are_unique(name: str) -> None:
    template = template_of(name)
    written = [layer.name for layer in rebuild(template, Edits()).layers]
    names = [layer.name for layer in deepest_of(name).layers]

    assert [layer for layer in names if layer in written] == written
    assert len(set(names)) == len(names)


@pytest.mark.slow
@pytest.mark.parametrize("name", ONES)
def test_an_edited_model_can_be_read_and_edited_again(name: str) -> None:
    template = template_of(name)
    again = read(deepest_of(name))

    assert {stage.name: stage.depth for stage in again.stages} == {
        stage.name: stage.max_depth for stage in template.stages
    }
    rebuild(again, Edits(depth={stage.name: stage.max_depth for stage in again.stages}))


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_a_rebuild_leaves_the_template_as_it_was(name: str) -> None:
    template = template_of(name)
    before = str(template)
    rebuild(
        template, Edits(depth={stage.name: stage.max_depth for stage in template.stages}, l2=0.1, dropout=0.1)
    )

    assert str(template) == before
