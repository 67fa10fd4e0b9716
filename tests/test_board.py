"""`autoopt board` as a process of its own: what it serves and where, what it says, and that it ends with all its children."""

import contextlib
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from autoopt import board
from autoopt.errors import UsageError
from autoopt.records import Trial, TrialEnded
from autoopt.reports import TensorBoard
from tests.test_cli_process import PATIENCE, Lines, started

TABLE = "The table of all trials: "
LOOPBACK, LOOPBACK_6 = "0100007F", "00000000000000000000000001000000"
"""127.0.0.1 and ::1, as Linux writes them."""


def logged(folder: Path) -> Path:
    """Write the logs of one trial."""
    sink = TensorBoard(folder)
    sink(TrialEnded(Trial(0, "completed", 0.5, {"batch_size": 32}, {"val_loss": [0.5]}, 0, 1.0, 2.0)))
    sink.close()
    return folder


def run_of(place: Path, logs: Path | None) -> Path:
    """Write a run folder that says where its logs are."""
    folder = place / "autoopt_runs" / "mine"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({} if logs is None else {"logs": str(logs)}))
    return folder


def served(line: str) -> str:
    """Return the address in the line that tells it, once TensorBoard has answered there."""
    found = re.search(r"(http://localhost:\d+/)#hparams", line)
    assert found is not None, line
    with urllib.request.urlopen(found[1], timeout=PATIENCE) as answer:
        assert answer.status == 200
    return found[1]


def port_of(address: str) -> int:
    return int(address.rstrip("/").rpartition(":")[2])


def experiments(address: str, trials: int) -> list[str]:
    """Return the runs that TensorBoard shows, once it has read so many."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with urllib.request.urlopen(f"{address}data/runs", timeout=PATIENCE) as answer:
            found = json.load(answer)
        if len(found) >= trials:
            return sorted(found)
        time.sleep(0.2)
    raise AssertionError(f"{trials} runs were to be shown")


def listening(port: int) -> list[str]:
    """Return the addresses at which this machine listens on a port."""
    tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    rows = [line.split() for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]
    local = [row[1].split(":") for row in rows if row[3] == "0A"]
    return [address for address, number in local if int(number, 16) == port]


def is_running(process: int) -> bool:
    """Return whether a process has not ended; one that nobody has asked about yet is a zombie."""
    state = Path(f"/proc/{process}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


def children(process: int) -> set[int]:
    """Return the processes that a process has started."""
    found = Path(f"/proc/{process}/task").glob("*/children")
    return {int(child) for path in found for child in path.read_text().split()}


def interrupted(process: "subprocess.Popen[str]") -> int:
    """Press Ctrl-C until the process ends, and return its exit code: Python drops
    one that comes amid a finalizer, as those of a server's threads."""
    for _ in range(5):
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(PATIENCE / 5)
    return process.wait(0)


@contextlib.contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_a_run_s_logs_alone_are_served_until_it_is_interrupted(tmp_path: Path) -> None:
    run_of(tmp_path, logged(tmp_path / "elsewhere" / "mine"))
    logged(tmp_path / "elsewhere" / "other")
    with started("board", "mine", "--port", "0", cwd=tmp_path) as (process, out, err):
        address = served(out.wait_for(TABLE))
        assert set(listening(port_of(address))) <= {LOOPBACK, LOOPBACK_6}
        assert experiments(address, 3) == ["experiment-1", "trial-0000", "trial-0000/validation"]
        below = children(process.pid)
        assert interrupted(process) == 0
        told = "".join(err.rest())
        assert "Traceback" not in told or "Exception ignored" in told
    assert below and not any(map(is_running, below))


def test_the_next_port_is_taken_where_one_is_and_logs_may_be_yet_to_come(tmp_path: Path) -> None:
    with taken_port() as port:
        words = ("board", "--logdir", ".", "--port", str(port))
        with started(*words, cwd=tmp_path) as (process, out, err):
            now = port_of(served(out.wait_for(TABLE)))
            assert now != port and now - port in range(1, board.NEXT)
            err.wait_for("There is nothing in '.' yet. A search fills it: autoopt tune")
            err.wait_for(f"Port {port} is taken: TensorBoard takes another.")
            below = children(process.pid)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
    assert below and not any(map(is_running, below))


@pytest.mark.parametrize(("words", "opened"), [((), True), (("--no-open",), False)])
def test_a_browser_is_opened_from_a_terminal_with_a_screen_unless_that_is_not_wanted(
    words: tuple[str, ...], opened: bool, tmp_path: Path
) -> None:
    (tmp_path / "browser").write_text('#!/bin/sh\necho "$1" > opened.txt\n')
    (tmp_path / "browser").chmod(0o755)
    ours, theirs = pty.openpty()
    screen = {
        "DISPLAY": ":99",
        "BROWSER": f"{tmp_path / 'browser'} %s &",
        "PYTHONPATH": str(Path(board.__file__).parents[1]),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SSH_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "autoopt", "board", "--logdir", ".", "--port", "0", *words],
        cwd=tmp_path, env={**kept, **screen}, stdout=theirs, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process, os.fdopen(ours, "r") as terminal:
        assert process.stderr is not None
        said = Lines(process.stderr)
        address = next(line for line in terminal if TABLE in line).removeprefix(TABLE).strip()
        said.wait_for("Press CTRL+C to quit")
        interrupted(process)
        said.rest()
    os.close(theirs)
    assert (tmp_path / "opened.txt").exists() == opened
    assert not opened or (tmp_path / "opened.txt").read_text().strip() == address


@pytest.mark.parametrize(
    ("environment", "there"),
    [({}, False), ({"DISPLAY": ":0"}, True), ({"WAYLAND_DISPLAY": "w"}, True), ({"DISPLAY": ":0", "SSH_TTY": "x"}, False)],
)  # fmt: skip
def test_over_ssh_or_without_a_screen_no_browser_is_opened(environment: dict[str, str], there: bool) -> None:
    assert board.has_display(environment) == there


def test_a_run_whose_logs_are_gone_says_how_to_name_them(tmp_path: Path) -> None:
    run_of(tmp_path, tmp_path / "gone" / "mine")
    with pytest.raises(UsageError, match=r"are not in .*gone/mine'.*autoopt board mine --logdir FOLDER"):
        board.serve("mine", Path("autoopt_runs"), None, 0, "localhost", browse=False)


def test_a_run_of_an_earlier_version_says_how_to_name_its_logs(tmp_path: Path) -> None:
    run_of(tmp_path, None)
    with pytest.raises(UsageError, match=r"does not say where its logs lie.*autoopt board mine --logdir"):
        board.serve("mine", Path("autoopt_runs"), None, 0, "localhost", browse=False)


def test_logs_that_were_moved_are_found_where_they_are_now(tmp_path: Path) -> None:
    run_of(tmp_path, tmp_path / "gone" / "mine")
    moved = logged(tmp_path / "moved" / "mine")
    assert board._of_run("mine", Path("autoopt_runs"), tmp_path / "moved") == moved


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 0), ("no.such.host.invalid", 0), ("::2", 0)])
def test_an_address_that_is_none_of_this_machine_is_refused(host: str, port: int, tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=rf"--host was given '{host}'.*leave them out for localhost and 6006"
    ):
        board.serve(None, Path("autoopt_runs"), tmp_path, port, host, browse=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="nobody else can become another user")
def test_a_port_that_this_user_may_not_take_is_refused(tmp_path: Path) -> None:
    os.seteuid(65534)
    try:
        with pytest.raises(UsageError, match=r"--port 80, where nobody can listen \(.*Permission denied\)"):
            board._check_address("localhost", 80)
    finally:
        os.seteuid(0)
