"""Rows that are read block by block: every engine does with them what it does with the same rows in memory."""

import gc
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from autoopt.data import Part, Stream, joined
from autoopt.data.aside import Aside
from autoopt.data.deferred import Deferred
from autoopt.engines import AutomaticEngine, CompiledEngine, candidate_of
from autoopt.engines.blocks import Passes
from autoopt.preparing import Preparation
from autoopt.schema import Raw, Stored
from tests.counts import FULL
from tests.engines.laboratory import (
    BACKEND,
    BATCH,
    ENGINES,
    MODES,
    apart,
    assert_meant,
    assigned,
    compiled,
    made,
    ran,
    traces,
)  # fmt: skip
from tests.raws import raw

N, REST = 43, 24
"""Rows that train, so that the last batch is short, and rows that validate."""


def opened(rows: Raw) -> Raw:
    """Return rows each of which has to be opened: a block is no more than a batch."""
    x = {
        name: Stored(values.__getitem__, np.arange(rows.n), values.shape[1:], values.dtype, opened=True)
        for name, values in rows.x.items()
    }
    return replace(rows, x=x)


def from_files(source: Deferred) -> Stream:
    return Stream(replace(source, raw=opened(source.raw)), source.raw.n)


def from_disk(source: Deferred) -> Stream:
    kept = Aside().kept([source.preparation.arrays(source.raw)])
    return Stream(replace(source, kept=kept), source.raw.n)


KINDS: dict[str, Callable[[Deferred], Stream]] = {"files": from_files, "disk": from_disk}
"""Where rows are read from: two blocks of one batch and a short one, or a block of two and a short one."""


def is_fit(engine: str) -> bool:
    return engine == "keras" or BACKEND == "torch"


ALL = [
    (engine, kind)
    for engine in ENGINES
    for kind in KINDS
    if (FULL or engine == "automatic" or (kind == "disk") == (engine == "step")) and not is_fit(engine)
]
"""Each mode on one of them, at full counts on both."""

# Keras's queue of several threads, which files have, begins behind the batch that a model was built on: in another order.
ALL += [(engine, "disk") for engine in ENGINES if is_fit(engine)]


def parts(kind: str) -> tuple[tuple[Part, Part], tuple[Stream, Stream]]:
    """Return what trains and what validates: in memory, and the same rows as they are read."""
    rows = raw("image", n=N + REST)
    preparation = Preparation.fit(rows, np.arange(N))
    sources = [Deferred(rows.take(each), preparation) for each in (np.arange(N), np.arange(N, N + REST))]
    train, validation = (Part(preparation.arrays(each.raw), each.raw.y) for each in sources)
    read, checked = map(KINDS[kind], sources)
    return (train, validation), (read, checked)


def flat() -> keras.Model:
    model = keras.Sequential([keras.Input((16, 16, 1)), layers.Flatten(), layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize(("engine", "kind"), ALL)
def test_rows_that_are_read_train_as_rows_in_memory_do(engine: str, kind: str) -> None:
    found = []
    for train, validation in parts(kind):
        assignment = assigned(train, validation=validation, epochs=2, weights={0: 1.0, 1: 2.0, 2: 0.5})
        reached, fitting = ran(ENGINES[engine](), candidate_of(made(flat)), assignment)
        assert_meant(engine, fitting)
        found.append((reached.history, fitting.weights()))
    for name, values in found[0][0].items():
        assert found[1][0][name] == pytest.approx(values, abs=1e-5), name
    assert apart(found[0][1], found[1][1]) <= 1e-5


@pytest.mark.parametrize("size", [*[N] * FULL, 64])
def test_a_batch_as_large_as_the_rows_or_larger_is_right(size: int) -> None:
    found = []
    for train, validation in parts("disk"):
        assignment = assigned(train, validation=validation, epochs=1, size=size)
        found.append(ran(ENGINES["automatic"](), candidate_of(made(flat)), assignment)[0].history["loss"])
    assert found[0] == pytest.approx(found[1], abs=1e-5)


def test_moving_averages_are_what_is_scored() -> None:
    found = []
    for train, validation in parts("disk"):
        candidate = replace(candidate_of(made(averaged)), averaged=True)
        assignment = assigned(train, validation=validation, epochs=2)
        reached, fitting = ran(ENGINES["automatic"](), candidate, assignment)
        found.append((reached.history["val_loss"], fitting.weights()))
    assert found[0][0] == pytest.approx(found[1][0], abs=1e-5)
    assert apart(found[0][1], found[1][1]) <= 1e-5


def averaged() -> keras.Model:
    model = flat()
    model.compile(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), model.loss)
    return model


def test_a_training_goes_on_from_its_state_in_the_middle_of_what_is_read() -> None:
    _, (train, validation) = parts("disk")
    assignment, whole = assigned(train, validation=validation), []
    fitting = ENGINES["automatic"]().fitting(candidate_of(made(flat)), assignment)
    whole = [fitting.epoch(0), state := fitting.state(), fitting.epoch(1)]
    other = ENGINES["automatic"]().fitting(candidate_of(made(flat)), assignment)
    other.restore(state)
    assert other.epoch(1) == pytest.approx(whole[2], abs=1e-6)


def test_an_epoch_that_breaks_off_reads_no_further() -> None:
    rows = raw("image", n=N)
    asked: list[int] = []

    def read(some: np.ndarray) -> np.ndarray:
        asked.append(len(some))
        if len(asked) > 2:
            raise OSError("gone")
        return np.zeros((len(some), 16, 16, 1), np.uint8)

    stored = Stored(read, np.arange(N), (16, 16, 1), np.dtype(np.uint8), opened=True)
    source = Deferred(replace(rows, x={"image": stored}), Preparation.fit(rows, np.arange(N)))
    with pytest.raises(OSError, match="gone"):
        for _ in source.blocks(np.arange(N), 1, lambda some: some):
            pass
    assert len(asked) < N // 2


def test_batch_sizes_and_blocks_share_a_program_that_is_traced_once() -> None:
    if not MODES:
        pytest.skip("compiles no epochs")
    _, (train, validation) = parts("disk")
    engine, model = compiled(), made(flat)
    for size in (BATCH, 8):
        fitting = AutomaticEngine(engine).fitting(
            candidate_of(model), assigned(train, validation=validation, size=size)
        )
        assert np.isfinite(fitting.epoch(0)["loss"])
    assert traces(engine) == [1 if BACKEND == "tensorflow" else 4]  # 16, 11, 8, 3


def test_no_block_is_kept_once_its_steps_are_run() -> None:
    if not MODES:
        pytest.skip("compiles no epochs")
    _, (train, validation) = parts("disk")
    placed: list[Any] = []
    compiler = compiled()._compiler

    def noted(arrays: Any) -> Any:
        found = compiler.place(arrays)
        placed.extend(map(weakref.ref, keras.tree.flatten(found)))
        return found

    engine = CompiledEngine(replace(compiler, place=noted))
    fitting = engine.fitting(candidate_of(made(flat)), assigned(train, validation=validation))
    placed.clear()  # the rows that a program is traced on stay
    fitting.epoch(0)
    gc.collect()
    assert placed and not [each for each in placed if each() is not None]


def test_rows_that_cannot_be_read_while_averages_are_scored_leave_the_weights_as_they_were() -> None:
    if not MODES:
        pytest.skip("compiles no epochs")
    _, (train, validation) = parts("files")
    source, gone = validation.source, []

    def read(rows: np.ndarray) -> np.ndarray:
        if gone:
            raise OSError("gone")
        return np.asarray(source.raw.x["image"][rows])

    x = {"image": replace(source.raw.x["image"], read=read)}
    broken = Stream(replace(source, raw=replace(source.raw, x=x)), source.n)
    sound, other = (
        compiled().fitting(
            replace(candidate_of(made(averaged)), averaged=True), assigned(train, validation=part)
        )
        for part in (validation, broken)
    )
    sound.epoch(0)
    gone.append(True)
    with pytest.raises(OSError, match="gone"):
        other.epoch(0)
    for kind in ("weights", "optimizer"):
        assert apart(sound.state().arrays[kind], other.state().arrays[kind]) <= 1e-6, kind


def test_it_is_known_which_sizes_the_batches_of_a_pass_have() -> None:
    rows = raw("image", n=2_060)
    source = Deferred(rows, Preparation.fit(rows, np.arange(N)))
    for n in (2_060, 2_048, 12):
        some = from_files(replace(source, raw=rows.take(np.arange(n))))
        passes = Passes.of(some, lambda arrays: arrays)
        assert passes.sizes == [len(x) for x, _ in passes]


def test_two_parts_of_files_that_have_to_be_opened_are_opened_one_by_one_as_one() -> None:
    _, (train, validation) = parts("files")
    both = joined(train, validation)
    assert isinstance(both, Stream) and both.n == N + REST and both.at_once == 1
