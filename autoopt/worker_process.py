"""A worker process: takes up its duties and runs one job after the other, as `executors/process.py` tells it.

Only the standard library is imported before the pipe is out of everybody's reach.
"""

import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Mapping
from typing import Any


def main() -> None:
    """Serve until the other end of the pipe is closed, or this process is ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that searches
    requests, answers = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what anybody prints must not come between the answers
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    from autoopt import library_output

    library_output.keep_off_screen()
    from autoopt.executors.messages import Pipe  # loads Keras
    from autoopt.unloaded import tensorflow_unloaded

    with open(requests, "rb") as incoming, open(answers, "wb") as outgoing, tensorflow_unloaded():
        try:
            _serve(Pipe(incoming, outgoing))
        except BrokenPipeError:  # whoever searches was killed
            os._exit(1)


def _serve(pipe: Any) -> None:
    from autoopt import memory
    from autoopt.engines import compilations_kept
    from autoopt.executors import InlineExecutor
    from autoopt.executors.messages import Dropped, Ended, Ready, Refused, Wanted

    try:
        level = pipe.receive()
        pipe.receive().take_over()
        duties = pipe.receive()
        executor = InlineExecutor(duties.worker())
    except EOFError:
        return
    except Exception as error:  # a user's class may raise anything where it is unpickled
        pipe.send(Refused(f"{type(error).__name__}: {error}"))
        return
    _forward(pipe, level)
    pipe.send(Ready(memory.resident(), executor.prepares))
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(pipe, inbox), daemon=True).start()
    with compilations_kept(duties.compilation_cache):
        while True:
            message = inbox.get()
            if isinstance(message, Wanted):
                outcome = executor.wait(lambda job, epoch, logs: _verdict(pipe, inbox, epoch, logs))
                pipe.send(Ended(outcome, memory.resident()))
            elif isinstance(message, Dropped):
                executor.drop()
            else:
                executor.submit(message)


def _receive(pipe: Any, inbox: "queue.SimpleQueue[Any]") -> None:
    """Pass on what comes in. In a thread, which notices the end of the other process amid an epoch."""
    try:
        while True:
            inbox.put(pipe.receive())
    except (EOFError, OSError):
        os._exit(1)


def _verdict(pipe: Any, inbox: "queue.SimpleQueue[Any]", epoch: int, logs: Mapping[str, float]) -> Any:
    from autoopt.executors.messages import Raised, Reported

    pipe.send(Reported(epoch, {name: float(value) for name, value in logs.items()}))
    answer = inbox.get()
    if isinstance(answer, Raised):
        raise RuntimeError(answer.reason)
    return answer


def _forward(pipe: Any, level: int) -> None:
    """Send this package's log to the process that searches."""
    from autoopt.executors.messages import Logged

    class Forwarding(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            pipe.send(Logged(record.name, record.levelno, record.getMessage()))

    logger = logging.getLogger("autoopt")
    logger.setLevel(level)
    logger.addHandler(Forwarding())
    logger.propagate = False
