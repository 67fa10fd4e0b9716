"""Where the console writes: a stream that may be missing or closed, or goes away while the search goes on."""

import contextlib
import logging
import os
from typing import TextIO

logger = logging.getLogger(__name__)


class Outlet:
    """Writes to a stream, until that takes no more: this is logged once, and what is written afterwards is lost.

    It is what rich writes to: rich itself ends the process where a pipe is closed.

    Args:
        stream: None is nowhere: standard output of a process that was started without one.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._is_terminal = stream is not None and _is_terminal(stream)

    @property
    def is_open(self) -> bool:
        """Whether what is written arrives, as far as is known."""
        return self._stream is not None

    @property
    def encoding(self) -> str:
        """The stream's."""
        return getattr(self._stream, "encoding", None) or "utf8"

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self._is_terminal

    def fileno(self) -> int:
        """Return the stream's number.

        Raises:
            OSError: It has none.
        """
        if self._stream is None:
            raise OSError("The stream is closed.")
        return self._stream.fileno()

    def write(self, text: str) -> int:
        """Write a text at once; what the encoding lacks becomes a question mark."""
        stream = self._stream
        if stream is None:
            return len(text)
        sent = text.encode(self.encoding, "replace")
        try:
            if self._is_terminal and os.name == "posix":
                _write_whole(stream, sent)
            else:
                stream.write(sent.decode(self.encoding))
                stream.flush()
        except (OSError, ValueError) as error:  # a closed pipe, a terminal that has gone, a closed file
            self._stream = None
            logger.warning(
                "The console cannot be written to any more (%s: %s): nothing more is said there, and the search goes on. "
                "What came of it is told by autoopt show.",
                type(error).__name__, error,
            )  # fmt: skip
        return len(text)

    def flush(self) -> None:
        """Do nothing: what is written is flushed."""


def _is_terminal(stream: TextIO) -> bool:
    """Whether a stream says that it is a terminal, and its number is one: a stand-in may have another's number."""
    try:
        return stream.isatty() and os.isatty(stream.fileno())
    except (AttributeError, OSError, ValueError):
        return False


def _write_whole(stream: TextIO, sent: bytes) -> None:
    """Write to a terminal past the stream's buffer: in one piece, and of what fails nothing is left for the next to write."""
    with contextlib.suppress(RuntimeError):  # a signal came amid a write to the same stream
        stream.flush()
    while sent:
        sent = sent[os.write(stream.fileno(), sent) :]
