"""Limits: when a search ends, and when the trial that runs is cut. Clocks only end things."""

import contextlib
import math
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

CONFIRMATION_SHARE = 0.25
"""Most of a budget that confirmation, test and export may take."""


class Limits:
    """When a search ends: trials, time, or the user's Ctrl-C.

    Args:
        max_trials: Most trials, trial 0 counted; None for no limit.
        budget: Seconds of the whole call, None for no limit.
        started: When the call began, UTC seconds.
        confirmations: Runs that are to follow the search; they get at most a quarter of the budget.
    """

    def __init__(
        self, max_trials: int | None, budget: float | None, started: float, confirmations: int
    ) -> None:
        self._max_trials = max_trials
        self._budget = budget
        self._confirmations = confirmations
        self._longest = 0.0
        self._expected: float | None = None
        self._last = math.inf
        self.deadline = None if budget is None else started + budget
        self.interrupted = False

    @property
    def max_trials(self) -> int | None:
        """Most trials, None for no limit."""
        return self._max_trials

    def searching(self) -> float | None:
        """Return the seconds that are left for the search itself, None without a budget."""
        return None if self.deadline is None else self.deadline - self._reserve() - time.time()

    def note_run(self, run_seconds: float) -> None:
        """Take note of how long a trial takes when it is run again: so long may a confirmation run take."""
        self._longest = max(self._longest, run_seconds)

    def reached(self, trials: int) -> str | None:
        """Return why the search ends now, None while it goes on. Trial 0 is always begun."""
        if self._max_trials is not None and trials >= self._max_trials:
            done = "the one trial is done" if trials == 1 else f"all {trials} trials are done"
            return done if trials == self._max_trials else f"{done}, {self._max_trials} were asked for"
        return None if trials == 0 and not self.interrupted else self.cut()

    def cut(self) -> str | None:
        """Return why even a running trial ends after this epoch, None while it goes on."""
        if self.interrupted:
            return "interrupted"
        if self.deadline is not None and time.time() >= self.deadline - self._reserve():
            return "the budget is used up"
        return None

    @property
    def kept(self) -> float | None:
        """Most seconds that confirmation may take, None without a budget: test and export have their part."""
        return None if self._budget is None else CONFIRMATION_SHARE * self._budget - self._ending()

    def late(self) -> bool:
        """Whether it matters by now how long confirmation will take."""
        return self.deadline is not None and time.time() >= self.deadline - self._ending() - (
            self.kept or 0.0
        )

    def expect(self, confirming: float) -> None:
        """Take note of how many seconds confirmation will take; 0 where there is not enough time for any."""
        self._expected = confirming

    def conclude(self) -> None:
        """Take note that the search is over: what follows gets a quarter of the budget, however much is left."""
        if self._budget is not None:
            self._last = time.time() + CONFIRMATION_SHARE * self._budget

    def over(self) -> bool:
        """Whether nothing more may be trained, confirmation included."""
        left = self.left()
        return left is not None and left <= 0.0

    def left(self) -> float | None:
        """Return the seconds in which something may still be trained, None without a budget."""
        if self.interrupted:
            return 0.0
        if self.deadline is None:
            return None
        return min(self.deadline, self._last) - self._ending() - time.time()

    def _ending(self) -> float:
        """Seconds kept for export, test and the epoch that is running: 5 % of the budget, 3 s at most."""
        return min(3.0, 0.05 * (self._budget or 0.0))

    def _reserve(self) -> float:
        """Seconds kept for what follows the search."""
        wanted = self._confirmations * self._longest if self._expected is None else self._expected
        return min(self.kept or 0.0, wanted) + self._ending()


class Interrupts:
    """While it is entered, Ctrl-C and SIGTERM finish the search; a second one quits at once.

    Signals are put back at the end. In a thread other than the main one nothing is touched.

    Args:
        limits: What is told.
        say: Called once with a sentence for the user.
    """

    def __init__(self, limits: Limits, say: Callable[[str], None]) -> None:
        self._limits = limits
        self._say = say
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is None:
                    continue  # a handler in C, which Python could not put back
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._limits.interrupted:
            raise KeyboardInterrupt
        self._limits.interrupted = True
        with contextlib.suppress(RuntimeError):  # the signal came amid another write to the same stream
            self._say("Interrupted: ending this epoch, then returning the best. Again to quit at once.")
