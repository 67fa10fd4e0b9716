"""What an uncompiled model is compiled with, and whether data fits the model. Nothing is trained here."""

from autoopt.task.compiling import Task, infer
from autoopt.task.losses import default_objective, smoothable, unsmoothed
from autoopt.task.matching import check, check_input

__all__ = ["Task", "check", "check_input", "default_objective", "infer", "smoothable", "unsmoothed"]
