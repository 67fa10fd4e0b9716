"""A fresh process for each measurement: nothing that an earlier one compiled or wrote is in its reach."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Self

import click

PROJECT = Path(__file__).parents[1]


class Told:
    """What processes tell each other: a frozen dataclass of plain data, as one line of JSON."""

    def to_json(self) -> str:
        """Return it as one line."""
        return json.dumps(vars(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))


def answer(module: str, question: Callable[[str], str], backend: str, label: str) -> str:
    """Return what a module's process writes into the file that it is named.

    Args:
        module: Run with `-m`; it reads standard input.
        question: What it is asked, a function of the folder that it may write to.
        backend: Keras's.
        label: What is measured, for the message.

    Raises:
        click.ClickException: The process failed; its own message is part of this one.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("JAX_COMP")}
        environment |= {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3", "XDG_CACHE_HOME": folder}
        answered = Path(folder, "answer.json")
        done = subprocess.run(
            [sys.executable, "-m", module, str(answered)],
            cwd=PROJECT, env=environment, input=question(folder), text=True, capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode or not answered.exists():
            raise click.ClickException(f"{label}, ended with {done.returncode}:\n{done.stderr}")
        return answered.read_text()
