"""A mailbox: epochs are told together, and what somebody waits for at once."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from autoopt.mailbox import HELD, Mailbox


def test_what_is_not_urgent_is_told_together() -> None:
    mailbox = Mailbox()
    mailbox.tell("epoch 0", urgent=False)
    threading.Timer(HELD / 5, lambda: mailbox.tell("epoch 1", urgent=False)).start()

    assert mailbox.told() == ["epoch 0", "epoch 1"]


def test_what_is_urgent_takes_along_what_was_held_back() -> None:
    mailbox = Mailbox()
    mailbox.tell("epoch 0", urgent=False)
    mailbox.tell("ended")
    mailbox.tell("another", urgent=False)
    started = time.monotonic()

    assert mailbox.told() == ["epoch 0", "ended", "another"]
    assert time.monotonic() - started < HELD


def test_a_verdict_overtakes_what_is_to_be_done() -> None:
    mailbox = Mailbox()
    mailbox.send("a job")
    mailbox.judge(3, "stop")

    assert mailbox.verdicts == {3: "stop"}
    assert mailbox.inbox.get() == "a job"


def test_a_machine_is_told_with_its_cores() -> None:
    name, cores, memory = Mailbox().place()

    assert name and cores and (memory is None or memory > 1e8)


def test_what_works_has_its_variables_and_cores_before_anything_is_loaded_and_its_exit_ends_the_process() -> (
    None
):
    code = """
import sys, time
from autoopt.mailbox import Mailbox
assert not {"keras", "numpy"} & set(sys.modules)
Mailbox().begin("tests.test_mailbox:leave", (7,), "parcel", {"KERAS_BACKEND": "jax"}, ["/nowhere"], [0])
time.sleep(60)
"""
    root = str(Path(__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", code], text=True, capture_output=True, timeout=60,
        env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip

    assert done.returncode == 1, done.stderr
    assert done.stdout.strip() in ("7 parcel jax [0] True", "7 parcel jax None True")


def leave(mailbox: Mailbox, *given: object) -> None:
    """Say what is found, and exit as a user's code may."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    print(*given, os.environ["KERAS_BACKEND"], cores, "/nowhere" in sys.path, flush=True)
    sys.exit("no more")
