"""A fleet of Ray's actors: here, or on the machines of a cluster. Ray carries messages, and keeps the data once a machine."""

import contextlib
import logging
import os
import queue
import re
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import keras
import ray

from autoopt import memory
from autoopt.errors import UsageError
from autoopt.executors.address import CLIENT, check_answers, silent
from autoopt.executors.fleet import Fleet
from autoopt.executors.messages import Judged, Lost
from autoopt.executors.parcel import packed
from autoopt.executors.process import Unsendable
from autoopt.executors.recycling import FRAMEWORK
from autoopt.executors.shares import Machine, automatic, check_memory, cores_here, shared, told
from autoopt.executors.sparing import SPARING, set_meanwhile
from autoopt.executors.surroundings import own_folders
from autoopt.mailbox import Mailbox
from autoopt.resources import Resources
from autoopt.spelling import spelled
from autoopt.worker import Duties

logger = logging.getLogger(__name__)

ENTRY = "autoopt.remote_worker:work"
"""What actors run."""

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
"""Variables by which libraries are told how many threads they may have."""

NO_GPU = {"CUDA_VISIBLE_DEVICES": "-1", "HIP_VISIBLE_DEVICES": "-1"}
"""Where workers are to have none although there are some."""

DISCREET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""Has Ray send nothing to its makers, and leave variables alone that it would warn of."""


class RayFleet(Fleet):
    """Workers as Ray's actors. A Ray that is there already is used, and left as it is; another is ended with the fleet.

    Args:
        duties: What workers are told.
        workers: How many; None for as many as there is room for, which is known once it is open.
        resources: What each of them gets.

    Attributes:
        note: What is to be said of them, in a sentence.
    """

    def __init__(self, duties: Duties, workers: int | None, resources: Resources) -> None:
        self._duties, self._resources = duties, resources
        self.slots, self.note = workers or 0, ""
        self._lock = threading.RLock()
        self._is_open = self._is_ours = False
        self._last, self._parcel = 0, None
        self._actors: dict[int, Any] = {}
        self._seats: dict[int, tuple[str, int]] = {}
        self._inbox: queue.SimpleQueue[tuple[int, bool, Future[Any]] | None] = queue.SimpleQueue()
        self._told: deque[tuple[int, Any]] = deque()

    def open(self) -> None:
        """Connect to Ray, or start it; see what there is, and pack the duties."""
        with self._lock:
            if self._is_open:
                return
            try:
                parcel = packed(self._duties)
            except Unsendable as error:
                raise UsageError(
                    f"Trials were to run on workers, and cannot: {error}. Expected arrays, and a model function and callbacks "
                    f"that can be sent to another process. Pass such ones, or {spelled('workers', 1)}: trials run in this process then."
                ) from error
            self._is_ours = _connect(self._resources.address)
            self._is_open, self._inbox = True, queue.SimpleQueue()
            self._told.clear()
            try:
                self._divide(sum(array.nbytes for _, arrays in parcel for array in arrays))
                self._parcel = ray.put(parcel)
            except BaseException:
                self.close()
                raise

    def begin(self) -> int:
        """Start an actor, and ask on which machine it is."""
        with self._lock:
            self._last += 1
            if self._is_open:
                self._actors[self._last] = actor = self._made.remote()
                self._follow(self._last, actor.place.remote(), is_place=True)
            return self._last

    def send(self, worker: int, message: Any) -> None:
        """Call an actor; one that has died tells so by the call that waits for its news."""
        with self._lock:
            if worker in self._actors:
                actor = self._actors[worker]
                if isinstance(message, Judged):
                    sent = actor.judge.remote(message.serial, message.verdict)
                else:
                    sent = actor.send.remote(message)
                sent.future().add_done_callback(lambda ended: ended.exception())  # else Ray shows it

    def receive(self) -> tuple[int, Any] | None:
        """Wait for a call to return."""
        while not self._told:
            found = self._inbox.get()
            if found is None:
                return None
            self._take(*found)
        return self._told.popleft()

    def end(self, worker: int) -> None:
        """Kill an actor."""
        with self._lock:
            self._seats.pop(worker, None)
            actor = self._actors.pop(worker, None)
            if actor is not None:
                with contextlib.suppress(Exception):  # it may be dead, and its machine gone
                    ray.kill(actor)

    def close(self) -> None:
        """Kill the actors, and end Ray where it was started for them."""
        with self._lock:
            was_open, self._is_open = self._is_open, False
            for worker in list(self._actors):
                self.end(worker)
            self._inbox.put(None)
            self._parcel = None
            if was_open and self._is_ours:
                with _quietly():
                    ray.shutdown()
                _have_ray_speak(True)

    def _divide(self, held: int) -> None:
        """See what machines there are, and what each worker gets of them.

        Args:
            held: Bytes of the data.
        """
        nodes = [node for node in ray.nodes() if node["Alive"]]
        machines = [_machine(node["Resources"], self._resources.address is None) for node in nodes]
        if not self.slots:
            self.slots = automatic(machines, self._resources.gpus, FRAMEWORK + memory.COPIES * held)
        share = shared(machines, self.slots, self._resources.gpus)
        if self._resources.address is None:
            check_memory(self._resources.memory, self._resources.memory_limit, self.slots, memory.total())
        self._per_worker = max(1, round(share.cores))
        self._cores: dict[str, float] = {}
        for node, machine in zip(nodes, machines, strict=True):
            name = node["NodeManagerHostname"]
            self._cores[name] = self._cores.get(name, 0.0) + machine.cores
        self.note = told(self.slots, machines, share)
        if self._resources.address is not None and not self._is_ours:
            self.note += (
                " They are on the Ray that this process was connected to before, whatever address says."
            )
        self._made = ray.remote(
            num_cpus=share.cores, num_gpus=share.gpus, max_restarts=0, max_task_retries=0,
            concurrency_groups={"news": 1}, scheduling_strategy="SPREAD",
        )(_mailbox())  # fmt: skip

    def _follow(self, worker: int, call: Any, is_place: bool = False) -> None:
        inbox = self._inbox
        call.future().add_done_callback(lambda ended: inbox.put((worker, is_place, ended)))

    def _take(self, worker: int, is_place: bool, ended: "Future[Any]") -> None:
        """Take what a call has returned, and make the next one."""
        with self._lock:
            actor = self._actors.get(worker)
            if actor is None or not self._is_open:
                return
            error = ended.exception()
            if error is not None:
                self.end(worker)  # one that is only out of reach would keep its cores
                self._told.append((worker, _lost(error)))
                return
            if is_place:
                self._settle(worker, actor, *ended.result())
            else:
                self._told += ((worker, message) for message in ended.result())
            self._follow(worker, actor.told.remote())

    def _settle(self, worker: int, actor: Any, machine: str, cores: list[int], whole: int | None) -> None:
        """Have an actor take up its duties, on cores of its own where all of its machine are Ray's to give."""
        taken = {seat for name, seat in self._seats.values() if name == machine}
        seat = next(seat for seat in range(len(taken) + 1) if seat not in taken)
        self._seats[worker] = machine, seat
        count, given = self._per_worker, self._resources.memory_limit
        whose = len(cores) == self._cores.get(machine)
        own = [cores[(seat * count + each) % len(cores)] for each in range(count)] if whose else []
        if self._resources.memory is None:
            given = None if whole is None else whole // 2 // max(1, -(-self.slots // len(self._cores)))
        here = self._resources.address is None
        told = (given, "" if here else f" ({machine})")
        path, inbox = sys.path if here else own_folders(), self._inbox
        begun = actor.begin.remote(ENTRY, told, self._parcel, self._environment(), path, own).future()
        begun.add_done_callback(
            lambda ended: inbox.put((worker, False, ended)) if ended.exception() else None
        )

    def _environment(self) -> Mapping[str, str]:
        """Return the variables of a worker; what the user has set of threads stays."""
        threads = {name: os.environ.get(name, str(self._per_worker)) for name in THREADS}
        unseen = NO_GPU if self._resources.gpus == 0 else {}
        backend = self._resources.backend or keras.backend.backend()
        return {**SPARING, **unseen, **threads, "KERAS_BACKEND": backend}


def _connect(address: str | None) -> bool:
    """Connect to Ray, and say whether it was started for that.

    Raises:
        UsageError: No cluster answers.
    """
    if ray.is_initialized():
        return False
    if address is not None:
        check_answers(address)
    cores: dict[str, Any] = {} if address else {"num_cpus": cores_here(), "include_dashboard": False}
    # What Ray starts at the head for a client comes up too late now and then.
    tries = 2 if address is not None and address.startswith(CLIENT) else 1
    for left in reversed(range(tries)):
        try:
            with _quietly(sys.path):
                ray.init(address or "local", log_to_driver=False, logging_level=logging.ERROR, **cores)
            break
        except Exception as error:  # Ray has many, and those of what it is made of
            if not left:
                raise UsageError(silent(address, error)) from error
            logger.debug("Ray's client did not connect", exc_info=True)
    _have_ray_speak(False)
    return True


def _mailbox() -> type[Mailbox]:
    """Return what actors are: a mailbox of which a thread of its own waits for news.

    Ray's client knows no other way to say so. The class goes by value: workers do not load this file.
    """

    def told(self: Mailbox) -> Sequence[Any]:
        return Mailbox.told(self)

    return type("Mailbox", (Mailbox,), {"told": ray.method(concurrency_group="news")(told)})


def _machine(resources: Mapping[str, float], here: bool) -> Machine:
    left = memory.available() if here else resources.get("memory")
    return Machine(resources.get("CPU", 0.0), resources.get("GPU", 0.0), left)


def _lost(error: BaseException) -> Lost:
    """Return why an actor is gone, told by what Ray says of it."""
    text = str(error)
    if isinstance(error, ray.exceptions.OutOfMemoryError) or "running low on memory" in text:
        return Lost("was ended as its machine ran out of memory", memory=True)
    if "node has died" in text or isinstance(error, ray.exceptions.NodeDiedError):
        return Lost("was on a machine that is gone")
    if getattr(error, "actor_init_failed", False):  # what made it so stands last
        return Lost(f"could not be made ({text.strip().splitlines()[-1]})")
    if code := re.search(r"exit(?:s with an exit)? code (\d+)", text):
        return Lost(f"ended with exit code {code[1]}")
    if isinstance(error, ray.exceptions.RayActorError):
        return Lost(
            "was killed, as systems do that run out of memory (a smaller batch size takes less), or crashed"
        )
    return Lost(f"failed ({(text.strip().splitlines() or [type(error).__name__])[0]})")


def _have_ray_speak(speaks: bool) -> None:
    """Have Ray print what it has to say of workers, or not: a pool tells of those that are lost."""
    private: Any = sys.modules.get("ray._private.worker")
    if hasattr(private, "_worker_logs_enabled"):  # log_to_driver does not cover this
        private._worker_logs_enabled = speaks


@contextlib.contextmanager
def _quietly(path: Sequence[str] = ()) -> Iterator[None]:
    """Keep Ray from warning, and from changing what SIGTERM does in this process.

    Args:
        path: Where modules are looked for in the processes that it starts.
    """
    is_main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGTERM) if is_main else None
    found = {"PYTHONPATH": os.pathsep.join(each or os.getcwd() for each in path)} if path else {}
    try:
        with set_meanwhile(DISCREET), set_meanwhile(found, over=True), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if handler is not None:
            signal.signal(signal.SIGTERM, handler)
