"""TensorBoard's logs of a search in a process of its own that a signal ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tensorboard.plugins.hparams import api_pb2

from tests.counts import larger
from tests.reports.tensorboard_reader import Reader

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


@pytest.mark.parametrize(
    "signals",
    [
        pytest.param([signal.SIGTERM], id="once"),
        pytest.param([signal.SIGINT, signal.SIGINT], id="twice", marks=larger),
    ],
)
def test_a_signal_leaves_sessions_that_have_ended_and_whole_curves(tmp_path, signals):
    interrupted(tmp_path, signals)
    reader = Reader(tmp_path / "logs")

    sessions = [session for group in reader.sessions().values() for session in group.sessions]
    steps = [step for step, _ in reader.evaluations("digits/trial-0000", "epoch_loss", "train")]
    assert sessions
    assert {session.status for session in sessions} <= {api_pb2.STATUS_SUCCESS, api_pb2.STATUS_UNKNOWN}
    assert all(session.end_time_secs >= session.start_time_secs > 0 for session in sessions)
    assert steps == sorted(set(steps))
