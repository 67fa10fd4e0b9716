"""Profile: where the time of a search went."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from autoopt.records import Trial


def profile(trials: Sequence[Trial], spent: Mapping[str, float]) -> dict[str, Any]:
    """Return seconds by kind and counts, as `Result.profile` says.

    Args:
        trials: All that have ended.
        spent: Seconds of the search that no trial spends, by kind, its `total`, and what came before and after; empty while it
            runs.
    """
    costs = {
        kind: sum(trial.costs.get(kind, 0.0) for trial in trials) for kind in ("compile", "train", "evaluate")
    }
    whole = {**costs, **{kind: spent.get(kind) for kind in ("suggest", "log", "checkpoint")}}
    total = spent.get("total")
    workers = None if total is None else max(total, spent.get("workers", 0.0))
    # Of several workers, what the searching process does it does beside them.
    beside = total is not None and workers is not None and workers > total
    known = sum(seconds or 0.0 for seconds in (costs if beside else whole).values())
    used = Counter(trial.program for trial in trials if trial.program is not None)
    return {
        **whole,
        "other": None if workers is None else max(0.0, workers - known),
        "total": total,
        "workers": workers,
        "begin": spent.get("begin"),
        "end": spent.get("end"),
        "trials": len(trials),
        "programs": len(used),
        "trials_per_program": [count for _, count in used.most_common()],
    }
