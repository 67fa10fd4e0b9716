"""Where trials run."""

from autoopt.executors.executor import Executor, JobReport, NoneBegun
from autoopt.executors.folding import Folds
from autoopt.executors.inline import InlineExecutor
from autoopt.executors.isolating import IsolatingExecutor, executor_of
from autoopt.executors.plan import Executions, Plan
from autoopt.executors.process import ProcessExecutor
from autoopt.executors.recycling import RecyclingExecutor
from autoopt.executors.repeating import RepeatingExecutor
from autoopt.executors.several import executor_for, sharing
from autoopt.executors.sparing import leaving_room

__all__ = [
    "Executions", "Executor", "Folds", "InlineExecutor", "IsolatingExecutor", "JobReport", "NoneBegun", "Plan", "ProcessExecutor",
    "RecyclingExecutor", "RepeatingExecutor", "executor_for", "executor_of", "leaving_room", "sharing",
]  # fmt: skip
