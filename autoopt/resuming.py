"""Resuming: what the earlier sessions of a run have left to one that goes on, and what has changed since."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import keras_tuner

from autoopt.asked import versions
from autoopt.errors import RunError
from autoopt.fingerprints import Fingerprint
from autoopt.records import Trial
from autoopt.spelling import named
from autoopt.storage import RunFolder

MOST_NAMES = 4
"""Of hyperparameters in one sentence."""

RECODED = (
    "The code of your model function has changed, though not the model that it returns by default: what was confirmed is "
    "run again."
)

RANGE = ("class_name", "values", "min_value", "max_value", "value")
"""What of a hyperparameter's configuration says which values it may take."""


@dataclass(frozen=True)
class Now:
    """What this session was asked for, as far as it is compared with earlier ones.

    Attributes:
        made_of: What tells the data and the user's model.
        space: The whole search space.
        class_weight: As it was given.
        max_trials: Most trials, or None.
        budget: Seconds of all sessions together, or None.
    """

    made_of: Fingerprint
    space: keras_tuner.HyperParameters
    class_weight: Any
    max_trials: int | None
    budget: float | None

    def through(self, trials: int, seconds: float) -> bool:
        """Whether nothing is left to search after so many trials and seconds."""
        over = self.budget is not None and seconds >= self.budget
        return over or (self.max_trials is not None and trials >= self.max_trials)


@dataclass(frozen=True)
class Earlier:
    """What earlier sessions have left.

    Attributes:
        trials: That have finished.
        spent: Seconds that these sessions took.
        notes: What is to be said of them, and of what has changed since, a sentence each.
        through: Whether nothing is left to search.
        recoded: Whether the code of the model function has changed: kept weights may not fit any more.
        written: What is to be written down, for sessions to come.
    """

    trials: Sequence[Trial] = ()
    spent: float = 0.0
    notes: Sequence[str] = ()
    through: bool = False
    recoded: bool = False
    written: Mapping[str, Any] = field(default_factory=dict)


def earlier(folder: RunFolder, trials: Sequence[Trial], now: Now) -> Earlier:
    """Return what the earlier sessions of a run have left; nothing for a new one.

    Args:
        folder: The run's.
        trials: Those of it that have finished; none for a new run.
        now: What is asked for now.

    Raises:
        RunError: The user's own model is another one.
    """
    asked = folder.read("run") if trials else {}
    before, made_of = asked.get("made_of", {}), vars(now.made_of)
    # Another version of Keras may describe the same model in other words.
    if _differs(before, made_of, "model") and asked.get("versions", {}).get("keras") == versions()["keras"]:
        raise RunError(
            f"Your own model is another one than the run {folder.path} was begun with: other layers, loss, metrics or "
            f"optimizer. Its trials could not be compared. Pass the model that it was begun with, or another {named('project_name')}."
        )
    spent = _spent(asked, folder.read("result"), trials) if trials else 0.0
    written = {"made_of": made_of, "class_weight": str(now.class_weight), "spent": spent}
    notes = (*_going_on(len(trials), spent, now), *_changes(asked, now))
    through = bool(trials) and now.through(len(trials), spent)
    return Earlier(trials, spent, notes, through, _differs(before, made_of, "code"), written)


def _spent(asked: Mapping[str, Any], found: Mapping[str, Any], trials: Sequence[Trial]) -> float:
    """Return the seconds that sessions took; of one that was killed, up to the end of its last trial."""
    if "began" not in asked:  # written by an older version
        return float(found.get("seconds") or 0.0)
    ends = [trial.finished for trial in trials if trial.finished is not None]
    last = max([*ends, float(found.get("ended") or 0.0), asked["began"]])
    return float(asked.get("spent", 0.0) + last - asked["began"])


def _going_on(trials: int, spent: float, now: Now) -> Sequence[str]:
    if not trials:
        return ()
    of = "" if now.budget is None else f", of a budget of {now.budget:g} s"
    notes = [
        f"Going on: {trials} trial{'s have' if trials > 1 else ' has'} finished before, in {spent:.1f} s{of}."
    ]
    if now.through(trials, spent):
        notes.append(
            f"Nothing is left to search: pass a larger {named('max_trials')} or {named('budget')} for more."
        )
    return notes


def _changes(asked: Mapping[str, Any], now: Now) -> Sequence[str]:
    """Return what has changed since a run was written down; what an older version did not write is not compared."""
    before = asked.get("made_of", {})
    made_of = vars(now.made_of)
    parts = [name for name in ("train", "validation", "test") if _differs(before, made_of, name)]
    notes = [
        _of_data(parts),
        RECODED if _differs(before, made_of, "code") else "",
        _of_space(asked.get("space", {}).get("space"), now.space.get_config()["space"]),
        _of_surroundings({**asked.get("versions", {}), "backend": asked.get("backend")}),
        _of_class_weight(asked.get("class_weight"), str(now.class_weight)),
    ]
    return [note for note in notes if note]


def _differs(before: Mapping[str, Any], now: Mapping[str, Any], name: str) -> bool:
    return name in before and before[name] != now[name]


def _of_data(parts: Sequence[str]) -> str:
    if not parts:
        return ""
    which = " and ".join(parts)
    plural = len(parts) > 1
    return (
        f"The {which} part{'s hold' if plural else ' holds'} other data than when this run was begun: scores from before "
        f"and from now do not compare. Pass another {named('project_name')} for a run on this data alone."
    )


def _of_space(before: Any, now: Any) -> str:
    """Return which hyperparameters have other ranges, are new, or are gone."""
    if not isinstance(before, list):
        return ""
    earlier, current = _ranges(before), _ranges(now)
    other = [name for name in current if name in earlier and current[name] != earlier[name]]
    told = (
        ("another range", other),
        ("new", [name for name in current if name not in earlier]),
        ("no longer searched", [name for name in earlier if name not in current]),
    )
    found = "; ".join(f"{what}: {_listed(names)}" for what, names in told if names)
    return found and f"The space has changed since this run's last session: {found}."


def _ranges(space: Iterable[Mapping[str, Any]]) -> Mapping[str, Sequence[str]]:
    """Return the ranges of each name: a name may have several, under conditions of their own."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for each in space:
        config = each.get("config", {})
        found[str(config.get("name"))].append(
            str([each.get("class_name"), *(config.get(key) for key in RANGE)])
        )
    return {name: sorted(set(ranges)) for name, ranges in found.items()}


def _of_surroundings(before: Mapping[str, Any]) -> str:
    now = {**versions(), "backend": keras.backend.backend()}
    changed = [
        f"{name} {before[name]} → {version}"
        for name, version in now.items()
        if before.get(name) not in (None, version)
    ]
    return f"Since this run's last session: {', '.join(changed)}." if changed else ""


def _of_class_weight(before: Any, now: str) -> str:
    if before in (None, now):
        return ""
    return (
        f"class_weight is {now} now, and was {before} before: scores from before and from now do not compare."
    )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
