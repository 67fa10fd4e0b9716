"""Programs: one for all candidates of a structure, traced once, and no candidate leaves a trace in the next."""

from collections.abc import Callable
from typing import Any

import keras
import pytest

from autoopt.data import Dataset, Part
from autoopt.engines import CompiledEngine, Training
from autoopt.hypermodel import AutoHyperModel
from autoopt.recipe import Recipe
from tests import toys
from tests.counts import FULL, at_full_counts
from tests.engines import zoo
from tests.engines.laboratory import BACKEND, MODES, Fit, apart, assigned, compiled, ran, traces

pytestmark = pytest.mark.skipif(not MODES, reason=f"the {BACKEND} backend compiles no epochs")
QUICK = MODES[-1] if MODES else None
IMAGES = Part(*toys.digits(43))


def hypermodel(make: Callable[[], keras.Model] = zoo.dense, part: Part = IMAGES) -> AutoHyperModel:
    return AutoHyperModel(make, data=Dataset(part, part))


def run(
    engine: Any, source: AutoHyperModel, recipe: Recipe, seed: int = 3, part: Part = IMAGES
) -> tuple[Training, Any]:
    """Train a recipe for two epochs; its schedule ends with the last step."""
    size = source.batch_size(recipe)
    assignment = assigned(part, size=size, epochs=2)
    return ran(engine, source.candidate(recipe, {}, 2 * part.steps(size), seed), assignment)


BASE = Recipe().plus(
    optimizer="momentum", learning_rate=0.1, momentum=0.9, l1=1e-3, l2=1e-3, dropout=0.2, max_norm=1.0
)
NUMBERS = {
    "learning rate": {"learning_rate": 0.02},
    "schedule": {"schedule": "cosine"},
    "another schedule": {"schedule": "exponential"},
    "l1": {"l1": 1e-2},
    "l2": {"l2": 1e-1},
    "dropout": {"dropout": 0.6},
    "max-norm": {"max_norm": 0.5},
    "smoothed labels": {"label_smoothing": 0.2},
    "momentum": {"momentum": 0.5},
    "initializer": {"initializer": "he_uniform"},
    "truncated normal": {"initializer": "truncated_normal", "initializer_scale": 0.2},
    "another scale": {"initializer": "truncated_normal", "initializer_scale": 0.3},
    "bias": {"bias": "class_priors"},
}


def test_candidates_that_differ_in_numbers_alone_run_on_one_program_that_is_traced_once() -> None:
    engine, source = compiled(QUICK), hypermodel()
    first, fitting = run(engine, source, BASE)
    for changes in NUMBERS.values():
        reached, fitting = run(engine, source, BASE.plus(**changes))

        assert fitting.program == 0
        assert reached.history["loss"] != first.history["loss"]
    other, fitting = run(engine, source, BASE, seed=4)
    again, _ = run(engine, source, BASE)

    assert fitting.program == 0 and other.history != first.history
    assert again.history == first.history
    # JAX compiles a full batch and the shorter last one.
    assert traces(engine) == [1 if BACKEND == "tensorflow" else 2]


@keras.saving.register_keras_serializable("tests")
class Halved(keras.layers.Layer):  # type: ignore[misc]
    """A layer of the user's own: a model with it is a program by itself."""

    def call(self, x: Any) -> Any:
        return x / 2


def test_a_model_that_is_its_own_program_is_traced_once_for_all_initial_values() -> None:
    engine = compiled(QUICK)
    source = hypermodel(lambda: zoo.classifier(Halved(), keras.layers.Dense(8, "tanh")))
    last = Recipe().plus(**NUMBERS["bias"], **NUMBERS["another scale"])
    losses = []
    for recipe in (Recipe(), Recipe().plus(**NUMBERS["bias"]), last):
        reached, fitting = run(engine, source, recipe)
        losses.append(reached.history["loss"])

        assert fitting.program == 0
    expected, _ = run(Fit(), source, last)

    assert losses[0] != losses[1] != losses[2] == pytest.approx(expected.history["loss"], abs=1e-4)
    assert traces(engine) == [1 if BACKEND == "tensorflow" else 2]


def test_weight_decay_is_an_input_too() -> None:
    engine, source = compiled(QUICK), hypermodel()
    recipe = Recipe().plus(optimizer="adamw", learning_rate=0.01, weight_decay=0.1)
    runs = [run(engine, source, recipe.plus(weight_decay=decay))[0].history for decay in (0.1, 0.9, 0.1)]

    assert runs[0] == runs[2] != runs[1]
    assert len(traces(engine)) == 1


SIZES = (8, 16, 20, 43)


def test_batch_sizes_share_a_program_which_tensorflow_traces_once_and_jax_once_a_size() -> None:
    engine, source = compiled(QUICK), hypermodel()
    for size in SIZES:
        run(engine, source, Recipe().plus(batch_size=size))
    # 43 = 5·8 + 3 = 2·16 + 11 = 2·20 + 3: the short batch of 3 serves two sizes.
    counts = {"tensorflow": 1, "jax": len({*SIZES, 3, 11})}

    assert traces(engine) == [counts[BACKEND]]
    for size in SIZES:
        run(engine, source, Recipe().plus(batch_size=size), seed=8)
    assert traces(engine) == [counts[BACKEND]]


def test_structures_have_programs_of_their_own() -> None:
    engine, source = compiled(QUICK), hypermodel()
    recipes = [
        Recipe(), Recipe().plus(width={"dense": 2.0}), Recipe().plus(optimizer="adam", learning_rate=0.1),
    ]  # fmt: skip
    numbers = [run(engine, source, recipe)[1].program for recipe in [*recipes, *recipes]]

    assert numbers == [0, 1, 2, 0, 1, 2]


def recurrent() -> keras.Model:
    return zoo.classifier(keras.layers.SimpleRNN(3), shape=(8, 8))


@at_full_counts
def test_a_recurrent_net_is_right_for_several_batch_sizes_on_one_program() -> None:
    part = zoo.shaped(8, 8)()
    engine, source = compiled("step"), hypermodel(recurrent, part)
    sizes = [Recipe().plus(batch_size=size) for size in (16, 20)]
    runs = [run(engine, source, recipe, part=part) for recipe in sizes]
    expected, _ = run(Fit(), source, sizes[1], part=part)

    assert [fitting.program for _, fitting in runs] == [0, 0]
    assert runs[1][0].history["loss"] == pytest.approx(expected.history["loss"], abs=1e-4)


SETTINGS: dict[str, Recipe] = {
    "as it is": Recipe(),
    "penalties, a bound and smoothed labels": Recipe().plus(l1=1e-2, l2=1e-2, max_norm=0.7, label_smoothing=0.1),
    "momentum": Recipe().plus(optimizer="momentum", learning_rate=0.1, momentum=0.8),
    "adamw": Recipe().plus(optimizer="adamw", learning_rate=0.01, weight_decay=0.2),
    "rmsprop with an initializer": Recipe().plus(
        optimizer="rmsprop", learning_rate=3e-3, initializer="he_normal"
    ),
    "exponential": Recipe().plus(optimizer="sgd", learning_rate=0.5, schedule="exponential"),
    "polynomial": Recipe().plus(optimizer="sgd", learning_rate=0.5, schedule="polynomial"),
    "cosine": Recipe().plus(optimizer="sgd", learning_rate=0.5, schedule="cosine"),
    "batch size": Recipe().plus(batch_size=10),
    "full batch": Recipe().plus(optimizer="gd", learning_rate=0.5, full_batch=True),
    "structure": Recipe().plus(depth={"dense": 2}, width={"dense": 1.5}, l2=1e-2),
}  # fmt: skip


LIKE_OTHERS = (
    "as it is",
    "polynomial",
    "exponential",
    "cosine",
    "momentum",
    "batch size",
    "rmsprop with an initializer",
)
"""Settings of which others hold everything as well."""


@pytest.fixture(scope="module")
def kept() -> CompiledEngine:
    """One engine for all settings: what one leaves behind would show in the next."""
    return compiled(QUICK)


@pytest.fixture(scope="module")
def source() -> AutoHyperModel:
    return hypermodel()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SETTINGS if FULL or name not in LIKE_OTHERS])
def test_settings_as_inputs_do_what_they_do_as_constants(
    name: str, kept: CompiledEngine, source: AutoHyperModel
) -> None:
    found, fitting = run(kept, source, SETTINGS[name])
    expected, plain = run(Fit(), source, SETTINGS[name])

    assert fitting.program is not None
    for key, values in expected.history.items():
        assert found.history[key] == pytest.approx(values, abs=2e-5), key
    assert apart(fitting.weights(), plain.weights()) <= 1e-4


@at_full_counts
@pytest.mark.parametrize("mode", MODES[:2])
def test_settings_as_inputs_do_the_same_under_xla(mode: Any, source: AutoHyperModel) -> None:
    engine = compiled(mode)
    recipe = BASE.plus(dropout=0.0, schedule="cosine", label_smoothing=0.1)
    run(engine, source, recipe.plus(l2=1.0, momentum=0.5, initializer="ones"), seed=9)
    found, fitting = run(engine, source, recipe)
    expected, plain = run(Fit(), source, recipe)

    assert fitting.program == 0
    assert found.history["loss"] == pytest.approx(expected.history["loss"], abs=1e-4)
    assert apart(fitting.weights(), plain.weights()) <= 1e-4


@at_full_counts
@pytest.mark.skipif(BACKEND != "tensorflow", reason="only TensorFlow has a program without XLA")
def test_a_program_goes_without_xla_until_it_is_used_again(source: AutoHyperModel) -> None:
    from autoopt.engines import tensorflow

    engine = CompiledEngine(tensorflow.compiler(), mode="epoch", late=True)
    recipe = BASE.plus(dropout=0.0)
    expected, _ = run(Fit(), source, recipe)
    for how in ("without XLA", "XLA over epochs", "XLA over epochs"):
        found, fitting = run(engine, source, recipe)

        assert (fitting.program, fitting.engine.split(", ")[1]) == (0, how)
        assert found.history["loss"] == pytest.approx(expected.history["loss"], abs=1e-4)
    assert traces(engine) == [1]


def own_hyperparameters(hp: Any) -> keras.Model:
    rate = hp.Float("rate", 1e-3, 1.0)
    return zoo.dense(keras.optimizers.SGD(rate))


def test_a_model_function_with_hp_shares_programs_where_only_numbers_differ() -> None:
    engine, source, histories = compiled(QUICK), hypermodel(own_hyperparameters), []
    for rate in (0.5, 0.01, 0.5):
        candidate = source.candidate(Recipe(), {"rate": rate}, 6, 3)
        reached, fitting = ran(engine, candidate, assigned(IMAGES, epochs=2))
        histories.append(reached.history)

        assert fitting.program == 0
    assert histories[0] == histories[2] != histories[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "make", [zoo.own_step, zoo.normalized, *[zoo.subclassed] * FULL], ids=lambda make: make.__name__
)
def test_models_of_every_kind_leave_no_trace_in_the_next(make: Callable[[], keras.Model]) -> None:
    engine, source = compiled(QUICK), hypermodel(make)
    fast = Recipe().plus(optimizer="adam", learning_rate=0.1)
    slow = Recipe().plus(optimizer="adam", learning_rate=0.01, schedule="cosine")
    runs = [run(engine, source, recipe) for recipe in (fast, slow, fast)]
    expected, _ = run(Fit(), source, slow)

    assert {fitting.program for _, fitting in runs} == {0}
    assert runs[0][0].history == runs[2][0].history
    assert runs[1][0].history["loss"] == pytest.approx(expected.history["loss"], abs=1e-4)


def attentive() -> keras.Model:
    inputs = keras.Input((16, 4))
    layer = keras.layers.MultiHeadAttention(2, 4, kernel_regularizer=keras.regularizers.L2(0.1))
    outputs = keras.layers.GlobalAveragePooling1D()(layer(inputs, inputs))
    model = keras.Model(inputs, keras.layers.Dense(10)(outputs))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


@pytest.mark.parametrize(
    ("make", "part"), [(zoo.restricted, IMAGES), (attentive, zoo.shaped(16, 4)())], ids=["outputs", "several"]
)
def test_a_penalty_on_outputs_or_on_several_weights_counts_as_in_fit(
    make: Callable[[], keras.Model], part: Part
) -> None:
    source = hypermodel(make, part)
    found, _ = run(compiled(QUICK), source, Recipe(), part=part)
    expected, _ = run(Fit(), source, Recipe(), part=part)

    assert found.history["loss"] == pytest.approx(expected.history["loss"], abs=1e-4)


def seeded_dropout() -> keras.Model:
    return zoo.classifier(keras.layers.Dense(8, "relu"), keras.layers.Dropout(0.5, seed=7))


def test_a_seed_of_the_users_begins_anew_with_each_candidate() -> None:
    engine, source = compiled(QUICK), hypermodel(seeded_dropout)
    first, again = (run(engine, source, Recipe())[0].history for _ in range(2))

    assert first == again


def test_the_program_that_was_not_used_for_longest_goes_first_and_made_again_it_is_the_same() -> None:
    engine, source = compiled(QUICK, most=2), hypermodel()
    one, two, three = (BASE.plus(width={"dense": factor}) for factor in (1.5, 1.0, 3.0))
    runs = [run(engine, source, recipe) for recipe in (one, two, one, three, one, two)]

    assert [fitting.program for _, fitting in runs] == [0, 1, 0, 2, 0, 3]
    assert runs[1][0].history == runs[5][0].history


LESS_TELLING = ("Adam", "gradient accumulation")
"""Optimizers whose every variable is one of another's too; tests/engines/test_state.py accumulates gradients."""


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", [name for name in zoo.OPTIMIZERS if FULL or name not in LESS_TELLING])
def test_every_optimizer_of_the_users_own_goes_its_way_on_a_program_that_is_used_again(
    optimizer: str,
) -> None:
    source = hypermodel(lambda: zoo.dense(zoo.OPTIMIZERS[optimizer]()))
    engine = compiled(QUICK)
    expected, _ = run(Fit(), source, Recipe())
    for _ in range(2):
        found, fitting = run(engine, source, Recipe())

        assert fitting.program == 0
        for name, values in expected.history.items():
            assert found.history[name] == pytest.approx(values, abs=1e-4), name
        assert apart(found.weights, expected.weights) <= 1e-3


@pytest.mark.skipif(BACKEND != "tensorflow", reason="JAX has no such variables")
def test_variables_that_keras_does_not_list_start_anew_as_well() -> None:
    engine, source = compiled(QUICK), hypermodel(zoo.counting)
    runs = [run(engine, source, Recipe())[0].history["steps"] for _ in range(2)]

    assert runs[0] == runs[1] == [2.0, 4.0]  # 43 examples are two batches of 32


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES[:1] if FULL else MODES[-1:])
def test_what_is_compiled_while_a_program_trains_leaves_its_state_alone(mode: Any) -> None:
    engine, source = compiled(mode), hypermodel()
    alone, _ = run(compiled(mode), source, Recipe())
    assignment = assigned(IMAGES, size=32, epochs=2)
    fitting = engine.fitting(source.candidate(Recipe(), {}, 4, 3), assignment)
    losses = [fitting.epoch(0)["loss"]]
    other = assigned(IMAGES, size=8, epochs=2)
    engine.fitting(source.candidate(Recipe().plus(batch_size=8), {}, 4, 5), other)
    losses.append(fitting.epoch(1)["loss"])

    assert losses == alone.history["loss"]
