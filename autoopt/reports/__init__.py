"""What people look at while a search runs and afterwards."""

from autoopt.reports.console import Console, duration, score_text
from autoopt.reports.tensorboard import TensorBoard

__all__ = ["Console", "TensorBoard", "duration", "score_text"]
