"""The executor that trains in a worker process, which can be ended and with it all that it holds."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras

from autoopt.executors.executor import Began, Executor, JobReport, Over, never, unheard
from autoopt.executors.messages import Dropped, Ended, Logged, Pipe, Raised, Ready, Refused, Reported, Wanted
from autoopt.executors.surroundings import Surroundings, by_value, own_modules
from autoopt.records import Trial
from autoopt.worker import Duties, Job, Outcome

logger = logging.getLogger(__name__)

ENTRY = "import sys; sys.path[:] = {path!r}; from autoopt.worker_process import main; main()"
"""Runs in the worker process. Unlike multiprocessing's own it leaves the user's script alone."""

GRACE = 5.0
"""Seconds in which a worker process that has closed its pipe ends."""


class Unsendable(Exception):
    """Why no worker process can take up the duties, as the end of a sentence."""


class ProcessExecutor(Executor):
    """Runs each job, when its outcome is waited for, in one worker process; a fresh one follows one that died.

    Once one has died that was told of other jobs too, each is told alone: what ends it ahead of its turn ends no other.

    Args:
        duties: What the process is told.

    Attributes:
        resident: Bytes that the process has in memory, None where that is not known.
        started_with: Those that it began with, 0 where that is not known.
    """

    def __init__(self, duties: Duties) -> None:
        self._duties = duties
        self._jobs: deque[Job] = deque()
        self._sent = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Pipe | None = None
        self._alone = False
        self.resident: int | None = None
        self.started_with = 0

    @property
    def pid(self) -> int | None:
        """Number of the worker process, None where none runs."""
        return None if self._process is None else self._process.pid

    def submit(self, job: Job) -> None:
        """Keep a job until `wait`."""
        self._jobs.append(job)

    def wait(self, report: JobReport, began: Began = unheard, over: Over = never) -> Outcome:
        """Run the oldest job to its end."""
        if not self._jobs:
            raise LookupError("no job is waiting")
        job, started = self._jobs[0], time.time()
        began(job)
        try:
            self.begin()
            return self._carried_out(job, report)
        except Unsendable as error:
            return _lost(job, started, f"It could not be trained in a worker process: {error}.")
        except (EOFError, OSError):
            ahead, self._alone = self._sent - 1, self._alone or self._sent > 1
            amid = f"amid this trial{', or as it prepared the next' if ahead > 0 else ''}"
            return _lost(job, started, f"The worker process {self._ended()} {amid}.")
        except BaseException:
            self.end()  # it is in the middle of something
            raise
        finally:
            self._jobs.popleft()
            self._sent = max(self._sent - 1, 0)

    def begin(self) -> None:
        """Start the worker process, unless it runs, and tell it its duties.

        Raises:
            Unsendable: They cannot be sent, or it cannot take them up.
        """
        if self._process is not None:
            return
        if not sys.executable:
            raise Unsendable("this Python does not know its own executable")
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", ENTRY.format(path=[path or os.getcwd() for path in sys.path])],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment(),
                start_new_session=True,  # Ctrl-C in a terminal reaches whole groups of processes
            )  # fmt: skip
        except OSError as error:
            raise Unsendable(f"no process can be started ({error})") from error
        assert self._process.stdin and self._process.stdout
        self._pipe = Pipe(self._process.stdout, self._process.stdin)
        try:
            self._tell(self._pipe)
        except BaseException:
            self.end()
            raise

    def recall(self) -> Sequence[Job]:
        """Take back all jobs; a process that has been told of one is ended."""
        jobs = list(self._jobs)
        self._forget()
        return jobs

    def drop(self) -> None:
        """Forget the jobs; a process that has been told of one is ended."""
        self._forget()
        if self._pipe is not None:
            try:
                self._pipe.send(Dropped())
            except OSError:  # it has died
                self.end()

    def end(self) -> None:
        """End the worker process; the next job starts a fresh one."""
        process, self._process, self._pipe, self._sent = self._process, None, None, 0
        if process is None:
            return
        process.kill()  # to end by itself takes a framework seconds, and it holds nothing that has to be saved
        process.wait()
        for end in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # something may be left that was never read
                end.close()  # type: ignore[union-attr]

    def close(self) -> None:
        """End the worker process, and drop the jobs that were never waited for."""
        self._jobs.clear()
        self.end()

    def _forget(self) -> None:
        self._jobs.clear()
        if self._sent:
            self.end()

    def _tell(self, pipe: Pipe) -> None:
        """Send the duties and wait until they have been taken up."""
        duties = self._duties
        callbacks = [duties.callbacks] if callable(duties.callbacks) else duties.callbacks
        own = own_modules([duties.model_fn, *callbacks])
        # Trials do not touch the test part, and it may be large; `whole` would be the same rows once more.
        told = replace(duties, dataset=replace(duties.dataset, test=None, whole=None))
        try:
            with by_value(own):
                pipe.send(logging.getLogger("autoopt").getEffectiveLevel())
                pipe.send(Surroundings.here(own))
                pipe.send(told)
            answer = self._answer(pipe)
        except (EOFError, OSError) as error:
            raise Unsendable(f"the process {self._ended()} before it was ready") from error
        except Exception as error:  # a user's class may raise anything where it is pickled
            reason = (str(error).strip().splitlines() or [""])[0]
            raise Unsendable(f"it cannot be sent there ({type(error).__name__}: {reason})") from error
        if isinstance(answer, Refused):
            raise Unsendable(f"it cannot be read there ({answer.reason})")
        assert isinstance(answer, Ready)
        self.resident, self.prepares = answer.resident, answer.prepares
        self.started_with = answer.resident or 0

    def _carried_out(self, job: Job, report: JobReport) -> Outcome:
        assert self._pipe is not None
        told = list(self._jobs)[: 1 if self._alone else None]
        for each in told[self._sent :]:
            self._pipe.send(each)
        self._sent = len(told)
        self._pipe.send(Wanted())
        while True:
            answer = self._answer(self._pipe)
            if isinstance(answer, Ended):
                self.resident = answer.resident
                return answer.outcome
            assert isinstance(answer, Reported)
            self._pipe.send(_verdict(job, answer, report))

    def _answer(self, pipe: Pipe) -> Any:
        """Return the next answer that is not for the log."""
        while isinstance(answer := pipe.receive(), Logged):
            told = logging.getLogger(answer.logger)
            if told.isEnabledFor(answer.level):
                told.log(answer.level, "%s", answer.text)
        return answer

    def _ended(self) -> str:
        """Return how the process that is gone has ended."""
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE)
        code = self._process.poll()
        self.end()
        if code is None:
            return "fell silent"
        if code >= 0:
            return f"ended with exit code {code}"
        name = signal.Signals(-code).name
        if name != "SIGKILL":
            return f"was ended by {name}"
        return "was ended by SIGKILL, as systems do that run out of memory (a smaller batch size takes less),"


def _environment() -> dict[str, str]:
    found = {**os.environ, "KERAS_BACKEND": keras.backend.backend()}
    if found.get("TF_CPP_MIN_LOG_LEVEL") != "0":
        # JAX sets it to 1 for everybody. Without it `library_output` keeps more off the screen than it does.
        found.pop("TF_CPP_MIN_LOG_LEVEL", None)
    return found


def _verdict(job: Job, answer: Reported, report: JobReport) -> Any:
    try:
        return report(job, answer.epoch, answer.logs)
    except Exception as error:  # fails the trial where it trains, as in any other executor
        logger.debug("the report of trial %d raised", job.number, exc_info=True)
        return Raised(f"{type(error).__name__}: {error}")


def _lost(job: Job, started: float, reason: str) -> Outcome:
    logger.info("Trial %d failed. %s", job.number, reason)
    now, values = time.time(), dict(job.values)
    trial = Trial(job.number, "failed", None, values, {}, None, started, now, reason, reason)
    return Outcome(trial, repeat=job.repeat)
