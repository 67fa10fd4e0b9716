"""A stranger's run on raw rows: what says how rows are read, and what prepares them, is checked before it is used."""

import contextlib
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest

import autoopt
from autoopt import Search
from autoopt.data import files
from autoopt.errors import AutooptError, RunError
from tests.tables import customers, net
from tests.test_fuzzed import with_values


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rows")
    return autoopt.tune(
        net, customers(), target="churn", epochs=1, max_trials=1, seed=0, verbose=0, search=Search(confirm=0),
        directory=folder, logdir=folder / "logs",
    ).run_dir  # fmt: skip


@pytest.fixture
def run(real: Path, tmp_path: Path) -> Path:
    """Return a copy of a real run, which a test may spoil."""
    return Path(shutil.copytree(real, tmp_path / "stranger"))


def renamed(found: dict[str, Any]) -> None:
    found["preparation"]["names"] = {"minutes": "minutes", "plan": "plans"}


def of_another_kind(found: dict[str, Any]) -> None:
    found["columns"][1]["kind"] = "number"


SPOILED: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a kind that there is none of": (lambda found: found["columns"][0].update(kind="code"), "Its columns.0..kind is 'code'"),
    "no columns": (lambda found: found.update(columns=[]), "It has 0 columns for a table"),
    "a column twice": (lambda found: found["columns"].append(found["columns"][0]), "Expected some, each once"),
    "no classes": (lambda found: found.update(classes=[]), "It names no classes, and the task is binary"),
    "classes of another type": (lambda found: found.update(classes=[1]), "Its classes.0. is 1. Expected a text"),
    "images without a shape": (
        lambda found: found.update(modality="image", columns=found["columns"][:1]), r"Its shape is \[\] for image",
    ),
    "a column that is not there": (lambda found: found["columns"].pop(), "reads 'plan', which is no column"),
    "a rate of a table": (lambda found: found.update(rate=-8000), "Its rate is -8000. Expected 0 for table"),
    "a rate that no sound has": (
        lambda found: found.update(modality="audio", columns=found["columns"][:1], shape=[800], rate=10**9),
        "Its rate is 1000000000. Expected samples a second, from 1,000 to 399,999",
    ),
    "sides below nothing": (
        lambda found: found.update(modality="image", columns=found["columns"][:1], shape=[-4, -4, 1]), r"Its shape is \[-4, -4, 1\]",
    ),
    "channels of no picture": (
        lambda found: found.update(modality="image", columns=found["columns"][:1], shape=[4, 4, 9]), "Expected 1 or 3 channels",
    ),
    "a share above all": (lambda found: found["columns"][0].update(missing=2), "missing is 2. Expected a share from 0 to 1"),
    "a count below nothing": (lambda found: found["columns"][1].update(distinct=-1), "distinct is -1. Expected a count"),
    "a way to write numbers that there is not": (
        lambda found: found["columns"][0].update(written="%Y"), "written is '%Y'. Expected a way to write a number, as 1.234,5",
    ),
    "signs that are none": (lambda found: found["columns"][0].update(signs="x"), "signs is 'x'. Expected some of"),
    "a class twice": (lambda found: found.update(classes=["no", "no"]), "Expected 2 for binary, each once"),
    "inputs below nothing": (
        lambda found: found["preparation"]["inputs"].update(numbers=-1), "preparation.inputs.numbers is -1. Expected a count",
    ),
    "inputs of other names": (renamed, "schema.json says minutes, plans or other kinds"),
    "a column of another kind": (of_another_kind, "or other kinds. Expected the same"),
}  # fmt: skip


@pytest.mark.parametrize("case", SPOILED)
def test_a_schema_that_no_search_writes_is_refused(case: str, run: Path) -> None:
    spoil, message = SPOILED[case]
    found = json.loads((run / "schema.json").read_text())
    spoil(found)
    (run / "schema.json").write_text(json.dumps(found))
    with pytest.raises(RunError, match=message):
        autoopt.load(run).predict(customers())


def test_a_schema_with_changed_values_reads_rows_or_is_refused(run: Path) -> None:
    chance, path, rows = random.Random(0), run / "schema.json", customers(12)
    for content in with_values(path.read_text(), chance):
        path.write_text(content)
        with contextlib.suppress(AutooptError):
            schema = autoopt.load(run).schema
            assert schema is None or files.read(rows, schema=schema).n == 12


def test_a_schema_of_a_run_of_before_is_read(run: Path) -> None:
    found = json.loads((run / "schema.json").read_text())
    for each in (found, *found["columns"]):
        each.pop("signs")
    found.pop("written")
    (run / "schema.json").write_text(json.dumps(found))
    assert len(autoopt.load(run).predict(customers())) == 120


def test_code_in_what_prepares_rows_is_not_run(run: Path) -> None:
    given = keras.Input((1,), name="minutes")
    keras.Model(given, keras.layers.Lambda(lambda x: x)(given)).save(run / "preparation.keras")
    with pytest.raises(RunError, match=r"preparation\.keras cannot be loaded: it holds code"):
        autoopt.load(run).predict(customers())


def test_what_prepares_rows_is_not_read_where_a_link_leads_out(run: Path) -> None:
    (run / "preparation.keras").rename(run.parent / "elsewhere.keras")
    (run / "preparation.keras").symlink_to(run.parent / "elsewhere.keras")
    with pytest.raises(RunError, match="link that leads out of the run folder"):
        autoopt.load(run).predict(customers())
