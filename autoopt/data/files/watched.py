"""Who watches files being read, and rows being prepared, inside of a longer call, as a command line does that has a line on a terminal for it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

from autoopt.data.parts import Progress

Watcher = Callable[[str], AbstractContextManager[Progress]]
"""Is given what is being done, as "Reading train.csv", and gives what is told how much is done while it is."""

_current: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Have readers that are called meanwhile tell a watcher."""
    token = _current.set(watcher)
    try:
        yield
    finally:
        _current.reset(token)


def watching(what: str, own: Progress | None) -> AbstractContextManager[Progress | None]:
    """Return, while something is done, who is told of it: whoever was passed, else the watcher, if there is one."""
    watcher = _current.get()
    return nullcontext(own) if own is not None or watcher is None else watcher(what)
