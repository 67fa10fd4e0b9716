"""What an uncompiled model is compiled with, what scores of classes there are, and whether data fits the model."""

from autoopt.task.classes import Classes, classes
from autoopt.task.compiling import Task, infer
from autoopt.task.losses import default_objective, own_loss, smoothable, unsmoothed
from autoopt.task.matching import check, check_input
from autoopt.task.outputs import width
from autoopt.task.scores import NAMES, Score, scores

__all__ = [
    "NAMES", "Classes", "Score", "Task", "check", "check_input", "classes", "default_objective", "infer", "own_loss",
    "scores", "smoothable", "unsmoothed", "width",
]  # fmt: skip
