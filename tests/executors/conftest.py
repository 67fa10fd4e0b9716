"""What the executors' tests share: a user's file with a model in it, and the executors made of it.

A worker process takes seconds to start, so one serves all tests of this folder that do not end it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import ray

from autoopt import model_file
from autoopt.executors import (
    Executions,
    Executor,
    InlineExecutor,
    IsolatingExecutor,
    ProcessExecutor,
    RecyclingExecutor,
    RepeatingExecutor,
)
from autoopt.executors.pool import PoolExecutor
from autoopt.executors.ray import RayFleet
from autoopt.resources import Resources
from autoopt.worker import Duties
from tests.counts import larger
from tests.executors.jobs import duties_of

USERS_FILE = """
from pathlib import Path

import keras

HERE = Path(__file__).parent
with (HERE / "runs").open("a") as file:
    file.write("once ")


@keras.saving.register_keras_serializable("mine")
class Twice(keras.layers.Layer):
    def call(self, x):
        return 2 * x


def model_fn():
    if (HERE / "broken").exists():
        raise ValueError("no model today")
    layers = [keras.Input((64,)), keras.layers.Dense(8, "relu"), Twice(), keras.layers.Dense(10, "softmax")]
    model = keras.Sequential(layers)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)
    return model
"""


def isolating_of(duties: Duties) -> Executor:
    return IsolatingExecutor(duties, limit=None)


def on_ray(duties: Duties) -> PoolExecutor:
    return PoolExecutor(RayFleet(duties, 2, Resources()))


def repeating_on_ray(duties: Duties) -> RepeatingExecutor:
    return RepeatingExecutor(on_ray(duties), Executions(1), duties.objective)


EXECUTORS: dict[str, Callable[[Duties], Executor]] = {  # a new one is one line here
    "inline": lambda duties: InlineExecutor(duties.worker()),
    "process": ProcessExecutor,
    "isolating": isolating_of,
    "recycling": lambda duties: RecyclingExecutor(duties.worker(), duties, limit=None),
    "repeating": lambda duties: RepeatingExecutor(
        InlineExecutor(duties.worker()), Executions(1), duties.objective
    ),
    "ray": on_ray,
    "repeating on ray": repeating_on_ray,
}


@pytest.fixture(scope="session")
def users_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("user")
    (folder / "my_model_of_digits.py").write_text(USERS_FILE, encoding="utf8")
    return folder


@pytest.fixture(scope="session")
def duties(users_folder: Path) -> Duties:
    return duties_of(model_file.read(str(users_folder / "my_model_of_digits.py")).model_fn)


@pytest.fixture(scope="package")
def process(duties: Duties) -> Iterator[ProcessExecutor]:
    """Return one for all tests; whatever ends its process, the next job starts a fresh one."""
    made = ProcessExecutor(duties)
    yield made
    made.close()


@pytest.fixture(scope="package")
def isolating(duties: Duties) -> Iterator[Executor]:
    """Likewise."""
    made = isolating_of(duties)
    yield made
    made.close()


@pytest.fixture(scope="package")
def a_ray() -> Iterator[None]:
    """Have one Ray for all tests: what uses it leaves it as it is."""
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    yield
    ray.shutdown()


@pytest.fixture(scope="package")
def pool(a_ray: None, duties: Duties) -> Iterator[PoolExecutor]:
    """Return one on Ray for all tests; a fresh worker follows what one ends."""
    made = on_ray(duties)
    yield made
    made.close()


@pytest.fixture(scope="package")
def repeating(pool: PoolExecutor, duties: Duties) -> RepeatingExecutor:
    """Return one on the same workers."""
    return RepeatingExecutor(pool, Executions(1), duties.objective)


SHARED = {"process": "process", "isolating": "isolating", "ray": "pool", "repeating on ray": "repeating"}
"""Executors of which one serves all tests, and the fixture that returns it."""


@pytest.fixture(params=[name for name in EXECUTORS if name != "repeating on ray"])
def make(request: pytest.FixtureRequest) -> Callable[[Duties], Executor]:
    if "ray" in request.param:  # others would wait for its cores; it goes on after it is closed
        shared = request.getfixturevalue(SHARED[request.param])
        return lambda duties: shared
    return EXECUTORS[request.param]


SLOW = ("process", "isolating")
"""Executors whose worker processes take long to start."""


@pytest.fixture(params=[pytest.param(each, marks=larger) if each in SLOW else each for each in EXECUTORS])
def executor(request: pytest.FixtureRequest, duties: Duties) -> Iterator[Executor]:
    if request.param in SHARED:
        yield request.getfixturevalue(SHARED[request.param])
        return
    made = EXECUTORS[request.param](duties)
    yield made
    made.close()
