"""The README's first command in a process of its own: does it keep to its budget, and what does it print?"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from autoopt.search import seconds

EXAMPLE = Path(__file__).parent.parent / "examples" / "digits.py"


def measured(budget: str) -> dict:
    """Return wall seconds, seconds beyond the budget and exit code; print what the command prints.

    Args:
        budget: As `--budget`.
    """
    command = [sys.executable, "-m", "autoopt", "tune", str(EXAMPLE), "--budget", budget]
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        wall = time.perf_counter() - started
    click.echo(done.stdout + done.stderr)
    return {
        "budget": budget,
        "wall seconds": round(wall, 1),
        "beyond the budget": round(wall - (seconds(budget) or 0.0), 1),
        "exit code": done.returncode,
    }
