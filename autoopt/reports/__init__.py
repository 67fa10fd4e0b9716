"""What people look at while a search runs and afterwards."""

from autoopt.reports.background import Background
from autoopt.reports.console import Console, duration, score_text
from autoopt.reports.outcome import UNCUT, outcome, table, trials_table, where_to_look
from autoopt.reports.tensorboard import TensorBoard, discard

__all__ = [
    "UNCUT",
    "Background",
    "Console",
    "TensorBoard",
    "discard",
    "duration",
    "outcome",
    "score_text",
    "table",
    "trials_table",
    "where_to_look",
]
