"""Models of keras.applications: every draw builds, runs, keeps its shapes, and is read back as it was saved."""

from pathlib import Path

import keras
import numpy as np
import pytest

from autoopt.surgery import Edits, read, rebuild, survey
from tests.counts import at_full_counts

DRAWS = 20
FAMILIES = {
    "ResNet50": 32,
    "ResNet50V2": 32,
    "MobileNetV3Small": 32,
    "EfficientNetB0": 32,
    "DenseNet121": 32,
    "Xception": 71,
    "ConvNeXtTiny": 32,
}
"""Name to the length of the smallest image."""


@at_full_counts
@pytest.mark.parametrize("name", FAMILIES)
def test_every_draw_builds_runs_and_is_read_back(name: str, tmp_path: Path) -> None:
    size = FAMILIES[name]
    model = getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3), classes=4)
    batch = np.random.default_rng(0).random((1, size, size, 3), "float32")
    template, chance = read(model), np.random.default_rng(1)
    found = survey(template)
    assert 2 * found.open_widths >= found.widths
    assert all(stage.min_depth < stage.max_depth for stage in template.stages)

    different = 0
    for _ in range(DRAWS):
        stages = template.stages
        edits = Edits(
            depth={stage.name: int(chance.integers(stage.min_depth, stage.depth + 2)) for stage in stages},
            width={stage.name: float(chance.choice([0.5, 1.0])) for stage in stages if stage.open_width},
        )
        edited = rebuild(template, edits)
        outputs = np.asarray(edited(batch, training=False))
        edited.save(tmp_path / "edited.keras")
        again = keras.models.load_model(tmp_path / "edited.keras")

        assert (edited.input_shape, edited.output_shape) == (model.input_shape, model.output_shape)
        np.testing.assert_array_equal(np.asarray(again(batch, training=False)), outputs)
        different += edited.count_params() != model.count_params()
    assert different >= 0.9 * DRAWS


@at_full_counts
def test_no_edit_with_the_same_weights_is_the_same_residual_net() -> None:
    model = keras.applications.ResNet50V2(weights=None, input_shape=(32, 32, 3), classes=4)
    twin = rebuild(read(model), Edits())
    twin.set_weights(model.get_weights())
    batch = np.random.default_rng(0).random((2, 32, 32, 3), "float32")

    np.testing.assert_array_equal(model(batch, training=False), twin(batch, training=False))
