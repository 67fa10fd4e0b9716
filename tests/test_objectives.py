"""The objective that a search compares: read, checked against what trials report, and its direction."""

from typing import Any

import keras_tuner
import pytest

from autoopt import objectives
from autoopt.errors import UsageError
from autoopt.records import Objective

DEFAULT = Objective("val_accuracy", "max")
NAMES = ["loss", "accuracy", "val_loss", "val_accuracy", "val_my_number"]

DIRECTIONS = {
    "val_loss": "min",
    "loss": "min",
    "val_accuracy": "max",
    "val_sparse_top_k_categorical_accuracy": "max",
    "val_f1_score": "max",
    "val_auc": "max",
    "val_auc_1": "max",
    "val_r2_score": "max",
    "val_mean_io_u": "max",
    "val_precision_at_recall": "max",
    "val_cosine_similarity": "max",
    "val_head_accuracy": "max",
    "val_mean_absolute_error": "min",
    "val_root_mean_squared_error": "min",
    "val_mae": "min",
    "val_sparse_categorical_crossentropy": "min",
    "val_kl_divergence": "min",
    "val_false_negatives": "min",
    "val_true_positives": "max",
    "val_categorical_hinge": "min",
}


@pytest.mark.parametrize("name", DIRECTIONS)
def test_the_direction_of_a_keras_metric_is_known(name: str) -> None:
    assert objectives.resolve(name, DEFAULT, [name]) == (Objective(name, DIRECTIONS[name]),)


def test_auto_is_the_default() -> None:
    assert objectives.resolve("auto", DEFAULT, NAMES) == (DEFAULT,)


@pytest.mark.parametrize(
    "given",
    [keras_tuner.Objective("val_my_number", "min"), ("val_my_number", "min"), [("val_my_number", "min")]],
    ids=str,
)
def test_a_direction_that_is_given_is_taken(given: Any) -> None:
    assert objectives.resolve(given, DEFAULT, NAMES) == (Objective("val_my_number", "min"),)


@pytest.mark.parametrize("given", [["val_loss"], ("val_loss",), "val_loss"], ids=str)
def test_a_list_of_one_is_that_one(given: Any) -> None:
    assert objectives.resolve(given, DEFAULT, NAMES) == (Objective("val_loss", "min"),)


@pytest.mark.parametrize(
    "given",
    [
        ["val_accuracy", "parameters", "val_loss", "latency"],
        ("parameters", "val_accuracy", keras_tuner.Objective("val_loss", "min"), "latency"),
        ["parameters", "auto", ("val_loss", "min"), ("latency", "min")],
    ],
    ids=["metric first", "cost first", "auto and pairs"],
)
def test_of_several_the_first_metric_leads_and_costs_are_to_be_small(given: Any) -> None:
    found = objectives.resolve(given, DEFAULT, NAMES)

    assert found[0] == DEFAULT and {each.name for each in found if each.is_cost} == {"parameters", "latency"}
    assert {each.name: each.direction for each in found[1:]} == dict.fromkeys(
        ("parameters", "val_loss", "latency"), "min"
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("val_acuracy", "'val_acuracy', which no trial reports. Did you mean 'val_accuracy'"),
        (keras_tuner.Objective("val_f1", "max"), "'val_f1', which no trial reports"),
        (
            "val_my_number",
            r"not known whether more or less.*Pass \('val_my_number', .max.\) in its place, or .min.",
        ),
        ([], "names nothing. Expected one name or more"),
        (
            "parameters",
            r"costs alone, no metric. Expected a metric beside it.*objective=\['val_loss', 'parameters'\]",
        ),
        (["latency", "seconds_per_epoch"], "costs alone"),
        (["val_loss", "parameters", "val_loss"], "names 'val_loss' twice. Leave out one"),
        (["auto", ("val_accuracy", "max")], "names 'val_accuracy' twice"),
        (["val_loss", "parameter"], "'parameter', which no trial reports. Did you mean 'parameters'"),
        (["val_loss", ("val_my_number", "most")], r"given \('val_my_number', 'most'\). Expected \"auto\""),
        (3, 'Expected "auto", a metric name'),
        (None, 'Expected "auto", a metric name'),
    ],
)
def test_what_cannot_be_compared_is_refused(given: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        objectives.resolve(given, DEFAULT, NAMES)


def test_a_number_beats_none_and_nan_and_nan_beats_nothing() -> None:
    for direction in ("min", "max"):
        objective = Objective("val_loss", direction)
        assert objective.better(1.0, None) and objective.better(1.0, float("nan"))
        assert not objective.better(float("nan"), None) and not objective.better(float("nan"), 1.0)
        assert not objective.better(1.0, 1.0)


def test_a_gain_is_positive_when_it_is_better() -> None:
    assert Objective("val_loss", "min").gain(score=0.2, baseline=0.5) == pytest.approx(0.3)
    assert Objective("val_accuracy", "max").gain(score=0.9, baseline=0.5) == pytest.approx(0.4)
