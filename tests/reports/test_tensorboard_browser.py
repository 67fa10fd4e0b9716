"""What a person sees on TensorBoard's HParams page, looked at in a headless Chromium."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras_tuner
import pytest

from autoopt.records import EpochEnded, Objective, SearchStarted, Trial, TrialEnded, TrialStarted
from autoopt.reports.tensorboard import TensorBoard
from tests.reports.chromium import chromium, needed, pictures

pytestmark = needed
TRIALS = {0: 0.8125, 1: 0.875, 2: None, 3: 0.90625, 4: 0.75, 5: 0.9375}

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
UNTICK = (
    ELEMENTS
    + """
elements.find(e => e.tagName === "PAPER-CHECKBOX" && e.textContent.trim() === arguments[0]).click();
"""
)


def write_search(folder: Path) -> None:
    hp = keras_tuner.HyperParameters()
    hp.Choice("optimizer/name", ["adam", "sgd"])
    with hp.conditional_scope("optimizer/name", ["sgd"]):
        hp.Float("optimizer/momentum", 0.0, 0.9)
    hp.Float("optimizer/learning_rate", 1e-4, 1e-1, sampling="log")
    hp.Choice("batch_size", [16, 32, 64])
    hp.Int("structure/dense/width", 8, 64)
    hp.Choice("initialization/kernel", ["glorot_uniform", "he_normal"])
    sink = TensorBoard(folder)
    objective = Objective("val_accuracy", "max")
    sink(SearchStarted("digits", objective, hp, ["loss", "accuracy", "val_loss", "val_accuracy"], 5, 6, None))
    for number, score in TRIALS.items():
        values = {item.name: item.default for item in hp.space if item.name != "optimizer/momentum"}
        accuracy = [float("nan")] if score is None else [score * (epoch + 1) / 5 for epoch in range(5)]
        sink(TrialStarted(number, values))
        for epoch, value in enumerate(accuracy):
            sink(EpochEnded(number, epoch, {"loss": 1 - value, "accuracy": value, "val_accuracy": value}))
        status = "failed" if score is None else "completed"
        now = time.time()
        sink(TrialEnded(Trial(number, status, score, values, {"val_accuracy": accuracy}, 4, now, now)))
    sink.close()


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A TensorBoard over a small search, on a port of its own choice."""
    write_search(tmp_path / "logs" / "digits")
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(tmp_path / "logs")]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", "0"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                yield found.group()
                break
        else:
            pytest.fail(f"TensorBoard did not start: {''.join(said)}")
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stderr.close()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    """A Chromium with a window of 1400 x 900."""
    with chromium(tmp_path / "chromium") as driver:
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


def test_every_trial_is_in_the_table_with_its_score(address, browser, tmp_path):
    browser.get(f"{address}/#hparams")
    wait_for_rows(browser, len(TRIALS), "Trial ID")
    # A window of this width has room for the score beside four hyperparameters; TensorBoard opens with five.
    browser.execute_script(UNTICK, "initialization/kernel")
    table = wait_for_rows(browser, len(TRIALS), "score (val_accuracy)")
    browser.save_screenshot(str(pictures(tmp_path) / "tensorboard_hparams.png"))

    seen = {row["Trial ID"]: row["score (val_accuracy)"] for row in table}

    assert list(seen) == [f"digits/trial-{number:04d}" for number in TRIALS]
    assert [float(score) if score else None for score in seen.values()] == pytest.approx(
        list(TRIALS.values()), abs=1e-4
    )
