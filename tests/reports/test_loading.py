"""How far reading has come: a line on a terminal while it takes long."""

import io

from rich.console import Console

from autoopt.reports import loading


def printed(patience: float, terminal: bool) -> str:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=80, color_system=None)
    with loading("Reading tr[b]ain\n.csv", console, patience) as told:
        told(1, 4)
        told(4, 4)
    return stream.getvalue()


def test_a_terminal_shows_how_much_is_read_and_the_line_goes_at_the_end() -> None:
    found = printed(0.0, terminal=True)
    assert "Reading tr[b]ain\\n.csv" in found and " 25%" in found and "100%" in found
    assert found.endswith("\x1b[2K")


def test_what_is_read_at_once_has_no_line() -> None:
    assert printed(60.0, terminal=True) == ""


def test_a_pipe_is_told_nothing() -> None:
    assert printed(0.0, terminal=False) == ""
