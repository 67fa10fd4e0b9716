"""What a person sees of a real search in TensorBoard, looked at in a headless Chromium."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import pytest

import autoopt
from tests.counts import at_full_counts, larger
from tests.processes import environment
from tests.reports.chromium import chromium, needed, pictures
from tests.test_cli_process import PATIENCE, started
from tests.toys import digits, eager

pytestmark = needed
BACKENDS = ("tensorflow", pytest.param("jax", marks=larger))
TRIALS = 6


def scores_of_a_search(place: str) -> list[float | None]:
    """Search in a folder, and return the trials' scores."""
    result = autoopt.tune(
        eager, digits(120), epochs=2, max_trials=TRIALS, seed=0, verbose=0, search=autoopt.Search(confirm=0),
        directory=f"{place}/runs", logdir=f"{place}/logs", project_name="digits",
    )  # fmt: skip
    return [trial.score for trial in result.trials]


ELSEWHERE = """
import json, sys
from tests.reports.test_tensorboard_browser import scores_of_a_search
print(json.dumps(scores_of_a_search(sys.argv[1])))
"""

# The page nests its elements in shadow roots, where no selector reaches.
ELEMENTS = """
const elements = [];
const walk = root => root.querySelectorAll("*").forEach(e => {
  elements.push(e);
  if (e.shadowRoot) walk(e.shadowRoot);
});
walk(document);
"""
# The table's texts that lie within the window, row by row, the header first.
VISIBLE_ROWS = (
    ELEMENTS
    + """
const rows = new Map();
for (const e of elements.filter(e => e.classList.contains("table-cell"))) {
  const box = e.getBoundingClientRect();
  if (!box.width || box.right > innerWidth || box.bottom > innerHeight) continue;
  const row = e.closest("vaadin-grid-cell-content").assignedSlot.closest("tr").getBoundingClientRect().top;
  rows.set(row, [...(rows.get(row) || []), [Math.round(box.left), e.innerText.trim()]]);
}
return [...rows.entries()].sort((a, b) => a[0] - b[0]).map(([_, cells]) => cells.sort((a, b) => a[0] - b[0]));
"""
)
TICKED = (
    ELEMENTS
    + """
const boxes = elements.filter(e => e.tagName === "PAPER-CHECKBOX" && e.textContent.includes("/") && e.checked);
return boxes.map(e => e.textContent.trim());
"""
)
UNTICK = (
    ELEMENTS
    + """
elements.find(e => e.tagName === "PAPER-CHECKBOX" && e.textContent.trim() === arguments[0]).click();
"""
)
CLICK = (
    ELEMENTS
    + """
elements.filter(e => e.tagName === arguments[0] && e.innerText.trim().startsWith(arguments[1])).pop().click();
"""
)
TEXTS = (
    ELEMENTS
    + """
return elements.filter(e => e.tagName === arguments[0]).map(e => e.textContent.trim());
"""
)
PARALLELS = (
    ELEMENTS
    + """
const lines = elements.filter(e => e.tagName === "path" && e.parentElement.classList.contains("foreground"));
return lines.filter(e => e.getBoundingClientRect().width > 100).length;
"""
)
# Of each chart in sight, the colours of its lines: a line and its smoothed one have one colour.
OVERLAID = (
    ELEMENTS
    + """
const charts = elements.filter(e => e.tagName === "VZ-LINE-CHART2" && e.getBoundingClientRect().height > 0);
const lines = chart => [...chart.shadowRoot.querySelectorAll("path.line")].filter(e => e.getAttribute("d"));
return charts.map(chart => new Set(lines(chart).map(e => e.style.stroke || e.getAttribute("stroke"))).size);
"""
)
NODES = (
    ELEMENTS
    + """
const nodes = elements.filter(e => e.tagName === "g" && e.classList.contains("node"));
return nodes.map(e => e.getAttribute("data-name")).sort();
"""
)
PICTURES = (
    ELEMENTS
    + """
return elements.filter(e => e.tagName === "IMG" && e.naturalWidth === 900).map(e => e.naturalHeight);
"""
)


@dataclass(frozen=True)
class Searched:
    """A search that TensorBoard shows: on which backend, the trials' scores, and where the page is."""

    backend: str
    scores: list[float]
    address: str


@contextmanager
def served(logdir: Path) -> Iterator[str]:
    """Serve a TensorBoard on a port of its own choice, as `autoopt board` does: that loads no TensorFlow."""
    words = ("board", "--logdir", str(logdir), "--port", "0", "--no-open")
    with started(*words, cwd=logdir) as (process, out, err):
        found = re.search(r"http://localhost(:\d+)", out.wait_for("http://localhost"))
        assert found is not None, err.seen
        yield f"http://127.0.0.1{found[1]}"
        process.terminate()
        process.wait(PATIENCE)


@pytest.fixture(scope="module", params=BACKENDS)
def searched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searched]:
    """A search of a few trials on a backend, and TensorBoard over its logs."""
    place = tmp_path_factory.mktemp(request.param)
    if keras.backend.backend() == request.param:
        scores = scores_of_a_search(str(place))
    else:
        command = [sys.executable, "-c", ELSEWHERE, str(place)]
        surroundings = environment(KERAS_BACKEND=request.param)
        said = subprocess.run(command, env=surroundings, check=True, capture_output=True, text=True).stdout
        scores = json.loads(said.splitlines()[-1])
    with served(place / "logs") as address:
        yield Searched(request.param, scores, address)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Chromium with a window of 1400 x 900."""
    with chromium(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


def wait_for_rows(browser: Any, count: int, column: str, seconds: float = 60.0) -> list[dict[str, str]]:
    """Return the visible rows by column, once there are `count` of them and the column is in sight."""
    deadline = time.monotonic() + seconds
    while True:
        header, *rows = browser.execute_script(VISIBLE_ROWS) or [[]]
        names = {left: name for left, name in header}
        table = [{names[left]: text for left, text in row if left in names} for row in rows]
        if len(table) == count and column in names.values():
            return table
        if time.monotonic() > deadline:
            pytest.fail(f"{count} rows with {column!r} were expected, the page shows {[header, *rows]}")
        time.sleep(0.5)


def seen(look: Callable[[], Any], is_there: Callable[[Any], bool], seconds: float = 60.0) -> Any:
    """Return what a look at the page finds, once it is there."""
    deadline = time.monotonic() + seconds
    while not is_there(found := look()):
        if time.monotonic() > deadline:
            pytest.fail(f"the page shows {found}")
        time.sleep(0.3)
    return found


def open_page(browser: Any, searched: Searched, page: str) -> None:
    """Open a page anew: another fragment alone would leave the old one as it is."""
    browser.get("about:blank")
    browser.get(f"{searched.address}/#{page}")


def keep(browser: Any, searched: Searched, otherwise: Path, name: str) -> None:
    """Keep a picture of the page, once it stands still."""
    time.sleep(1.0)
    browser.save_screenshot(str(pictures(otherwise) / f"tensorboard_{name}_{searched.backend}.png"))


def test_every_trial_is_in_the_table_with_its_score(searched, browser, tmp_path):
    open_page(browser, searched, "hparams")
    ticked = seen(lambda: browser.execute_script(TICKED), lambda names: len(names) >= 5)
    # A window of this width has room for the score beside four hyperparameters; TensorBoard opens with five.
    browser.execute_script(UNTICK, ticked[0])
    table = wait_for_rows(browser, TRIALS, "score (val_accuracy)")
    keep(browser, searched, tmp_path, "hparams")

    shown = {row["Trial ID"]: float(row["score (val_accuracy)"]) for row in table}

    assert list(shown) == [f"digits/trial-{number:04d}" for number in range(TRIALS)]
    assert list(shown.values()) == pytest.approx(searched.scores, abs=1e-4)


def test_every_trial_is_a_line_of_the_parallel_coordinates(searched, browser, tmp_path):
    open_page(browser, searched, "hparams")
    wait_for_rows(browser, TRIALS, "Trial ID")
    browser.execute_script(CLICK, "PAPER-TAB", "PARALLEL")

    seen(lambda: browser.execute_script(PARALLELS), lambda count: count == TRIALS)
    keep(browser, searched, tmp_path, "parallel_coordinates")


@at_full_counts
def test_curves_of_two_trials_lie_in_one_chart(searched, browser, tmp_path):
    open_page(browser, searched, "scalars&regexInput=trial-000[01]/validation")

    seen(lambda: browser.execute_script(OVERLAID), lambda charts: charts[:1] == [2])
    keep(browser, searched, tmp_path, "curves")


@at_full_counts
def test_the_users_model_and_the_winner_are_drawn(searched, browser, tmp_path):
    open_page(browser, searched, "graphs")
    drawn = seen(lambda: browser.execute_script(NODES), lambda nodes: len(nodes) == 3)
    keep(browser, searched, tmp_path, "graphs")

    runs = [text for text in browser.execute_script(TEXTS, "PAPER-ITEM") if "/model/" in text]

    assert any(name.startswith("dense") for name in drawn)
    assert set(runs) == {"digits/model/baseline", "digits/model/best"}


def test_what_changed_and_the_outcome_are_tables(searched, browser, tmp_path):
    open_page(browser, searched, "text&regexInput=search|trial-0001")
    wanted = {"hyperparameter", "this trial", "your model", "val_accuracy"}

    seen(lambda: browser.execute_script(TEXTS, "TH"), lambda heads: wanted <= set(heads))
    keep(browser, searched, tmp_path, "text")


@at_full_counts
def test_the_history_is_a_picture(searched, browser, tmp_path):
    open_page(browser, searched, "images&regexInput=search")

    seen(lambda: browser.execute_script(PICTURES), lambda heights: heights == [560])
    keep(browser, searched, tmp_path, "images")
