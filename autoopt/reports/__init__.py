"""What people look at while a search runs and afterwards."""

from autoopt.reports.background import Background
from autoopt.reports.console import Console, duration, score_text
from autoopt.reports.outcome import outcome, trials_table, where_to_look
from autoopt.reports.space_table import space_table
from autoopt.reports.table import UNCUT, table, told
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
    "space_table",
    "table",
    "told",
    "trials_table",
    "where_to_look",
]
