"""Every engine, in every mode, does to a model what `keras.Model.fit` does on the same batches."""

import functools

import numpy as np
import pytest

from autoopt.engines import Training, candidate_of, evaluate
from tests.counts import FULL
from tests.engines import zoo
from tests.engines.laboratory import (
    BATCH,
    ENGINES,
    EPOCHS,
    EVERY_ENGINE,
    SEED,
    USUAL,
    Fit,
    apart,
    assert_meant,
    assigned,
    made,
    ran,
    trained,
)  # fmt: skip

LIKE_OTHERS = (
    "dense", "GRU", "mixed precision", "embedding", "regression", "class weights", "sample weights",
)  # fmt: skip
"""Cases of which another holds everything as well."""

ALL = [
    (engine, case)
    for case, found in zoo.CASES.items()
    for engine in ("automatic", *USUAL)
    if (engine != "automatic") == found.modes and (FULL or case not in LIKE_OTHERS)
]


@pytest.mark.slow
@pytest.mark.parametrize("case", ["class weights", *["two inputs and two outputs", "sample weights"] * FULL])
def test_the_keras_engine_is_fit_on_batches_in_the_order_of_the_seed(case: str) -> None:
    found, part = zoo.CASES[case], zoo.CASES[case].data()
    model, losses = made(found.make), []
    for epoch in range(EPOCHS):
        some = part.take(np.random.default_rng([SEED, epoch]).permutation(part.n))
        history = model.fit(
            some.x, some.y, sample_weight=some.sample_weight, class_weight=found.weights, batch_size=BATCH,
            shuffle=False, verbose=0,
        ).history  # fmt: skip
        losses += history["loss"]
    reached = reference(case)

    assert reached.history["loss"] == pytest.approx(losses, abs=1e-6)
    assert evaluate(model, part)["loss"] == pytest.approx(reached.history["val_loss"][-1], abs=1e-6)
    assert set(history) == {name for name in reached.history if not name.startswith("val_")}


@functools.cache
def reference(case: str) -> Training:
    """Train a case with plain `fit`; the weights are those of the last epoch."""
    found, model = zoo.CASES[case], made(zoo.CASES[case].make)
    reached, _ = ran(Fit(), candidate_of(model), assigned(found.data(), weights=found.weights))
    reached.weights = model.get_weights()
    return reached


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "case"), ALL, ids=[" ".join(each) for each in ALL])
def test_an_engine_agrees_with_fit_on_the_same_batches(engine: str, case: str) -> None:
    found = zoo.CASES[case]
    assignment = assigned(found.data(), weights=found.weights)
    reached, fitting = ran(ENGINES[engine](), candidate_of(made(found.make)), assignment)
    assert_meant(engine, fitting)
    expected = reference(case)

    tolerance = found.tolerance or (1e-5 if engine == "plain" else 1e-4)
    assert set(reached.history) == set(expected.history)
    for name, values in expected.history.items():
        assert reached.history[name] == pytest.approx(values, abs=tolerance), name
    assert apart(fitting.weights(), expected.weights) <= tolerance


@EVERY_ENGINE
def test_the_weights_kept_score_what_their_epoch_scored(engine: str) -> None:
    part = zoo.images()
    found, model = trained(engine, made(zoo.normalized), part), made(zoo.normalized)
    model.set_weights(found.weights)

    assert evaluate(model, part)["loss"] == pytest.approx(found.score, abs=1e-6)
    assert found.score == min(found.history["val_loss"])
    assert found.best_epoch == int(np.argmin(found.history["val_loss"]))


@pytest.mark.parametrize("size", [43, 64])
def test_a_batch_as_large_as_the_data_or_larger_is_right(size: int) -> None:
    runs = [
        trained(engine, made(zoo.dense), zoo.images(), size=size, epochs=2)
        for engine in ("keras", "automatic")
    ]

    assert runs[0].history["loss"] == pytest.approx(runs[1].history["loss"], abs=1e-5)
    assert apart(runs[0].weights, runs[1].weights) <= 1e-5
