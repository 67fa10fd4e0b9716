"""The live view on a real terminal: tmux's, whose screen is read while the view is drawn, and when it has gone."""

import contextlib
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from autoopt.reports import Console
from autoopt.reports.console.frame import height
from autoopt.reports.console.outlet import Outlet
from autoopt.reports.console.terminal import Terminal
from tests.counts import at_full_counts
from tests.reports.replayed import events

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux on the PATH")

RULE = "── "


class Pane:
    """A terminal in which nothing runs: whoever opens `tty` writes to it."""

    def __init__(self, socket: Path) -> None:
        self._tmux = ["tmux", "-S", str(socket), "-f", "/dev/null"]

    def ask(self, *command: str) -> str:
        """Run a command of tmux."""
        done = subprocess.run([*self._tmux, *command], check=True, capture_output=True, text=True)
        return done.stdout

    def open(self, columns: int, rows: int, command: str = "exec sleep 600") -> None:
        """Begin with so many columns and rows."""
        self.ask("new-session", "-d", "-x", str(columns), "-y", str(rows), command)
        self.tty = self.ask("display", "-p", "#{pane_tty}").strip()

    def resize(self, columns: int, rows: int) -> None:
        """Have other columns and rows."""
        self.ask("resize-window", "-x", str(columns), "-y", str(rows))

    def type(self, text: str) -> None:
        """Have somebody type a line."""
        self.ask("send-keys", text, "Enter")

    def screen(self) -> Sequence[str]:
        """Return the rows that are seen."""
        return self.ask("capture-pane", "-p").removesuffix("\n").split("\n")

    def everything(self) -> Sequence[str]:
        """Return what is seen and what has been scrolled away, wrapped lines joined."""
        return self.ask("capture-pane", "-p", "-J", "-S", "-").split("\n")

    def state(self) -> Sequence[str]:
        """Return whether the cursor is seen, whether long lines are wrapped, and the rows that scroll."""
        names = ("cursor_flag", "wrap_flag", "scroll_region_upper", "scroll_region_lower")
        return self.ask("display", "-p", " ".join(f"#{{{name}}}" for name in names)).split()


@pytest.fixture
def pane(tmp_path: Path) -> Iterator[Pane]:
    found = Pane(tmp_path / "tmux")
    yield found
    subprocess.run([*found._tmux, "kill-server"], check=False, capture_output=True)


@contextlib.contextmanager
def replayed(pane: Pane, trials: int, noise: bool = False) -> Iterator[threading.Thread]:
    """Tell a search to the terminal in a thread that ends with the block at the latest.

    Args:
        pane: The terminal.
        trials: Of the search.
        noise: Whether somebody else writes to the terminal too, past Python's standard output.
    """
    over = threading.Event()

    def tell() -> None:
        with open(pane.tty, "w", encoding="utf8") as stream, open(pane.tty, "wb", buffering=0) as native:
            console = Console(1, stream)
            for place, event in enumerate(events(trials)):
                console(event)
                if noise and place % 60 == 20:
                    native.write(b"NATIVE" + b"\r\n" * (place % 3))
                if over.wait(0.005):
                    break
            console.close()
            console.say("THE END")

    drawing = threading.Thread(target=tell)
    drawing.start()
    try:
        yield drawing
    finally:
        over.set()
        drawing.join()


def whole(screen: Sequence[str], columns: int) -> bool:
    """Whether a screen has the live view once, at its foot and from its first line to its last."""
    rows = len(screen)
    rules = [row for row, line in enumerate(screen) if line.startswith(RULE)]
    if rules != [rows - height(columns, rows)]:
        return False
    bar, counts, spent = screen[rules[0] + 1], screen[-2], screen[-1]
    return ("trials" in bar or "confirming" in bar) and " completed · " in counts and " compiling · " in spent


def traces(lines: Iterable[str]) -> Sequence[str]:
    """Return the lines that have anything of a live view."""
    return [line for line in lines if set(line) & set("─━·")]


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (160, 50)])
def test_no_sample_shows_half_a_view_and_nothing_is_left_of_it(pane: Pane, columns: int, rows: int) -> None:
    pane.open(columns, rows)
    samples = []
    with replayed(pane, trials=25, noise=True) as drawing:
        while drawing.is_alive():
            samples.append(pane.screen())
    seen = [place for place, screen in enumerate(samples) if traces(screen)]
    assert len(seen) > 10 and seen == list(range(seen[0], seen[-1] + 1))
    torn = [samples[place] for place in seen if not whole(samples[place], columns)]
    assert not torn, "\n".join(torn[0])
    assert all(len(line) < columns for place in seen for line in samples[place])
    left = pane.everything()
    assert not traces(left) and left.count("THE END") == 1
    assert sum("failed: ValueError" in line for line in left) == 5
    assert pane.state() == ["1", "1", "0", str(rows - 1)]


def test_resizing_leaves_one_view_and_nothing_of_the_old_one(pane: Pane) -> None:
    pane.open(80, 24)
    with replayed(pane, trials=1000):
        for columns, rows in [(80, 24), (160, 50), (60, 20), (100, 30)]:
            pane.resize(columns, rows)
            assert appears(pane, columns), "\n".join(pane.everything())
            seen = pane.everything()
            assert sum(line.startswith(RULE) for line in seen) == 1, "\n".join(seen)
        pane.resize(40, 10)
        time.sleep(0.6)
        assert not traces(pane.everything()) and pane.screen()[-1] and not pane.screen()[-2]
    assert not traces(pane.everything())


def appears(pane: Pane, columns: int, seconds: float = 10.0) -> bool:
    """Wait until the live view is there, whole."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if whole(pane.screen(), columns):
            return True
        time.sleep(0.05)
    return False


def test_no_line_of_the_view_is_wrapped(pane: Pane) -> None:
    pane.open(80, 24)
    with replayed(pane, trials=1000):
        assert appears(pane, 80)
        pane.resize(52, 20)
        assert appears(pane, 52)
        joined = pane.ask("capture-pane", "-p", "-J").removesuffix("\n").split("\n")
        assert len(joined) == 20


@at_full_counts
def test_ctrl_c_ends_a_search_with_the_terminal_as_it_was(pane: Pane, tmp_path: Path) -> None:
    pane.open(80, 24, f"cd {tmp_path}; exec bash --norc")
    example = Path(__file__).parents[2] / "examples" / "digits.py"
    pane.type(f"{sys.executable} -m autoopt tune {example} --max-trials 5000 --seed 0")
    assert appears(pane, 80, 120.0)
    time.sleep(3)
    pane.ask("send-keys", "C-c")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not any(line.startswith("Look: ") for line in pane.screen()):
        time.sleep(0.2)
    left = pane.everything()
    assert any("ended: interrupted" in line for line in left) and not traces(left)
    assert pane.state() == ["1", "1", "0", "23"]


@at_full_counts
def test_a_search_that_is_stopped_leaves_the_terminal_as_it_was_and_draws_anew_when_it_goes_on(
    pane: Pane,
) -> None:
    pane.open(80, 24, "exec bash --norc")
    pane.ask("send-keys", "-l", f"cd {Path(__file__).parents[2]}; stty -echo\n")
    pane.type(f"{sys.executable} -m tests.reports.replayed 4000 0.02 1")
    assert appears(pane, 80, 60.0)
    pane.ask("send-keys", "C-z")
    assert says(pane, "Stopped") and not traces(pane.everything())
    assert pane.state() == ["1", "1", "0", "23"]
    pane.type("fg")
    assert appears(pane, 80)
    pane.ask("send-keys", "C-z")
    pane.type("kill %1; fg")
    assert says(pane, "Terminated") and not traces(pane.everything())
    assert pane.state() == ["1", "1", "0", "23"]


def says(pane: Pane, word: str, seconds: float = 10.0) -> bool:
    """Wait until a word is seen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if any(word in line for line in pane.screen()):
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def view(pane: Pane) -> Iterator[Outlet]:
    """A terminal to draw on, on which a line has been printed."""
    pane.open(80, 24)
    with open(pane.tty, "w", encoding="utf8") as stream:
        outlet = Outlet(stream)
        outlet.write("BEFORE\n")
        yield outlet


def is_given_back(pane: Pane, view: Outlet) -> bool:
    """Whether a terminal is as it was before a view, with nothing left of that."""
    view.write("AFTERWARDS")
    return (
        says(pane, "AFTERWARDS") and not traces(pane.everything()) and pane.state() == ["1", "1", "0", "23"]
    )


def test_a_view_that_cannot_be_drawn_is_taken_away(pane: Pane, view: Outlet) -> None:
    drawn = threading.Event()

    def draw(columns: int, rows: int) -> Sequence[str]:
        if drawn.is_set():
            raise IndexError("list index out of range")
        drawn.set()
        return ["── at first"]

    terminal = Terminal(view, draw)
    assert terminal.start() and terminal.shows
    terminal._thread.join(10)
    assert not terminal.shows and not terminal._thread.is_alive()
    assert is_given_back(pane, view)
    terminal.close()


def test_ctrl_c_while_the_view_is_closed_leaves_the_terminal_as_it_was(pane: Pane, view: Outlet) -> None:
    slow = threading.Event()

    def draw(columns: int, rows: int) -> Sequence[str]:
        if threading.current_thread() is not threading.main_thread():
            slow.set()
            time.sleep(1)
        return ["── a view"]

    terminal = Terminal(view, draw)
    assert terminal.start() and slow.wait(10)
    main = threading.main_thread().ident
    assert main is not None
    timer = threading.Timer(0.2, signal.pthread_kill, (main, signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        terminal.close()
        timer.join()  # one that comes late, where the machine is busy, is not to end pytest
        time.sleep(1)
    assert is_given_back(pane, view)


def test_signals_that_stop_or_end_a_process_are_put_back(view: Outlet) -> None:
    numbers = (signal.SIGTSTP, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    terminal = Terminal(view, lambda columns, rows: [])
    terminal.start()
    during = [signal.getsignal(number) for number in numbers]
    terminal.close()
    assert all(map(callable, during)) and [signal.getsignal(number) for number in numbers] == before
