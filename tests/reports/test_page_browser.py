"""The report of a run, as people see it: a real page of a real search in a headless Chromium."""

import base64
import itertools
import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

import autoopt
from tests.counts import at_full_counts, in_turn
from tests.reports.chromium import chromium, needed, pictures, resize
from tests.reports.made_up import run_of
from tests.toys import digits, eager

pytestmark = needed

SECTIONS = (
    "outcome", "changed", "leaderboard", "history", "parallel", "importance", "ablation", "slices", "front", "curves",
    "time", "failures", "reproduce", "load",
)  # fmt: skip
HOSTILE = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
UNSEEN = "\u202e\x1b[31m\ud800"
AXE = "const done = arguments[arguments.length - 1]; axe.run().then(found => done(found.violations))"
WIDER = "return document.documentElement.scrollWidth - arguments[0]"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> autoopt.Result:
    """A search for a front, with importances and a test part."""
    x, y = digits(160)
    folder = tmp_path_factory.mktemp("runs")
    return autoopt.tune(
        eager, (x[:120], y[:120]), test_data=(x[120:], y[120:]), objective=["val_accuracy", "parameters"],
        search=autoopt.Search(confirm=1, confirm_repeats=1), max_trials=10, epochs=1, seed=0, verbose=0,
        directory=folder, logdir=folder / "logs",
    )  # fmt: skip


@pytest.fixture(scope="module")
def page(result: autoopt.Result) -> str:
    """The address of its report."""
    return result.report().as_uri()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One Chromium for all tests."""
    with chromium(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


def opened(browser: Any, address: str, width: int = 1200, scheme: str = "light", media: str = "") -> None:
    """Open a page in a window of some width, light or dark, as on a screen or on paper."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
    resize(browser, width)
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    browser.get(address)


def kept(browser: Any, name: str, tmp_path: Path) -> None:
    """Keep a picture of the whole page where somebody asks for pictures."""
    picture = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
    (pictures(tmp_path) / f"report_{name}.png").write_bytes(base64.b64decode(picture["data"]))


def requests(browser: Any) -> list[str]:
    """Return every address that the page has asked for."""
    entries = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    asked = [each["params"] for each in entries if each["method"] == "Network.requestWillBeSent"]
    return [each["request"]["url"] for each in asked]


def test_every_section_is_there_with_a_heading_and_content(page: str, browser: Any) -> None:
    opened(browser, page)
    found = browser.execute_script(
        "return [...document.querySelectorAll('main > section')].map("
        "s => [s.id, s.querySelector('h2').textContent !== '', s.childElementCount > 1])"
    )
    links = browser.execute_script("return [...document.querySelectorAll('nav a')].map(a => a.hash.slice(1))")
    assert found == [[name, True, True] for name in SECTIONS]
    assert tuple(links) == SECTIONS


def test_headings_skip_no_level(page: str, browser: Any) -> None:
    opened(browser, page)
    levels = browser.execute_script(
        "return [...document.querySelectorAll('h1, h2, h3')].map(h => +h.tagName[1])"
    )
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_every_figure_is_drawn_without_an_error_in_the_console(page: str, browser: Any) -> None:
    opened(browser, page)
    drawn = browser.execute_script(
        "return Object.fromEntries([...document.querySelectorAll('[data-figure]')].map("
        "f => [f.dataset.figure, f.querySelector('svg.main-svg') !== null]))"
    )
    assert all(drawn.values())
    assert {"outcome", "history", "parallel", "importance", "slice-0", "front-1", "curves", "time"} <= {
        *drawn
    }
    assert browser.get_log("browser") == []


def test_no_request_leaves_the_page(page: str, browser: Any) -> None:
    opened(browser, page)
    assert browser.execute_script("return performance.getEntriesByType('resource').map(e => e.name)") == []
    assert [each for each in requests(browser) if not each.startswith("data:")] == [page]


def test_the_page_may_not_ask_anybody_for_anything(page: str, browser: Any) -> None:
    opened(browser, page)
    asked = (
        "const done = arguments[0]; fetch('http://127.0.0.1:9/').then(() => done('sent'), e => done(e.name))"
    )
    assert browser.execute_async_script(asked) == "TypeError"
    assert any("Content Security Policy" in entry["message"] for entry in browser.get_log("browser"))


@pytest.mark.parametrize(("scheme", "width"), in_turn(("dark", "light"), (375, 1200)))
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    scheme: str, width: int, page: str, browser: Any, tmp_path: Path
) -> None:
    pytest.importorskip("axe_core_python", reason="needs axe-core-python")
    opened(browser, page, width, scheme)
    kept(browser, f"{scheme}_{width}", tmp_path)
    browser.execute_script(resources.files("axe_core_python").joinpath("axe.min.js").read_text("utf8"))

    violations = browser.execute_async_script(AXE)

    assert [(each["id"], each["impact"], each["nodes"][0]["html"]) for each in violations] == []
    assert browser.execute_script(WIDER, width) <= 0


@at_full_counts
def test_the_dark_page_is_dark_and_its_figures_are_written_in_light_letters(page: str, browser: Any) -> None:
    look = (
        "return [getComputedStyle(document.body).backgroundColor, "
        "getComputedStyle(document.querySelector('#history .xtick text')).fill]"
    )
    opened(browser, page, scheme="dark")
    assert browser.execute_script(look) == ["rgb(20, 23, 27)", "rgb(233, 236, 239)"]
    opened(browser, page, scheme="light")
    assert browser.execute_script(look) == ["rgb(255, 255, 255)", "rgb(27, 30, 35)"]


@at_full_counts
def test_a_dark_page_is_printed_on_white_paper(page: str, browser: Any, tmp_path: Path) -> None:
    opened(browser, page, 718, "dark", media="print")
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    kept(browser, "print", tmp_path)
    look = (
        "return [getComputedStyle(document.body).backgroundColor, "
        "getComputedStyle(document.querySelector('#history .xtick text')).fill, "
        "Math.max(...[...document.querySelectorAll('svg.main-svg')].map(s => s.getBoundingClientRect().right))]"
    )
    paper, letters, right = browser.execute_script(look)
    assert (paper, letters) == ("rgb(255, 255, 255)", "rgb(27, 30, 35)")
    assert right <= 718
    printed = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {})["data"])
    assert printed.startswith(b"%PDF") and len(printed) > 20_000


def test_the_leaderboard_is_sorted_from_the_keyboard(page: str, browser: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    opened(browser, page)
    numbers = (
        "return [...document.querySelectorAll('#leaderboard tbody tr')].map(r => +r.cells[1].dataset.value)"
    )
    heading = browser.find_element("css selector", "#leaderboard th:nth-child(2)")
    button = heading.find_element("tag name", "button")
    button.send_keys(Keys.ENTER)
    rising, way = browser.execute_script(numbers), heading.get_attribute("aria-sort")
    button.send_keys(Keys.SPACE)
    falling, back = browser.execute_script(numbers), heading.get_attribute("aria-sort")

    assert rising == sorted(rising) and way == "ascending"
    assert falling == rising[::-1] and back == "descending"
    assert len(rising) > 5


def test_the_first_link_leads_past_the_links(page: str, browser: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    opened(browser, page)
    browser.switch_to.active_element.send_keys(Keys.TAB)
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert browser.execute_script("return document.activeElement.id") == "main"


def test_names_and_reasons_of_anybody_s_are_shown_and_not_obeyed(browser: Any, tmp_path: Path) -> None:
    command = {"model": HOSTILE, "data": None, "options": {"seed": HOSTILE}, "folder": "/", "seal": ""}
    asked = {"notes": [HOSTILE], "python": HOSTILE, "versions": {HOSTILE: HOSTILE}, "command": command}
    layers = [{"name": HOSTILE, "kind": HOSTILE, "detail": HOSTILE}]
    run = run_of(tmp_path / "<b>bold", 30, HOSTILE + UNSEEN, HOSTILE + UNSEEN, layers=layers, **asked)

    opened(browser, autoopt.load(run).report().as_uri())

    assert browser.execute_script("return window.hacked") is None
    assert browser.execute_script("return document.querySelectorAll('img, h1 b, svg a').length") == 0
    assert browser.find_element("tag name", "h1").text == "What autoopt found: <b>bold"
    assert HOSTILE + r"\u202e\x1b[31m\ud800" in browser.find_element("id", "failures").text
    assert browser.get_log("browser") == []
