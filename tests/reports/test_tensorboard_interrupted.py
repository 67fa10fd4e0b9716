"""TensorBoard's logs of a search in a process of its own that signals end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.counts import at_full_counts
from tests.reports.tensorboard_reader import Reader, assert_whole

SEARCH = """
import sys
import autoopt
from tests.toys import digits, eager

autoopt.tune(
    eager, digits(), epochs=100_000, max_trials=3, seed=0, verbose=0, search=autoopt.Search(confirm=0),
    directory=f"{sys.argv[1]}/runs", logdir=f"{sys.argv[1]}/logs", project_name="digits",
)
"""


def interrupted(place: Path, signals: list[int]) -> int:
    """Search, send signals once a first curve is seen, and return the exit code."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", SEARCH, str(place)], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        curve = place / "logs" / "digits" / "trial-0000" / "validation"
        while not any(path.stat().st_size > 200 for path in curve.glob("*tfevents*")):
            assert process.poll() is None
            time.sleep(0.1)
        for number in signals:
            process.send_signal(number)
            time.sleep(0.3)  # two that come at once are one
        return process.wait(timeout=120)
    finally:
        process.kill()


@at_full_counts  # tests/test_cli_process.py looks at the logs that one signal leaves
def test_two_signals_leave_sessions_that_have_ended_and_whole_curves(tmp_path):
    interrupted(tmp_path, [signal.SIGINT, signal.SIGINT])

    assert_whole(Reader(tmp_path / "logs"), "digits")
