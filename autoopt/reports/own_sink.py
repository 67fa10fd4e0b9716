"""Sinks of the user's own: checked before the search, told while it goes on, and what they raise costs no search."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autoopt.errors import UsageError
from autoopt.records import Event
from autoopt.reports.boundary import Boundary
from autoopt.reports.console import first_line


class OwnSink:
    """Tells a sink of the user's, in the thread that calls; the first time that it raises is the last that it is told.

    Args:
        sink: Is told, and closed where it has a `close`.
    """

    def __init__(self, sink: Callable[[Event], Any]) -> None:
        self._sink = sink
        self._told = False
        self._boundary = Boundary(self._said)

    def __call__(self, event: Event) -> None:
        """Tell it one event."""
        if not self._boundary.crossed:
            self._told = True
            self._boundary.call(self._sink, type(event).__name__, event)

    def close(self) -> None:
        """Close it, once, where it was told anything: before, it is as its user made it."""
        close = getattr(self._sink, "close", None)
        told, self._told = self._told, False
        if told and callable(close):
            self._boundary.call(close, "close")

    def _said(self, error: Exception, when: str) -> str:
        return (
            f"The sink {_name(self._sink)} raised {type(error).__name__} at {when}: {first_line(str(error))}. It is told "
            "nothing more, the search goes on. Its traceback is in the run's log.txt."
        )


def own_sinks(given: Any) -> Sequence[OwnSink]:
    """Return what `tune` was given as sinks.

    Args:
        given: A callable, or an iterable of callables.

    Raises:
        UsageError: It is neither, or one of them cannot be called with an event.
    """
    if callable(given):
        sinks: tuple[Any, ...] = (given,)
    elif isinstance(given, Iterable) and not isinstance(given, str | bytes):
        sinks = tuple(given)
    else:
        raise UsageError(
            f"sinks was given {given!r}. Expected callables of one event, in a list: write [print], or leave it out."
        )
    for sink in sinks:
        _check(sink)
    return tuple(map(OwnSink, sinks))


def _check(sink: Any) -> None:
    if isinstance(sink, type):
        raise UsageError(
            f"sinks holds the class {sink.__name__}. Expected an object that can be called: write {sink.__name__}()."
        )
    if not callable(sink):
        raise UsageError(
            f"sinks holds {sink!r}. Expected a callable of one event: write a function, or a class with a __call__."
        )
    if inspect.iscoroutinefunction(sink) or inspect.iscoroutinefunction(getattr(sink, "__call__", None)):  # noqa: B004
        raise UsageError(
            f"sinks holds {_name(sink)}, which is async: nobody would await it. Expected a plain function: write def."
        )
    try:
        signature = inspect.signature(sink)
    except (TypeError, ValueError):  # some of C tell none
        return
    try:
        signature.bind(None)
    except TypeError as error:
        raise UsageError(
            f"sinks holds {_name(sink)}, which cannot be called with one event: {error}. Expected a callable of one "
            "argument: write def sink(event)."
        ) from error


def _name(sink: Any) -> str:
    """Return what a sink is called: a function's name, or the class of an object."""
    return getattr(sink, "__qualname__", None) or type(sink).__qualname__
