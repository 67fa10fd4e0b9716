"""Edges: values of the winner at the end of their range, and the wider range that the axes would take."""

import functools
import json
from pathlib import Path
from typing import Any

import keras
import pytest

import autoopt
from autoopt import Space, axes
from autoopt.hypermodel import AutoHyperModel
from autoopt.records import Objective, Trial
from autoopt.reports import outcome
from autoopt.search import explore
from autoopt.storage import Journal, RunFolder
from tests import toys

OBJECTIVE = Objective("val_loss", "min")


def searched(hp: Any) -> keras.Model:
    """Return a classifier whose author searches the units of a layer."""
    units = hp.Int("units", 4, 12)
    return keras.Sequential(
        [keras.Input((64,)), keras.layers.Dense(units, "relu"), keras.layers.Dense(10, "softmax")]
    )


@functools.cache
def explored(space: str, own: bool) -> Any:
    """Return a hypermodel and its whole space."""
    data = toys.halves(*toys.digits())
    hypermodel = AutoHyperModel(searched if own else toys.dense, Space.from_json(space), data)
    return hypermodel, explore(hypermodel)


def result_of(
    values: dict[str, Any], space: Space | None = None, others: dict[str, Any] | None = None, trials: int = 6
) -> Any:
    """Return a run whose winner has some values; half of its other trials too, unless they have others."""
    space = Space() if space is None else space
    hypermodel, whole = explored(space.to_json(), own="units" in values)
    path = Path("run")
    path.mkdir()
    folder = RunFolder(path)
    folder.write("space", json.loads(space.to_json()))
    rows = {"rows": [180, 60], "objective": vars(OBJECTIVE)}
    folder.write("run", {"space": whole.get_config(), "defaults": whole.values, **rows})
    folder.write("result", {"best": 1, "best_score": 0.1})
    journal = Journal(folder.journal, OBJECTIVE)
    for number in range(trials):
        journal.open()
        wanted = values if number == 1 else {} if number == 0 else others or values
        hp = toys.asking(wanted)
        hypermodel.draw(hp)
        score = 0.1 * (trials - number) if number != 1 else 0.05
        journal.close(Trial(number, "completed", score, dict(hp.values), {"val_loss": [score]}, 0, 0.0, 1.0))
    return autoopt.load(path)


@pytest.mark.parametrize(
    ("values", "side", "bounds", "wider"),
    [
        ({"optimizer/learning_rate": 0.0299}, "upper", (1e-4, 0.03),
         Space(optimizer=axes.Optimizer(["adam"], learning_rate=(1e-4, 0.09)))),
        ({"optimizer/learning_rate": 1.01e-4}, "lower", (1e-4, 0.03),
         Space(optimizer=axes.Optimizer(["adam"], learning_rate=(3.33e-5, 0.03)))),
        ({"optimizer/name": "momentum", "optimizer/momentum": 0.989}, "upper", (0.5, 0.99),
         Space(optimizer=axes.Optimizer(momentum=(0.5, 0.995)))),
        ({"regularization/dropout": 0.5}, "upper", (0.0, 0.5),
         Space(regularization=axes.Regularization(dropout=[0.0, 0.1, 0.2, 0.3, 0.5, 0.75]))),
        ({"structure/dense/width": 4.0}, "upper", (0.5, 4.0),
         Space(structure=axes.Structure(width=[0.5, 1.0, 2.0, 4.0, 8.0]))),
        ({"batch_size": 16}, "lower", (16, 32), Space(batch_size=[8, 16, 32])),
        ({"batch_size": 32}, "upper", (16, 32), Space(batch_size=[16, 32, 64])),
    ],
)  # fmt: skip
def test_an_edge_comes_with_the_space_to_try(values: Any, side: str, bounds: Any, wider: Space) -> None:
    edge = next(edge for edge in result_of(values).edges if edge.name in values)
    assert (edge.side, (edge.low, edge.high)) == (side, pytest.approx(bounds))
    assert eval(edge.wider, {"Space": Space, "axes": axes}) == wider


def test_the_range_of_a_rate_is_that_of_its_algorithm_and_batch_size() -> None:
    rate = {"optimizer/name": "sgd", "batch_size": 16, "optimizer/learning_rate": 0.499}
    edge = next(edge for edge in result_of(rate).edges if edge.name == "optimizer/learning_rate")
    assert (edge.low, edge.high) == pytest.approx((0.0025, 0.5))
    assert "names=('sgd',)" in edge.wider


def test_what_was_narrowed_stays_so_in_the_space_to_try() -> None:
    space = Space(structure=False, optimizer=axes.Optimizer(["adam"], learning_rate=(1e-3, 1e-2)))
    found = result_of({"optimizer/learning_rate": 0.01}, space).edges
    assert [edge.wider for edge in found if "rate" in edge.name] == [
        "Space(structure=False, optimizer=axes.Optimizer(names=('adam',), learning_rate=(0.001, 0.03)))"
    ]


@pytest.mark.parametrize(
    "values",
    [
        {"regularization/dropout": 0.0},  # none at all
        {"structure/dense/depth": 1},  # a stage has a layer
        {"regularization/dropout": 0.2},
        {"optimizer/learning_rate": 2e-3},
        {"optimizer/use_ema": True},
        {"optimizer/name": "lion"},
    ],
)
def test_an_end_beyond_which_there_is_nothing_is_no_edge(values: Any) -> None:
    assert not [edge for edge in result_of(values).edges if edge.name in values]


def test_no_batch_larger_than_the_data_is_proposed() -> None:
    space = Space(batch_size=[16, 160])
    assert not [edge for edge in result_of({"batch_size": 160}, space).edges if edge.name == "batch_size"]


def test_at_most_two_layers_are_added_and_that_is_said() -> None:
    edge = next(e for e in result_of({"structure/dense/depth": 3}).edges if e.name.endswith("depth"))
    assert edge.wider == "" and "write the model that deep" in str(edge)
    shallow = Space(structure=axes.Structure(extra_depth=1))
    Path("run").rename("earlier")
    edge = next(e for e in result_of({"structure/dense/depth": 2}, shallow).edges if e.name.endswith("depth"))
    assert edge.wider == "Space(structure=axes.Structure())"


def test_a_number_of_the_users_own_is_to_be_widened_in_the_model_function() -> None:
    edge = next(edge for edge in result_of({"units": 12}).edges if edge.name == "units")
    assert str(edge) == (
        "units = 12 lies at the upper edge of its range (4 to 12): have the model function ask for higher values too."
    )


def test_a_winner_alone_at_an_edge_is_no_sign() -> None:
    values, others = {"optimizer/learning_rate": 0.03}, {"optimizer/learning_rate": 2e-3}
    assert not [e for e in result_of(values, others=others, trials=8).edges if "rate" in e.name]
    Path("run").rename("earlier")
    assert not result_of(values, trials=4).edges


def test_edges_are_told_with_the_outcome() -> None:
    result = result_of({"optimizer/learning_rate": 0.0298})
    assert (
        "optimizer/learning_rate = 0.0298 lies at the upper edge of its range (0.0001 to 0.03): try "
        "Space(optimizer=axes.Optimizer(names=('adam',), learning_rate=(0.0001, 0.09)))."
    ) in outcome(result.summary())
    json.dumps(result.summary())
