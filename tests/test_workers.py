"""Searches on several workers, in real processes: the same scores, nothing lost to what is killed, nothing left behind."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest

import autoopt
from autoopt.errors import UsageError
from autoopt.records import EpochEnded, TrialEnded
from tests import toys
from tests.counts import at_full_counts, in_processes
from tests.processes import quick

ROOT = Path(__file__).parent.parent

POINTS: list[dict[str, Any]] = [
    {"optimizer/learning_rate": 0.003},
    {"structure/dense/width": 2.0},
    {"batch_size": 16},
]


def tuned(folder: Path, workers: Any, **given: Any) -> Any:
    """Return a search of fixed trials, none of which ends early."""
    search = autoopt.Search(start=POINTS, pruner="none", confirm=1, confirm_repeats=1)
    return autoopt.tune(
        toys.eager, toys.digits(120),
        **{"epochs": 3, "max_trials": 4, "seed": 0, "search": search, "verbose": 0, "workers": workers,
           "directory": folder / "runs", "logdir": folder / "logs", **given},
    )  # fmt: skip


def below(pid: int) -> dict[int, str]:
    """Return the processes that a process has started, and what they have started: number to command line."""
    parents, found = dict[int, int](), dict[int, str]()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
            except OSError:  # it has ended meanwhile
                continue
    tree = {pid}
    for _ in range(6):
        tree |= {child for child, parent in parents.items() if parent in tree}
    return {child: command for child, command in found.items() if child in tree - {pid}}


def workers_of(pid: int) -> list[int]:
    return sorted(child for child, command in below(pid).items() if command.startswith("ray::Mailbox"))


def await_answer(port: int, within: float = 60.0) -> None:
    until = time.monotonic() + within
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


class Killer:
    """A sink that kills a worker amid some epochs."""

    def __init__(self, times: int = 1) -> None:
        self.left, self.killed = times, list[int]()

    def __call__(self, event: Any) -> None:
        if self.left and isinstance(event, EpochEnded) and not event.repeat:
            self.left -= 1
            self.killed.append(workers_of(os.getpid())[0])
            os.kill(self.killed[-1], signal.SIGKILL)


def scores(result: Any) -> dict[str, Any]:
    """Return each set of hyperparameters with its status and score."""
    return {
        str(sorted(trial.hyperparameters.items())): (trial.status, trial.score) for trial in result.trials
    }


@in_processes
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="workers are found in /proc")
def test_the_same_scores_come_out_on_several_workers_although_one_is_killed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    theirs = (
        "ray" in sys.modules and sys.modules["ray"].is_initialized()
    )  # by other tests: a search uses that, and leaves it
    before, killer, one = set(below(os.getpid())), Killer(), tuned(tmp_path / "one", 1)
    two = tuned(tmp_path / "two", 2, sinks=[killer])

    assert scores(two) == scores(one)
    assert len(killer.killed) == 1
    left = {pid: command for pid, command in below(os.getpid()).items() if pid not in before and command}
    assert theirs or not left, "nothing of Ray's is left"
    assert "raylet" not in capfd.readouterr().out, "nor is anything on the screen"
    assert two.profile()["workers"] == pytest.approx(2 * two.profile()["total"])
    assert {trial.engine.rpartition(", on ")[2] for trial in two.trials} <= {"worker 1", "worker 2"}


INTERRUPTED = """
import autoopt
from tests import toys

if __name__ == "__main__":
    search = autoopt.Search(confirm=0)
    autoopt.tune(toys.eager, toys.digits(120), epochs=50, budget=600, workers=2, seed=0, search=search, project_name="one",
                 directory={folder!r} + "/runs", logdir={folder!r} + "/logs", verbose=2)
"""


def begun(folder: Path) -> subprocess.Popen[str]:
    """Return a search in a process group of its own that has told its first epochs."""
    (folder / "search.py").write_text(INTERRUPTED.format(folder=str(folder)))
    process = subprocess.Popen(
        [sys.executable, str(folder / "search.py")], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True, env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if ", epoch 3/" in line:
            break
    return process


def gone(pids: list[int], within: float = 20.0) -> bool:
    until = time.monotonic() + within
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < until:
        time.sleep(0.1)
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


@in_processes
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc")
def test_an_interrupt_of_all_processes_ends_the_search_with_its_result_and_leaves_none(
    tmp_path: Path,
) -> None:
    process = begun(tmp_path)
    children = list(below(process.pid))
    os.killpg(process.pid, signal.SIGINT)
    told, _ = process.communicate(timeout=120)

    assert process.returncode == 0, told[-2000:]
    assert "ended: interrupted" in told
    assert "ray" not in told.lower().replace("autoopt[ray]", "")
    assert children and gone(children)
    assert {trial.status for trial in autoopt.load("one", tmp_path / "runs").trials} <= {
        "completed",
        "pruned",
    }


@at_full_counts
def test_a_search_whose_process_is_killed_leaves_no_other_and_goes_on(tmp_path: Path) -> None:
    process = begun(tmp_path)
    children = list(below(process.pid))
    process.kill()
    process.communicate()
    assert children and gone(children, within=120.0)  # two of Ray's own ask but once a minute who is there

    code = INTERRUPTED.format(folder=str(tmp_path)).replace("budget=600", "max_trials=4, resume=True")
    done = subprocess.run(
        [sys.executable, "-c", code], text=True, capture_output=True, timeout=600,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr[-2000:]
    assert "were interrupted: run again." in done.stdout
    assert len(autoopt.load("one", tmp_path / "runs").trials) == 4


@in_processes
def test_without_ray_it_is_said_how_to_install_it(tmp_path: Path) -> None:
    (tmp_path / "ray.py").write_text("raise ImportError('no module named ray')")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from pathlib import Path\n" + (
        f"from tests import test_workers\ntest_workers.tuned(Path({str(tmp_path)!r}), 2)"
    )
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, env=quick())

    assert "workers=2 was asked for, and workers need the package ray" in done.stderr
    assert "pip install 'autoopt[ray]', or pass workers=1" in done.stderr
    assert not (tmp_path / "runs").exists()


def stream() -> Any:
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(toys.digits(120)).batch(32)


def locked() -> Any:
    """Return a model function that cannot be sent."""
    import threading

    lock = threading.Lock()

    def model_fn() -> keras.Model:
        assert lock
        return toys.eager()

    return model_fn


REFUSED: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "an address without a port": (lambda: {"resources": autoopt.Resources(address="here")}, r"address was given 'here', and no"),
    "an address without a cluster": (
        lambda: {"resources": autoopt.Resources(address="ray://127.0.0.1:9")},
        r"no cluster answers there: .*Expected the address of a running Ray cluster.*ray start --head, or leave address out",
    ),
    "data that streams": (
        lambda: {"data": stream(), "validation_data": stream()},
        r"cannot: the data comes batch by batch, .*Pass such ones, or workers=1",
    ),
    "what cannot be sent": (lambda: {"model_fn": locked()}, r"cannot be sent there \(TypeError: cannot pickle '_thread.lock'"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_no_worker_can_be_given_is_refused_before_there_is_a_run(tmp_path: Path, what: str) -> None:
    make, match = REFUSED[what]
    given = {"model_fn": toys.eager, "data": toys.digits(120), "workers": 2, "verbose": 0, **make()}

    with pytest.raises(UsageError, match=match):
        autoopt.tune(**given, directory=tmp_path / "runs", logdir=tmp_path / "logs")
    assert not (tmp_path / "runs").exists()


def test_where_the_number_is_left_open_what_cannot_be_sent_is_trained_here_and_that_is_said(
    tmp_path: Path,
) -> None:
    result = autoopt.tune(
        locked(), toys.digits(120), epochs=1, max_trials=1, workers="auto", seed=0, verbose=0,
        search=autoopt.Search(confirm=0), directory=tmp_path / "runs", logdir=tmp_path / "logs",
    )  # fmt: skip

    notes = json.loads((result.run_dir / "run.json").read_text())["notes"]
    assert any(
        note.startswith("One trial runs at a time: ") and "cannot pickle '_thread.lock'" in note
        for note in notes
    )


class Disaster:
    """A sink that kills five workers at random, and takes a machine of three away amid all that."""

    def __init__(self, cluster: Any, machine: Any) -> None:
        self.cluster, self.machine, self.told, self.killed = cluster, machine, 0, 0
        self.chance = random.Random(0)

    def __call__(self, event: Any) -> None:
        if isinstance(event, TrialEnded) and not event.repeat:
            self.told += 1
            if self.told == 7:
                self.cluster.remove_node(self.machine)
            elif self.told % 3 == 0 and self.killed < 5 and (found := workers_of(os.getpid())):
                with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
                    os.kill(self.chance.choice(found), signal.SIGKILL)
                    self.killed += 1


@at_full_counts
def test_a_cluster_that_loses_a_machine_and_five_workers_loses_no_trial(tmp_path: Path) -> None:
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    disaster = Disaster(cluster, [cluster.add_node(num_cpus=1) for _ in range(2)][1])
    try:
        result = autoopt.tune(
            toys.eager, toys.digits(120), epochs=3, max_trials=24, seed=0, workers=3, verbose=0,
            space=autoopt.Space(structure=False), search=autoopt.Search(confirm=1, confirm_repeats=1),
            resources=autoopt.Resources(address=cluster.address), sinks=[disaster],
            directory=tmp_path / "runs", logdir=tmp_path / "logs",
        )  # fmt: skip
        assert workers_of(os.getpid()) == []
    finally:
        cluster.shutdown()

    assert (disaster.told, disaster.killed) == (24, 5)
    assert [trial.number for trial in result.trials] == list(range(24))
    failed = [trial.note for trial in result.trials if trial.status == "failed"]
    assert len(failed) <= 2 and all(
        "as it ran again" in note for note in failed
    )  # of five kills, two may hit one


@at_full_counts
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Ray leaves its logs open
def test_a_cluster_is_searched_on_by_way_of_rays_client(tmp_path: Path) -> None:
    from ray.cluster_utils import Cluster

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "ray_client_server_port": port})
    await_answer(port)  # the head does not wait for what serves clients
    try:
        result = tuned(tmp_path, 2, resources=autoopt.Resources(address=f"ray://127.0.0.1:{port}"))
    finally:
        cluster.shutdown()

    assert [trial.status for trial in result.trials] == ["completed"] * 4
    assert all(", on worker " in trial.engine for trial in result.trials)


@at_full_counts
def test_workers_may_have_another_backend_than_the_user(tmp_path: Path) -> None:
    seen = tmp_path / "backends"
    code = (
        "from pathlib import Path; import autoopt, keras\nfrom tests import test_workers, toys\n"
        "class Telling(keras.callbacks.Callback):\n    def on_train_begin(self, logs=None):\n"
        f"        with open({str(seen)!r}, 'a') as file: print(keras.backend.backend(), file=file)\n"
        f"result = test_workers.tuned(Path({str(tmp_path)!r}), 2, callbacks=[Telling()], resources=autoopt.Resources(backend='jax'))\n"
        "again = result.best_model.evaluate(*toys.digits(120), return_dict=True, verbose=0)\n"
        "print(keras.backend.backend(), again['accuracy'] > 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], text=True, capture_output=True, timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": "tensorflow"},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["tensorflow", "True"]
    assert set(seen.read_text().split()) == {"jax"}
