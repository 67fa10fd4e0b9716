"""Where trials run."""

from autoopt.executors.executor import Executor, JobReport
from autoopt.executors.folding import Folds
from autoopt.executors.inline import InlineExecutor
from autoopt.executors.isolating import IsolatingExecutor, executor_of
from autoopt.executors.process import ProcessExecutor
from autoopt.executors.recycling import RecyclingExecutor
from autoopt.executors.repeating import Executions, Plan, RepeatingExecutor

__all__ = [
    "Executions", "Executor", "Folds", "InlineExecutor", "IsolatingExecutor", "JobReport", "Plan", "ProcessExecutor",
    "RecyclingExecutor", "RepeatingExecutor", "executor_of",
]  # fmt: skip
