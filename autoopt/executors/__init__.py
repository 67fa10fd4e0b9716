"""Where trials run."""

from autoopt.executors.executor import Executor, JobReport
from autoopt.executors.inline import InlineExecutor

__all__ = ["Executor", "InlineExecutor", "JobReport"]
