"""What people look at while a search runs and afterwards. TensorBoard's part is loaded when it is first used."""

from typing import TYPE_CHECKING, Any

from autoopt.reports.background import Background
from autoopt.reports.comparison import compared, comparison
from autoopt.reports.console import Console, duration, loading, score_text
from autoopt.reports.grid import Grid, draw, plain_lines
from autoopt.reports.headline import compared_score
from autoopt.reports.outcome import (
    failed_line,
    interrupted,
    outcome,
    trials_grid,
    trials_table,
    where_to_look,
)
from autoopt.reports.own_sink import own_sinks
from autoopt.reports.screen import importance_grid, screen
from autoopt.reports.space_table import space_table
from autoopt.reports.table import UNCUT, table, told

if TYPE_CHECKING:
    from autoopt.reports.tensorboard import TensorBoard, discard

__all__ = [
    "UNCUT",
    "Background",
    "Console",
    "Grid",
    "TensorBoard",
    "compared",
    "compared_score",
    "comparison",
    "discard",
    "draw",
    "duration",
    "failed_line",
    "importance_grid",
    "interrupted",
    "loading",
    "outcome",
    "own_sinks",
    "plain_lines",
    "score_text",
    "screen",
    "space_table",
    "table",
    "told",
    "trials_grid",
    "trials_table",
    "where_to_look",
]


def __getattr__(name: str) -> Any:
    if name in ("TensorBoard", "discard"):
        from autoopt.reports import tensorboard

        return getattr(tensorboard, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
