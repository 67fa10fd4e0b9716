from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from autoopt.course import Course
from autoopt.engines.smoothing import Phase, SmoothedLoss
from autoopt.recipe import Recipe, Settings, Structure
from autoopt.schedules import Schedule
from autoopt.script import Winner, script_of

IMAGES = np.random.default_rng(0).normal(size=(20, 8, 8, 1)).astype("float32")
LABELS = np.arange(20) % 3


def net(loss: Any = "sparse_categorical_crossentropy", optimizer: Any = "sgd") -> keras.Model:
    """Return a compiled classifier of the images."""
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(3, "softmax", name="last")]
    )
    model.compile(optimizer, loss, metrics=["accuracy"], run_eagerly=True)
    return model


def defined(model: keras.Model, **course: Any) -> tuple[str, dict[str, Any]]:
    """Return the script of a model that was trained so, and what it defines."""
    text = script_of(Winner(model, Course(**{"batch_size": 8, **course}), ("A winner.",), 5))
    space: dict[str, Any] = {"__name__": "best"}
    exec(compile(text, "best.py", "exec"), space)
    return text, space


def trained(space: dict[str, Any], capsys: Any) -> Any:
    """Return what `train` returns; what Keras prints meanwhile is dropped."""
    model = space["train"](IMAGES, LABELS)
    capsys.readouterr()
    return model


def number(tensor: Any) -> float:
    """Return a scalar of any backend."""
    return float(keras.ops.convert_to_numpy(tensor))


def settings(**changes: Any) -> Recipe:
    return Recipe(Structure(), Settings(**changes))


def test_a_script_trains_in_the_steps_of_its_data(capsys: pytest.CaptureFixture[str]) -> None:
    text, space = defined(net(), epochs=2, horizon=3, schedule=Schedule("cosine", 0.1, 30, 0.1))
    model = trained(space, capsys)
    assert "def build_model(total_steps=30):" in text
    assert "total_steps = 3 * math.ceil(trained / 8)" in text
    assert int(model.optimizer.iterations) == 2 * 2
    assert model.optimizer._learning_rate.after.decay_steps == 3 * 2 - 1


def test_all_examples_are_one_step_where_the_search_had_it_so(capsys: pytest.CaptureFixture[str]) -> None:
    text, space = defined(net(), epochs=3, recipe=settings(full_batch=True))
    assert "batch_size=trained" in text
    assert int(trained(space, capsys).optimizer.iterations) == 3


def test_the_average_of_the_weights_is_what_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    text, space = defined(net(optimizer=keras.optimizers.SGD(0.1, use_ema=True)))
    assert "callbacks=[keras.callbacks.SwapEMAWeights(swap_on_epoch=True)]" in text
    assert "use_ema=True" in text and trained(space, capsys).built


def test_biases_start_where_the_labels_of_the_search_say() -> None:
    _, space = defined(net(), biases={"last": [0.5, -0.25, 1.0]})
    np.testing.assert_allclose(space["build_model"]().get_layer("last").bias, [0.5, -0.25, 1.0])


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
def test_smoothed_labels_have_the_loss_of_the_search(loss: str) -> None:
    _, space = defined(net(loss), recipe=settings(label_smoothing=0.2))
    labels = LABELS if loss.startswith("sparse") else np.eye(3, dtype="float32")[LABELS]
    own = keras.losses.deserialize({"class_name": loss.title().replace("_", ""), "config": {}})
    searched = SmoothedLoss(own, lambda: 0.2, Phase(training=True))
    model = space["build_model"](label_smoothing=0.2)

    found = model.test_on_batch(IMAGES, labels)[0]
    assert found == pytest.approx(number(searched(labels, model(IMAGES))), rel=1e-5)
    plain = space["build_model"]()
    plain.set_weights(model.get_weights())
    assert plain.test_on_batch(IMAGES, labels)[0] == pytest.approx(
        number(own(labels, model(IMAGES))), rel=1e-5
    )


def test_a_mixed_batch_has_the_loss_of_the_search() -> None:
    _, space = defined(net(), recipe=settings(mixup=0.4))
    model, batches = space["build_model"](), space["Batches"](IMAGES, LABELS, 20)
    images, labels, weights = batches[0]
    share, loss = weights[0] / 2, keras.losses.SparseCategoricalCrossentropy()
    one, other = (number(loss(half, model(images[:20]))) for half in (labels[:20], labels[20:]))

    np.testing.assert_array_equal(labels[20:], np.roll(labels[:20], 1))
    model.compile("sgd", loss, run_eagerly=True)
    found = model.test_on_batch(images, labels, sample_weight=weights, return_dict=True)["loss"]
    assert found == pytest.approx(share * one + (1 - share) * other, rel=1e-5)


def test_images_are_changed_in_training_alone(capsys: pytest.CaptureFixture[str]) -> None:
    changes = settings(flip="horizontal", shift=0.25, rotation=0.1, mixup=0.2)
    text, space = defined(net(), recipe=changes, class_weight={0: 1.0, 1: 3.0, 2: 1.0})
    batches = space["Batches"](IMAGES, LABELS, 8)
    images, _, weights = batches[2]
    assert (len(batches), images.shape) == (3, (8, 8, 8, 1))
    assert {round(each, 4) for each in weights[:4] / weights.min()} <= {1.0, 3.0}
    assert "validation_data=(x[trained:], y[trained:])" in text and "class_weight=" not in text
    assert int(trained(space, capsys).optimizer.iterations) == 2


def test_a_plateau_is_watched_after_the_warm_up(capsys: pytest.CaptureFixture[str]) -> None:
    _, space = defined(net(), epochs=2, horizon=2, schedule=Schedule("plateau", 0.1, 4, 0.5))
    assert float(trained(space, capsys).optimizer.learning_rate) == pytest.approx(0.1)


def test_what_a_script_does_not_repeat_is_said() -> None:
    text, _ = defined(net(), asides=["The search also ran your callbacks."], time_order=True)
    assert "    # The search also ran your callbacks.\n" in text
    assert "permutation" not in text
