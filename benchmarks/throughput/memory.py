"""Resident memory as each trial starts, written to a file: trials may run in other processes."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MEGABYTE = 2**20


@dataclass(frozen=True)
class MemoryLog:
    """A function of the trial that notes the resident memory of the process that made it and its children.

    Attributes:
        path: The file.
        root: The process.
    """

    path: Path
    root: int = field(default_factory=os.getpid)

    def __call__(self, trial: Any) -> Sequence[Any]:
        """Note the memory; return no callbacks."""
        import psutil  # here: no other task needs it

        root = psutil.Process(self.root)
        resident = sum(process.memory_info().rss for process in (root, *root.children(recursive=True)))
        with self.path.open("a") as file:
            file.write(f"{resident / MEGABYTE}\n")
        return ()

    def read(self) -> Sequence[float]:
        """Return the megabytes noted, in the order of the trials."""
        return [float(line) for line in self.path.read_text().splitlines()]
