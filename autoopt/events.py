"""Events: what a sink is told while a search goes on. A sink is a callable of one event; `tune(…, sinks=…)` takes them.

A sink is called in the thread that calls `tune`, in the process that searches, one event after the other: the search
waits for it. Where it has a `close`, that is called once at the end, also of a search that is interrupted or fails.
"""

from autoopt.records import (
    EpochEnded,
    Event,
    ExecutionAdvanced,
    Foreseen,
    SearchEnded,
    SearchStarted,
    Sink,
    Trial,
    TrialEnded,
    TrialStarted,
    Weighed,
)

__all__ = [
    "EpochEnded",
    "Event",
    "ExecutionAdvanced",
    "Foreseen",
    "SearchEnded",
    "SearchStarted",
    "Sink",
    "Trial",
    "TrialEnded",
    "TrialStarted",
    "Weighed",
]
