"""The space as a table: what each hyperparameter is, what it may become, and when it is active."""

import io

import keras_tuner

from autoopt.records import Objective, SearchStarted
from autoopt.reports import Console, space_table


def space() -> keras_tuner.HyperParameters:
    """Return hyperparameters of each kind, with the values that they have as written."""
    hp = keras_tuner.HyperParameters()
    hp.Choice("optimizer/name", ["adam", "sgd", "gd"])
    hp.Float("optimizer/learning_rate", 1e-4, 0.1, sampling="log", default=1e-3)
    with hp.conditional_scope("optimizer/name", ["sgd"]):
        hp.Float("optimizer/momentum", 0.5, 0.99, default=0.9)
    with hp.conditional_scope("optimizer/name", ["adam", "sgd"]):
        hp.Choice("batch_size", [16, 32, 64], default=32)
    hp.Int("units", 8, 64, step=8)
    hp.Boolean("norm")
    hp.Fixed("regularization/l1", 0.0)
    hp.values.pop("optimizer/momentum", None)
    return hp


def rows(lines: list[str]) -> list[str]:
    """Return the lines with one space between words."""
    return [" ".join(line.split()) for line in lines]


def test_each_hyperparameter_has_a_row() -> None:
    assert rows(space_table(space())) == [
        "hyperparameter as written may become when",
        "optimizer/name adam sgd, gd",
        "optimizer/learning_rate 0.001 0.0001 to 0.1, log",
        "optimizer/momentum not used 0.5 to 0.99 optimizer/name is sgd",
        "batch_size 32 16, 64 optimizer/name is not gd",
        "units 8 8 to 64, by 8",
        "norm False True",
        "regularization/l1 0 fixed",
    ]


def test_nested_conditions_are_told_together_and_one_that_always_holds_is_not() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Choice("kind", ["plain", "deep"])
    with hp.conditional_scope("kind", ["plain", "deep"]):
        hp.Boolean("norm")
    with hp.conditional_scope("kind", ["deep"]):
        hp.Boolean("bias")
        with hp.conditional_scope("bias", [True]):
            hp.Choice("rate", [0.5])

    assert rows(space_table(hp))[2:] == [
        "norm False True",
        "bias not used True, False kind is deep",
        "rate not used 0.5 kind is deep and bias is True",
    ]


def test_of_many_stages_the_first_are_listed_and_the_others_counted() -> None:
    hp = keras_tuner.HyperParameters()
    for stage in range(20):
        hp.Int(f"structure/dense_{stage}/depth", 1, 3)
    hp.Choice("batch_size", [16, 32])
    lines = rows(space_table(hp))

    assert len(lines) == 1 + 12 + 1 + 1
    assert lines[-3:] == [
        "structure/dense_11/depth 1 1 to 3",
        "and 8 more of structure",
        "batch_size 16 32",
    ]


def test_names_are_whole_where_the_width_allows_it() -> None:
    lines = space_table(space(), width=60)

    assert max(map(len, lines)) <= 60
    assert any(line.startswith("optimizer/learning_rate ") for line in lines)


def test_the_console_prints_the_table_before_the_first_trial() -> None:
    stream = io.StringIO()
    console = Console(1, stream)
    console(SearchStarted("mine", Objective("val_loss", "min"), space(), ["loss"], 5, None, None))

    printed = stream.getvalue().splitlines()
    assert printed[0] == "Searching 6 hyperparameters for the best val_loss."
    assert printed[1:] == space_table(space())


def test_an_empty_space_has_no_table() -> None:
    assert space_table(keras_tuner.HyperParameters()) == []
