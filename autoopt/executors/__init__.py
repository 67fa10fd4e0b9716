"""Where trials run."""

from autoopt.executors.executor import Executor, JobReport
from autoopt.executors.inline import InlineExecutor
from autoopt.executors.process import ProcessExecutor
from autoopt.executors.recycling import RecyclingExecutor
from autoopt.executors.repeating import RepeatingExecutor

__all__ = [
    "Executor", "InlineExecutor", "JobReport", "ProcessExecutor", "RecyclingExecutor", "RepeatingExecutor",
]  # fmt: skip
