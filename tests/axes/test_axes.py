"""Laws that every axis keeps: defaults mean "as written", names follow one scheme, fields have their types."""

import dataclasses
import functools
import re
import typing
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoopt import axes
from autoopt.axes import Origin
from autoopt.axes.optimizer import ALGORITHMS
from autoopt.errors import SpaceError
from autoopt.hyperparameters import AskingHyperParameters
from autoopt.recipe import Recipe, Settings, Structure
from tests import toys

AXES = {
    "structure": axes.Structure(),
    "initialization": axes.Initialization(),
    "regularization": axes.Regularization(),
    "augmentation": axes.Augmentation(["horizontal", "vertical"], rotation=[0.0, 0.05]),
    "optimizer": axes.Optimizer(global_clipnorm=[0.5]),
    "learning_rate": axes.LearningRate(),
    "batch_size": axes.BatchSize(),
}
NAMES = {
    "structure": r"structure/([a-z_0-9]+/(depth|width|activation|normalization)|pooling)",
    "augmentation": r"augmentation/(flip|shift|rotation|mixup)",
    "initialization": r"initialization/(kernel|scale|bias)",
    "regularization": r"regularization/(l1|l2|dropout|spatial_dropout|max_norm|label_smoothing)",
    "optimizer": r"optimizer/(name|momentum|weight_decay|use_ema|global_clipnorm)",
    "learning_rate": r"optimizer/(learning_rate|schedule|warmup)",
    "batch_size": r"batch_size",
}


def optimizers() -> dict[str, Any]:
    kinds = keras.optimizers
    return {
        "sgd": kinds.SGD(0.02),
        "momentum": kinds.SGD(0.02, momentum=0.8),
        "nesterov": kinds.SGD(0.02, momentum=0.8, nesterov=True),
        "adam": kinds.Adam(2e-3, beta_1=0.8),
        "adamw": kinds.AdamW(1e-3, weight_decay=0.02),
        "rmsprop": kinds.RMSprop(1.0),  # beyond the range that is searched
        "nadam": kinds.Nadam(1e-3),
        "scheduled": kinds.Adam(kinds.schedules.CosineDecay(1e-3, 100)),
    }


def branched() -> keras.Model:
    inputs = keras.Input((64,))
    image = keras.layers.Reshape((8, 8, 1))(inputs)
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu", kernel_regularizer="l2")(image)
    x = keras.layers.Dropout(0.25)(keras.layers.Flatten()(x))
    x = keras.layers.Dense(8, activation="relu", kernel_regularizer="l2")(x)
    return keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))


def imaging() -> keras.Model:
    layers = [keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    return keras.Sequential([keras.Input((8, 8, 1)), *layers])


MODELS = {
    "uncompiled": toys.dense,
    "branched": branched,
    "imaging": imaging,
    **{
        name: functools.partial(lambda name: toys.compiled(optimizers()[name]), name) for name in optimizers()
    },
}


@functools.cache
def origin(model: str) -> Origin:
    return toys.origin(MODELS[model])


def random_asking(draw: Any) -> AskingHyperParameters:
    """Ask hypothesis for each value."""

    def ask(hp: Any) -> Any:
        if hasattr(hp, "min_value"):
            numbers = st.floats if isinstance(hp.min_value, float) else st.integers
            return draw(numbers(hp.min_value, hp.max_value), label=hp.name)
        return draw(st.sampled_from(list(hp.values)), label=hp.name)

    return AskingHyperParameters(ask)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("axis", AXES)
def test_defaults_mean_as_written(axis: str, model: str) -> None:
    drawn = AXES[axis].draw(toys.asking(), origin(model))

    assert Recipe().plus(**drawn) == Recipe()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("axis", AXES)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_equal_values_are_asked_for_by_equal_names_in_equal_order(axis: str, model: str, data: Any) -> None:
    first = random_asking(data.draw)
    AXES[axis].draw(first, origin(model))
    again = toys.asking(first.values)
    AXES[axis].draw(again, origin(model))

    assert list(again.values.items()) == list(first.values.items())
    assert [hp.get_config() for hp in again.space] == [hp.get_config() for hp in first.space]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("axis", AXES)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_every_name_follows_the_scheme_and_every_field_has_its_type(axis: str, model: str, data: Any) -> None:
    hp = random_asking(data.draw)
    drawn = AXES[axis].draw(hp, origin(model))

    assert all(re.fullmatch(NAMES[axis], known.name) for known in hp.space)
    kinds = {**typing.get_type_hints(Structure), **typing.get_type_hints(Settings)}
    assert all(isinstance(value, _class(kinds[name])) for name, value in drawn.items())


def _class(hint: Any) -> Any:
    return Mapping if typing.get_origin(hint) is Mapping else hint


PARTS = ("structure/conv/activation", "structure/conv/normalization", "structure/pooling")


def asked(axis: axes.Structure) -> dict[str, Any]:
    """Return the parts that a structure axis asks for in the net with branches, and their values."""
    hp = toys.asking()
    axis.draw(hp, origin("branched"))
    return {known.name: known.values for known in hp.space if known.name in PARTS}


def test_every_part_that_the_model_has_a_place_for_is_asked_for() -> None:
    found = asked(axes.Structure(activation=True, normalization=True, pooling=True))

    assert found == {
        PARTS[0]: ["as_written", "gelu", "silu", "elu", "tanh", "selu"],
        PARTS[1]: ["as_written", "batch", "layer"],
        PARTS[2]: ["as_written", "average", "max"],
    }


def test_a_part_that_is_narrowed_to_what_is_written_or_closed_is_not_asked_for() -> None:
    closed = axes.Structure(activation=["relu"], normalization=False, pooling=())

    assert asked(closed) == {}


def test_a_part_that_is_drawn_is_in_the_recipe() -> None:
    values = {PARTS[0]: "gelu", PARTS[1]: "layer", PARTS[2]: "max"}
    axis = axes.Structure(activation=["gelu"], normalization=["layer"], pooling=["max"])
    drawn = Recipe().plus(**axis.draw(toys.asking(values), origin("branched"))).structure

    assert (drawn.activation, drawn.normalization, drawn.pooling) == (
        {"conv": "gelu"},
        {"conv": "layer"},
        "max",
    )


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_only_what_the_algorithm_has_is_asked_for(model: str, data: Any) -> None:
    hp = random_asking(data.draw)
    drawn = {
        **axes.Optimizer().draw(hp, origin(model)),
        **axes.BatchSize().draw(hp, origin(model)),
    }

    name = hp.values["optimizer/name"]
    assert ("optimizer/momentum" in hp.values) == (name in ("momentum", "nesterov"))
    assert ("optimizer/weight_decay" in hp.values) == (name in ("adamw", "lion", "muon"))
    assert ("batch_size" in hp.values) == (name != "gd")
    assert bool(drawn.get("full_batch")) == (name == "gd")


@pytest.mark.parametrize("model", ["uncompiled", "branched", "scheduled"])
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_recipe_that_can_be_drawn_builds_and_trains(model: str, data: Any) -> None:
    hypermodel = toys.hypermodel(MODELS[model])
    hp = random_asking(data.draw)

    candidate = hypermodel.assemble(hypermodel.draw(hp), hp.values, total_steps=10, seed=0)
    candidate.run_eagerly = True

    x, y = toys.digits(8)
    assert candidate.train_on_batch(x, y, return_dict=True)["loss"] > 0


NARROWED = {
    "structure": (axes.Structure(width=(2.0,), extra_depth=0), "structure/dense/width", {1.0, 2.0}),
    "initialization": (axes.Initialization(["orthogonal"]), "initialization/kernel", {"as_written", "orthogonal"}),
    "regularization": (axes.Regularization(l1=(0.0, 0.5)), "regularization/l1", {0.0, 0.5}),
    "augmentation": (axes.Augmentation(shift=[0.2]), "augmentation/shift", {0.0, 0.2}),
    "optimizer": (axes.Optimizer(["sgd"]), "optimizer/name", {"adam", "sgd"}),
    "batch_size": (axes.BatchSize([10, 20]), "batch_size", {10, 20, 32}),
}  # fmt: skip


@pytest.mark.parametrize("axis", NARROWED)
def test_a_narrowed_axis_offers_what_it_was_given_and_what_is_written(axis: str) -> None:
    narrowed, name, expected = NARROWED[axis]
    hp = toys.asking()
    narrowed.draw(hp, origin("imaging" if axis == "augmentation" else "uncompiled"))

    assert {value for known in hp.space if known.name == name for value in known.values} == expected


def drawn_after(values: dict[str, Any], axis: axes.Optimizer | None = None, model: str = "uncompiled") -> Any:
    """Draw optimizer, batch size and learning rate, and return the definition of the rate and its value."""
    asked, axis = {}, axis or axes.Optimizer()
    hp = AskingHyperParameters(
        lambda known: asked.setdefault(known.name, known) and values.get(known.name, known.default)
    )
    for each in (axis, axes.BatchSize(), axes.LearningRate(axis)):
        each.draw(hp, origin(model))
    return asked["optimizer/learning_rate"], hp


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_narrowed_learning_rate_holds_for_every_algorithm(name: str) -> None:
    rate, hp = drawn_after({"optimizer/name": name}, axes.Optimizer(learning_rate=(1e-3, 1e-2)))

    (registered,) = [known for known in hp.space if known.name == "optimizer/learning_rate"]
    assert (rate.min_value, rate.max_value) == (registered.min_value, registered.max_value) == (1e-3, 1e-2)


@pytest.mark.parametrize("name", sorted(set(ALGORITHMS) - {"adam"}))
def test_each_algorithm_has_its_own_range_within_the_one_that_is_registered(name: str) -> None:
    rate, hp = drawn_after({"optimizer/name": name})

    (registered,) = [known for known in hp.space if known.name == "optimizer/learning_rate"]
    known = ALGORITHMS[name]
    assert (rate.low, rate.high, rate.default) == pytest.approx((known.low, known.high, known.default))
    assert registered.min_value <= rate.low <= rate.high <= registered.max_value


@pytest.mark.parametrize(("name", "growth"), [("sgd", 2.0), ("adam", 2.0**0.5), ("lion", 2.0**0.5)])
def test_the_range_follows_the_batch_size(name: str, growth: float) -> None:
    # Goyal et al. 2017: α ∝ B for SGD; Malladi et al. 2022: α ∝ √B for adaptive methods. As written B = 32.
    before, _ = drawn_after({"optimizer/name": name, "batch_size": 16})
    after, _ = drawn_after({"optimizer/name": name, "batch_size": 32})

    assert after.low / before.low == pytest.approx(growth)
    assert after.high / before.high == pytest.approx(growth)
    assert after.default / before.default == pytest.approx(growth)


def test_a_rate_beyond_the_usual_range_widens_it_to_the_users_own() -> None:
    rate, hp = drawn_after({}, model="rmsprop")

    assert rate.max_value == 1.0
    assert hp.values["optimizer/learning_rate"] == 1.0


# 0.9 and 0.004 are what Keras takes where the user has written nothing; the models' own are 0.8 and 0.02.
@pytest.mark.parametrize(
    ("model", "field", "given", "expected"),
    [
        ("adam", "momentum", (0.5, 0.7), (0.5, 0.7, 0.7)),
        ("sgd", "momentum", (0.95, 0.99), (0.95, 0.99, 0.95)),
        ("momentum", "momentum", (0.5, 0.7), (0.5, 0.8, 0.8)),
        ("adam", "weight_decay", (0.01, 0.1), (0.01, 0.1, 0.01)),
        ("adamw", "weight_decay", (0.05, 0.1), (0.02, 0.1, 0.02)),
    ],
)
def test_a_narrowed_number_is_widened_by_what_is_written_alone(
    model: str, field: str, given: tuple[float, float], expected: tuple[float, float, float]
) -> None:
    hp = toys.asking({"optimizer/name": {"momentum": "nesterov", "weight_decay": "adamw"}[field]})
    axes.Optimizer(**{field: given}).draw(hp, origin(model))

    (found,) = [known for known in hp.space if known.name == f"optimizer/{field}"]
    assert (found.min_value, found.max_value, found.default) == expected


def test_a_schedule_of_the_users_own_stays_until_another_is_drawn() -> None:
    own = axes.LearningRate().draw(toys.asking({"batch_size": 64}), origin("scheduled"))
    other = axes.LearningRate().draw(toys.asking({"optimizer/schedule": "cosine"}), origin("scheduled"))

    assert own == {}
    assert other["schedule"] == "cosine" and other["learning_rate"] is not None


@pytest.mark.parametrize("kernel", ["as_written", "he_normal", "truncated_normal"])
def test_only_a_truncated_normal_has_a_scale(kernel: str) -> None:
    hp = toys.asking({"initialization/kernel": kernel})
    drawn = axes.Initialization(scale=(0.1, 0.2)).draw(hp, origin("uncompiled"))

    assert drawn["initializer_scale"] == (0.1 if kernel == "truncated_normal" else None)
    assert ("initialization/scale" in hp.values) == (kernel == "truncated_normal")


@pytest.mark.parametrize(
    "closed",
    [axes.Initialization(bias=[]), axes.Initialization(kernel=[]), axes.Initialization(kernel=[], bias=[])],
)
def test_a_part_of_initialization_without_choices_is_not_asked_for(closed: axes.Initialization) -> None:
    hp = toys.asking()
    closed.draw(hp, origin("uncompiled"))

    assert ("initialization/kernel" in hp.values) == bool(closed.kernel)
    assert ("initialization/bias" in hp.values) == bool(closed.bias)


def test_full_batch_descent_is_offered_only_where_data_can_be_batched_anew() -> None:
    stream = dataclasses.replace(origin("uncompiled"), rebatch=False)
    hp = toys.asking()
    axes.Optimizer().draw(hp, stream)

    assert "gd" not in next(known.values for known in hp.space if known.name == "optimizer/name")


REFUSED = {
    "optimizer": (lambda: axes.Optimizer(["admw"]), "'admw' is not known.* Did you mean 'adamw'"),
    "learning rate upside down": (lambda: axes.Optimizer(learning_rate=(0.1, 0.001)), "lowest, highest"),
    "warm-up": (lambda: axes.Optimizer(warmup=[1.0]), "from 0 up to below 1"),
    "momentum": (lambda: axes.Optimizer(momentum=(0.9, 1.0)), "above 0 and below 1"),
    "weight decay": (lambda: axes.Optimizer(weight_decay=(0.1, 0.01)), "lowest, highest"),
    "use_ema": (lambda: axes.Optimizer(use_ema=True), "Expected a list"),
    "use_ema of lists": (
        lambda: axes.Optimizer(use_ema=[[True]]),
        r"\[\[True\]\]. Expected a list of True and",
    ),
    "use_ema of numbers": (
        lambda: axes.Optimizer(use_ema=[1.0]),
        r"given \[1.0\]. Expected a list of True and",
    ),
    "no use_ema": (lambda: axes.Optimizer(use_ema=[]), r"given \[\]. Expected a list of True and"),
    "clipping": (lambda: axes.Optimizer(global_clipnorm=[-1.0]), "norms of 0 or more"),
    "schedule": (lambda: axes.Optimizer(schedule=["cosin"]), "Did you mean 'cosine'"),
    "learning rate": (lambda: axes.Optimizer(learning_rate=(0.0, 1.0)), "both above 0"),
    "initializer": (lambda: axes.Initialization(["he_norm"]), "Did you mean 'he_normal'"),
    "scale": (lambda: axes.Initialization(scale=(0.5, 0.1)), "lowest, highest.*both above 0"),
    "scale of 0": (lambda: axes.Initialization(scale=(0.0, 0.1)), "both above 0"),
    "bias": (lambda: axes.Initialization(bias=["class_prior"]), "Did you mean 'class_priors'"),
    "dropout": (lambda: axes.Regularization(dropout=(1.0,)), "0 up to below 1"),
    "l2": (lambda: axes.Regularization(l2=(-1.0,)), "0 or more"),
    "spatial dropout": (lambda: axes.Regularization(spatial_dropout=0.2), r"0\.2. Expected a list of shares"),
    "label smoothing": (lambda: axes.Regularization(label_smoothing=[1.5]), "0 up to below 1"),
    "max-norm": (lambda: axes.Regularization(max_norm=[float("inf")]), "a list of largest norms"),
    "patience": (lambda: axes.Regularization(patience=0), "patience was given 0. Expected a whole number"),
    "patience of half an epoch": (lambda: axes.Regularization(patience=0.5), "whole number of epochs from 1"),
    "width": (lambda: axes.Structure(width=(0.0,)), "factors above 0"),
    "depth": (lambda: axes.Structure(extra_depth=-1), "from 0"),
    "activation": (lambda: axes.Structure(activation=["gleu"]), "'gleu' is not known. Did you mean 'gelu'"),
    "normalization": (lambda: axes.Structure(normalization="batch"), "'batch'. Expected a list"),
    "pooling": (lambda: axes.Structure(pooling=["averge"]), "Did you mean 'average'"),
    "batch size": (lambda: axes.BatchSize([0]), "whole numbers from 1"),
    "flip": (lambda: axes.Augmentation(flip=["horizontl"]), "Did you mean 'horizontal'"),
    "shift": (lambda: axes.Augmentation(shift=[0.6]), "shares of the side from 0 to 0.5"),
    "rotation": (lambda: axes.Augmentation(rotation=[45]), "shares of a full turn from 0 to 0.5"),
    "mixup": (lambda: axes.Augmentation(mixup=0.2), "a list of values of α from 0 to 1"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_an_axis_cannot_be_is_refused_with_what_it_can(what: str) -> None:
    make, message = REFUSED[what]

    with pytest.raises(SpaceError, match=message):
        make()


def test_regularization_takes_numbers_of_numpy_and_keeps_plain_ones() -> None:
    axis = axes.Regularization(
        l1=list(np.float32([0.0, 0.1])), dropout=[np.int64(0), np.float64(0.3)], patience=np.int64(4)
    )

    assert (axis.l1, axis.dropout, axis.patience) == ((0.0, 0.1), (0.0, 0.3), 4)
    assert {type(value) for value in (*axis.l1, *axis.dropout)} == {float}
    assert type(axis.patience) is int


def regularized(axis: axes.Regularization, values: dict[str, Any]) -> Settings:
    drawn = axis.draw(
        toys.asking({f"regularization/{name}": v for name, v in values.items()}), origin("branched")
    )
    return Recipe().plus(**drawn).settings


def test_all_of_regularization_that_the_model_has_a_place_for_is_drawn() -> None:
    values = {"l1": 1e-5, "dropout": 0.5, "spatial_dropout": 0.2, "max_norm": 3.0, "label_smoothing": 0.1}

    assert regularized(axes.Regularization(max_norm=[3.0]), values) == Settings(**values)


def test_max_norm_is_not_asked_for_unless_it_is_named() -> None:
    hp = toys.asking()
    axes.Regularization().draw(hp, origin("branched"))

    assert {known.name for known in hp.space} == {
        f"regularization/{name}" for name in ("l1", "l2", "dropout", "spatial_dropout", "label_smoothing")
    }


def test_label_smoothing_that_was_asked_for_under_a_regression_loss_is_refused_with_its_name() -> None:
    regression = toys.origin(toys.regressor, toys.halves(*toys.line()))

    with pytest.raises(
        SpaceError, match=r"\[0.1\], but the loss mean_squared_error is none of .*leave label_sm"
    ):
        axes.Regularization(label_smoothing=[0.1]).draw(toys.asking(), regression)
    assert (
        axes.Regularization(label_smoothing=[0.0]).draw(toys.asking(), regression)["label_smoothing"] is None
    )


def test_a_batch_larger_than_the_data_is_refused() -> None:
    with pytest.raises(SpaceError, match="more than the 180 examples"):
        axes.BatchSize([512]).draw(toys.asking(), origin("uncompiled"))


@pytest.mark.parametrize("name", ALGORITHMS)
def test_the_default_rate_of_an_algorithm_lies_in_its_range(name: str) -> None:
    assert ALGORITHMS[name].low <= ALGORITHMS[name].default <= ALGORITHMS[name].high


def test_weights_are_averaged_only_where_their_norms_are_not_bounded() -> None:
    bounds, averages = axes.Regularization(max_norm=[0.0, 3.0]), axes.Optimizer()
    asked = []
    for bound in (0.0, 3.0):
        hp = toys.asking({"regularization/max_norm": bound})
        for axis in (bounds, averages):
            axis.draw(hp, origin("uncompiled"))
        asked.append("optimizer/use_ema" in hp.values)

    assert asked == [True, False]
