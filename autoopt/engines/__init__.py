"""How one trial trains: one epoch loop, and engines that run an epoch."""

from autoopt.engines.engine import Engine, Program
from autoopt.engines.keras import KerasEngine, evaluate
from autoopt.engines.loop import Report, Training, Verdict, train

__all__ = ["Engine", "KerasEngine", "Program", "Report", "Training", "Verdict", "evaluate", "train"]
