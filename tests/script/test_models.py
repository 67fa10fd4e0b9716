import ast
import shutil
import subprocess
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from autoopt.course import Course
from autoopt.errors import UsageError
from autoopt.schedules import Schedule
from autoopt.script import Winner, script_of
from tests.counts import at_full_counts
from tests.script import kinds
from tests.surgery.zoo import ZOO


def script(model: keras.Model, course: Course | None = None, **own: Any) -> str:
    """Return the script of a model."""
    return script_of(Winner(model, course or Course(batch_size=8), ("A winner.",), 0, own))


def run(text: str) -> dict[str, Any]:
    """Return what a script defines."""
    space: dict[str, Any] = {"__name__": "best"}
    exec(compile(text, "best.py", "exec"), space)
    return space


def compiled(layer: Any, shape: tuple[int, ...] = (4,)) -> keras.Model:
    """Return a compiled chain of one layer."""
    model = keras.Sequential([keras.Input(shape), layer])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_a_script_builds_the_same_model_with_the_same_loss(kind: str) -> None:
    model = kinds.made(kind)
    built, (x, y) = run(script(model))["build_model"](), kinds.batch(model)

    assert [tuple(w.shape) for w in built.weights] == [tuple(w.shape) for w in model.weights]
    assert len(built.trainable_weights) == len(model.trainable_weights)
    built.set_weights(model.get_weights())
    np.testing.assert_allclose(built.evaluate(x, y, verbose=0), model.evaluate(x, y, verbose=0), rtol=1e-5)


@at_full_counts
@pytest.mark.parametrize("name", [name for name in ZOO if not name.startswith("subclass")])
def test_a_script_builds_each_model_of_the_zoo(name: str) -> None:
    model = ZOO[name].make()
    model.compile("adam", "mse", run_eagerly=True)
    built, (x, y) = run(script(model))["build_model"](), kinds.batch(model)
    built.set_weights(model.get_weights())
    np.testing.assert_allclose(built.evaluate(x, y, verbose=0), model.evaluate(x, y, verbose=0), rtol=1e-5)


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_a_script_is_laid_out_as_ruff_does_and_imports_nothing_of_ours(kind: str, tmp_path: Path) -> None:
    text = script(kinds.made(kind))
    tree = ast.parse(text)

    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert names <= {"math", "sys", "keras", "numpy"} and "autoopt." not in text
    if shutil.which("ruff"):
        options = ("ruff", "format", "--isolated", "--line-length", "100", "-")
        assert subprocess.run(options, input=text, capture_output=True, text=True, check=True).stdout == text


def test_a_layer_says_only_what_differs_from_kerass_defaults() -> None:
    text = script(compiled(layers.Dense(8, "relu", kernel_initializer="he_normal")))
    assert 'layers.Dense(8, activation="relu", kernel_initializer="he_normal")' in text


def test_a_residual_net_reads_as_one_would_write_it() -> None:
    text = script(kinds.made("residual"))
    assert 'stem = layers.Conv2D(4, 3, name="stem", padding="same")(inputs)' in text
    assert "x = layers.Add()([stem, x])\n    re_lu = layers.ReLU()(x)" in text


def test_cells_that_are_stacked_are_written_out() -> None:
    cells = layers.RNN([layers.LSTMCell(3), layers.GRUCell(4)])
    text = script(compiled(cells, (5, 3)))
    assert "layers.RNN(layers.StackedRNNCells([layers.LSTMCell(3), layers.GRUCell(4)]))" in text


def test_a_subclassed_model_is_refused_with_what_to_do() -> None:
    class Own(keras.Model):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(UsageError, match=r"a model of the class Own, .* Export it as keras or saved_model"):
        script(Own())


def test_a_layer_inside_of_two_models_is_refused() -> None:
    inputs, both = keras.Input((4,)), layers.Dense(4, name="both")
    parts = [keras.Sequential([keras.Input((4,)), both]) for _ in range(2)]
    model = keras.Model(inputs, layers.Add()([part(inputs) for part in parts]))
    with pytest.raises(UsageError, match="its layer both in two models at once"):
        script(model)


def test_a_frozen_part_is_a_function_of_its_own_and_frozen_once() -> None:
    text = script(kinds.made("nested"))
    assert "def build_core():" in text and "tower = build_tower()" in text
    assert text.count("model.trainable = False") == 1 and "trainable=False" not in text


def test_a_layer_of_the_users_own_is_imported_from_its_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import keras\n\nclass Twice(keras.layers.Layer):\n    def call(self, x):\n        return 2 * x\n"
    (tmp_path / "twice_layer.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    import twice_layer

    text = script(compiled(twice_layer.Twice()))
    assert "# Of your own: the files that define them have to be found by Python." in text
    assert isinstance(run(text)["build_model"]().layers[0], twice_layer.Twice)


def test_a_warm_up_is_counted_beside_layers_with_names_of_functions_of_python() -> None:
    course = Course(batch_size=8, schedule=Schedule("cosine", 0.1, 30, 0.1))
    built = run(script(kinds.made("named"), course))["build_model"]()
    assert built.optimizer._learning_rate.get_config()["steps"] == 3


def test_layers_of_equal_names_keep_what_each_has_learnt() -> None:
    built = run(script(kinds.made("named")))["build_model"]()
    means = [built.get_layer(f"tower_at_{mean}").layers[0].mean for mean in (0, 9)]
    np.testing.assert_allclose(means[0] + 9.0, means[1], atol=1e-5)


def test_vocabularies_of_equal_names_are_each_written_out() -> None:
    inputs = keras.Input((), dtype="string")

    def part(word: str) -> Any:
        words = layers.StringLookup(output_mode="one_hot", name="words", vocabulary=[word])
        return keras.Sequential([keras.Input((), dtype="string"), words], name=f"of_{word}")(inputs)

    model = keras.Model(inputs, layers.Add()([part("a"), part("b")]))
    model.compile("sgd", "mse")
    text = script(model)
    assert 'vocabulary=["a"]' in text and 'vocabulary=["b"]' in text


def test_own_names_that_are_taken_are_imported_as_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = "import keras\n\n\nclass {}(keras.layers.Layer):\n    def call(self, x):\n        return {} * x\n"
    (tmp_path / "one_module.py").write_text(layer.format("Squash", 1) + layer.format("WarmUp", 2))
    (tmp_path / "other_module.py").write_text(layer.format("Squash", 3))
    monkeypatch.syspath_prepend(str(tmp_path))
    import one_module
    import other_module

    kinds = (one_module.Squash, other_module.Squash, one_module.WarmUp)
    model = keras.Sequential([keras.Input((4,)), *(kind() for kind in kinds)])
    model.compile("sgd", "mse")
    text = script(model)
    assert "from one_module import Squash, WarmUp as WarmUp_2\n" in text
    assert "from other_module import Squash as Squash_2\n" in text
    assert tuple(type(each) for each in run(text)["build_model"]().layers) == kinds


def test_a_layer_that_is_called_as_its_function_leaves_it_its_name() -> None:
    inputs = keras.Input((4,))
    x = layers.Dense(4, squashed, name="squashed")(inputs)
    model = keras.Model(inputs, layers.Add()([x, layers.Dense(4, squashed)(x)]))
    model.compile("sgd", "mse")
    built = run(script(model, squashed=squashed))["build_model"]()
    assert built.get_layer("squashed").activation is squashed


def squashed(x: Any) -> Any:
    """Return numbers between -1 and 1."""
    return keras.ops.tanh(x)


def test_a_vocabulary_is_written_out() -> None:
    words = layers.StringLookup(output_mode="one_hot")
    words.adapt(["a", "b", "b"])
    model = keras.Sequential([keras.Input((), dtype="string"), words, layers.Dense(2)])
    model.compile("sgd", "mse")
    assert 'layers.StringLookup(output_mode="one_hot", vocabulary=["b", "a"])' in script(model)


class Local(layers.Layer):  # type: ignore[misc]
    """A layer that no script can import."""

    __module__ = "__main__"


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (lambda: layers.Dense(2, lambda x: -x), "has a lambda, whose code"),
        (lambda: Local(), "'Local', which no other file can import"),
    ],
)  # fmt: skip
def test_what_no_script_can_say_is_refused_with_what_to_do(layer: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        script(compiled(layer()))
    assert "Export it as keras or saved_model" in str(refused.value)


def test_what_a_layer_inside_of_another_has_learnt_is_refused() -> None:
    with pytest.raises(UsageError, match="a Normalization inside of another layer"):
        script(compiled(layers.TimeDistributed(layers.Normalization()), (3, 4)))


def test_many_learnt_numbers_are_refused() -> None:
    learnt = layers.Normalization()
    learnt.adapt(np.ones((3, 200), "float32"))
    with pytest.raises(UsageError, match="has learnt 400 values from data"):
        script(compiled(learnt, (200,)))


def test_a_model_that_was_read_without_its_loss_is_refused() -> None:
    with pytest.raises(UsageError, match="read without its loss and metrics"):
        script(keras.Sequential([keras.Input((4,)), layers.Dense(1)]))
