"""The log of a run: in the file is what happened, on the screen is what was there before, and nothing is left behind."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autoopt.storage.run_log import MOST, logged

PACKAGE, ROOM = logging.getLogger("autoopt"), logging.getLogger("autoopt.room")


SPEAKING = """
import importlib.util, logging, sys
from pathlib import Path

spec = importlib.util.spec_from_file_location("run_log", sys.argv[1])
run_log = importlib.util.module_from_spec(spec)
spec.loader.exec_module(run_log)
with run_log.logged(Path(sys.argv[2]) / "log.txt"):
    logging.getLogger("autoopt.room").info("for the file")
    logging.getLogger("autoopt.room").warning("for both")
"""


class Screen(logging.Handler):
    """What a user sees."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def screen() -> Iterator[Screen]:
    found = Screen()
    logging.getLogger().addHandler(found)
    yield found
    logging.getLogger().removeHandler(found)


def test_the_file_has_more_than_the_screen_and_the_traceback(tmp_path: Path, screen: Screen) -> None:
    with logged(tmp_path / "log.txt"):
        ROOM.debug("not even there")
        ROOM.info("for the file")
        try:
            raise ValueError("a cause")
        except ValueError:
            ROOM.warning("for both", exc_info=True)
    text = (tmp_path / "log.txt").read_text()

    assert screen.lines == ["for both"]
    assert "INFO autoopt.room: for the file" in text and "ValueError: a cause" in text
    assert "not even there" not in text


@pytest.mark.parametrize("level", [logging.DEBUG, logging.ERROR])
def test_who_asked_for_more_or_less_hears_that(tmp_path: Path, screen: Screen, level: int) -> None:
    PACKAGE.setLevel(level)
    try:
        with logged(tmp_path / "log.txt"):
            for each in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
                ROOM.log(each, "%d", each)
        assert PACKAGE.level == level
    finally:
        PACKAGE.setLevel(logging.NOTSET)

    assert screen.lines == [str(each) for each in (10, 20, 30, 40) if each >= level]


def test_a_room_that_has_a_level_of_its_own_is_heard_as_before(tmp_path: Path, screen: Screen) -> None:
    ROOM.setLevel(logging.DEBUG)
    try:
        with logged(tmp_path / "log.txt"):
            ROOM.debug("asked for")
            logging.getLogger("autoopt.other").info("not asked for")
            logging.getLogger("elsewhere").warning("another's")
    finally:
        ROOM.setLevel(logging.NOTSET)

    assert screen.lines == ["asked for", "another's"]


def test_nothing_is_left_behind(tmp_path: Path, screen: Screen) -> None:
    def configuration() -> object:
        loggers = (logging.getLogger(), PACKAGE, ROOM)
        return [(each.level, each.propagate, list(each.handlers), list(each.filters)) for each in loggers]

    before = configuration()
    with pytest.raises(KeyboardInterrupt), logged(tmp_path / "log.txt"):
        raise KeyboardInterrupt

    assert configuration() == before
    assert screen.filters == [] and logging.lastResort is not None and logging.lastResort.filters == []


def test_where_nobody_has_set_up_anything_warnings_are_seen_as_before(tmp_path: Path) -> None:
    module = str(sys.modules[logged.__module__].__file__)  # alone it is there at once
    done = subprocess.run(
        [sys.executable, "-c", SPEAKING, module, str(tmp_path)], capture_output=True, text=True
    )

    assert "for both\n" in done.stderr and "for the file" not in done.stderr
    assert "for the file" in (tmp_path / "log.txt").read_text()


def test_a_run_that_goes_on_goes_on_with_its_log_which_does_not_grow_without_end(tmp_path: Path) -> None:
    for line in ("first", "second", *("x" * 500 for _ in range(MOST // 400))):
        with logged(tmp_path / "log.txt"):
            ROOM.info(line)
    old = (tmp_path / "log.txt.1").read_text()

    assert "first" in old and "second" in old
    assert {path.name for path in tmp_path.iterdir()} == {"log.txt", "log.txt.1"}
    assert all(path.stat().st_size <= MOST for path in tmp_path.iterdir())


def test_a_log_that_cannot_be_written_harms_nobody(
    tmp_path: Path, screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    with logged(tmp_path / "gone" / "log.txt"):
        ROOM.warning("lost in the file")
        (tmp_path / "gone").mkdir()
        ROOM.warning("kept")

    assert screen.lines == ["lost in the file", "kept"]
    assert "kept" in (tmp_path / "gone" / "log.txt").read_text()
    assert capsys.readouterr().err == ""
