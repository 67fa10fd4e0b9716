"""The live view in a notebook: a real kernel runs cells, and its pages are looked at by a browser."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from autoopt.reports.console.notebook import in_notebook, page
from autoopt.reports.console.progress import Progress
from autoopt.reports.console.status import Status
from tests.counts import at_full_counts
from tests.reports.chromium import chromium, needed, pictures
from tests.reports.replayed import events, started

CELLS = (
    "from tests.reports.replayed import events\nfrom autoopt.reports import Console\nimport time",
    "print('before')\nconsole = Console(1)\nfor event in events(30):\n    console(event)\n    time.sleep(0.004)\nprint('after')",
    "'the next cell'",
)


def shown(told: int, project: str = "digits", going_on: bool = True) -> str:
    """Return the page after so many events."""
    progress = Progress(replace(started(), project=project))
    for event in list(events(40))[1 : told + 1]:
        progress.tell(event)
    return page(Status(progress, progress.since + 65.0), going_on)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("told", [0, 1, 30, 200, 455])
def test_a_page_is_whole_and_asks_for_nothing(told: int) -> None:
    found = shown(told)
    tags = _Tags()
    tags.feed(found)
    assert not tags.open and tags.seen <= {"div", "b", "span", "svg", "polyline", "table", "tr", "td"}
    assert not re.search("https?:|url\\(|@import|src=", found) and len(found) < 20_000


def test_names_and_reasons_are_escaped() -> None:
    found = shown(100, project="<script>alert(1)</script>\x1b[31m")
    assert "<script" not in found and "&lt;script&gt;" in found and "\x1b" not in found


def test_at_the_end_a_short_summary_stays() -> None:
    found = shown(455, going_on=False)
    assert "completed" in found and "gain" in found and "<table" not in found and "progressbar" not in found


def test_no_kernel_is_no_notebook() -> None:
    assert not in_notebook()


@at_full_counts
def test_a_kernel_shows_one_view_and_leaves_other_output_alone(tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat", reason="needs nbclient and ipykernel")
    nbclient = pytest.importorskip("nbclient", reason="needs nbclient and ipykernel")
    pytest.importorskip("ipykernel", reason="needs ipykernel")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    root = str(Path(__file__).parents[2])
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": root}}).execute()
    outputs = notebook.cells[1].outputs
    views = [output for output in outputs if "text/html" in output.get("data", {})]
    printed = "".join(output.text for output in outputs if output.get("name") == "stdout")
    assert len(views) == 1 and "12 completed" in views[0].data["text/html"]
    assert printed.startswith("before\n") and printed.endswith("after\n") and "trial 4 failed" in printed
    assert notebook.cells[2].outputs[0].data["text/plain"] == "'the next cell'"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One Chromium for all tests."""
    with chromium(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


@needed[0]
@needed[1]
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_fits_a_cell_on_light_and_on_dark(scheme: str, browser: Any, tmp_path: Path) -> None:
    colours = "color:#eee;background:#111" if scheme == "dark" else "color:#111;background:#fff"
    file = tmp_path / "view.html"
    views = "<br>".join((shown(0), shown(12), shown(200), shown(455, going_on=False)))
    file.write_text(f'<!doctype html><meta charset="utf8"><body style="{colours}">{views}', encoding="utf8")
    browser.get(file.as_uri())
    browser.save_screenshot(str(pictures(tmp_path) / f"notebook_{scheme}.png"))
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    assert all(line.rect["width"] > 100 for line in browser.find_elements("css selector", "polyline"))
