"""The constants of costs: those that made the figures are found again, and an error counts by its share."""

import math

import pytest

from autoopt.pricing import A_STEP
from benchmarks import cost


def net(layers, weights, program=1.0, layer=0.25, step=1e-4, product=1e-10, **changed):
    epochs = {
        size: math.ceil(cost.EXAMPLES / size) * step + cost.EXAMPLES * weights * product
        for size in cost.BATCHES
    }
    found = {"making": program + layer * layers, "again": 0.0, "epochs": epochs, **changed}
    return cost.Measured("dense", layers, weights, weights, **found)


NETS = [net(2, 1_000), net(3, 50_000), net(5, 20_000), net(9, 300_000)]


def test_constants_that_made_the_figures_are_found_again():
    found = cost.fitted(NETS, cost.WORK["weights"])
    assert [found.program, found.layer] == pytest.approx([1.0, 0.25])
    assert found.weight == pytest.approx(0.0, abs=1e-12)
    assert [found.step, found.product] == pytest.approx([1e-4, 1e-10])


def test_a_unit_of_price_is_what_products_take_where_a_step_is_priced_right():
    nets = [net(layers, weights, step=A_STEP * 1e-10) for layers, weights in ((2, 1_000), (4, 90_000))]
    assert cost.fitted(nets, cost.WORK["weights"]).unit == pytest.approx(1e-10)


def test_no_constant_is_below_zero():
    nets = [net(2, 1_000, making=5.0), net(4, 1_000, making=4.0), net(8, 1_000, making=3.0)]
    found = cost.fitted(nets, cost.WORK["weights"])
    assert found.layer == 0.0 and found.program > 3.0


def test_a_small_net_is_measured():
    (found,) = cost.measured(["dense 1 x 32"], 2)
    assert (found.layers, found.parameters, found.products) == (2, 64 * 32 + 32 + 330, 64 * 32 + 32 + 330)
    assert found.making > 0 and set(found.epochs) == set(cost.BATCHES)
    assert [row["net"] for row in cost.rows([found])] == ["dense 1 x 32"]
