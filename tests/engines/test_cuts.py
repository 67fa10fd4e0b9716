"""Trainings on several cuts of the same rows: what each gives, and that nothing is compiled for it."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from autoopt.data import Cut, Dataset
from autoopt.engines import Candidate
from autoopt.hypermodel import AutoHyperModel
from autoopt.recipe import Recipe
from tests import toys
from tests.counts import FULL
from tests.engines import zoo
from tests.engines.laboratory import BACKEND, MODES, Fit, assigned, compiled, ran, traces
from tests.engines.test_programs import hypermodel

QUICK = MODES[-1] if MODES else None
TELLING = MODES if FULL else MODES[1:2]
ROWS = np.arange(60)
CUTS = [Cut(np.delete(ROWS, rows), rows) for rows in (ROWS[45:], ROWS[:15], ROWS[::4])]
COMPILED = pytest.mark.skipif(not MODES, reason=f"the {BACKEND} backend compiles no epochs")


def pool() -> Dataset:
    return toys.halves(*toys.digits(60), 1 + np.arange(60) / 60)


def on(data: Dataset, cut: Cut | None, apart: bool, **rest: Any) -> Any:
    """Return the assignment of a cut: as rows of the pool, or as parts that stand for themselves."""
    train, validation = data.parts(cut)
    given = assigned(train, validation, epochs=2, **rest)
    return given if apart else replace(given, pool=data.pool, cut=cut)


def untraced(source: AutoHyperModel) -> Candidate:
    """Return a candidate that `fit` trains without a program, which it would make for each."""
    candidate = source.candidate(Recipe(), {}, 6, 3)
    candidate.model.run_eagerly = True
    return candidate


@pytest.mark.slow
@COMPILED
@pytest.mark.parametrize("mode", TELLING)
def test_a_cut_of_a_pool_gives_what_its_parts_give_and_traces_nothing(mode: Any) -> None:
    data, engine, source = pool(), compiled(mode), hypermodel()
    classes = {0: 3.0, 1: 0.5}
    found, counted = [], []
    for cut in (None, *CUTS):
        assignment = on(data, cut, apart=False, weights=classes)
        found.append(ran(engine, source.candidate(Recipe(), {}, 6, 3), assignment)[0].history)
        counted.append(traces(engine))
    assignment = on(data, CUTS[2], apart=True, weights=classes)
    expected, _ = ran(compiled(mode), source.candidate(Recipe(), {}, 6, 3), assignment)

    assert found[3] == expected.history
    assert found[0] == found[1] != found[2] != found[3]
    assert counted == [counted[0]] * 4 and len(counted[0]) == 1


@COMPILED
def test_cuts_of_several_sizes_are_right_on_one_program() -> None:
    data, engine, source = pool(), compiled(QUICK), hypermodel()
    for held in (15, 14, 30, 15):
        cut = Cut(ROWS[held:], ROWS[:held])
        assignment = on(data, cut, apart=False)
        found, fitting = ran(engine, source.candidate(Recipe(), {}, 6, 3), assignment)
        expected, _ = ran(Fit(), untraced(source), assignment)

        assert fitting.program == 0
        assert found.history["val_loss"] == pytest.approx(expected.history["val_loss"], abs=1e-4)


@COMPILED
def test_a_part_that_is_evaluated_in_several_calls_is_evaluated_whole() -> None:
    x = np.random.default_rng(0).normal(size=(700, 24, 24)).astype("float32")
    data = toys.halves(x, np.arange(700) % 10)
    cut = Cut(np.arange(600, 700), np.arange(600))
    source = hypermodel(lambda: zoo.classifier(keras.layers.Flatten(), shape=(24, 24)), data.pool)
    assignment = on(data, cut, apart=False)
    found, _ = ran(compiled(QUICK), source.candidate(Recipe(), {}, 6, 3), assignment)
    expected, _ = ran(Fit(), untraced(source), assignment)

    assert found.history["val_loss"] == pytest.approx(expected.history["val_loss"], abs=1e-4)
