"""A full disk: the system refuses to let files grow, with a real error."""

import contextlib
import resource
import signal
from collections.abc import Iterator


@contextlib.contextmanager
def files_may_have(size: int) -> Iterator[None]:
    """Have the system refuse to let a file grow beyond a size, as a full disk does."""
    handled, limits = signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handled)
