"""What the user is told while a search runs: one state, `progress.py`, and three faces of it: lines, a terminal, a notebook."""

from autoopt.reports.console.loading import loading
from autoopt.reports.console.sink import Console
from autoopt.reports.console.words import duration, first_line, score_text

__all__ = ["Console", "duration", "first_line", "loading", "score_text"]
