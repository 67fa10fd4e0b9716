"""A finished trial as the journal has it: written whole as plain data, and read back checked."""

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any

from autoopt.records import Trial
from autoopt.storage.distributions import unpositioned
from autoopt.storage.kinds import Finished, Told
from autoopt.untrusted import Unreadable, fit


def to_plain(trial: Trial) -> dict[str, Any]:
    """Return a trial as JSON knows it."""
    plain = {field.name: getattr(trial, field.name) for field in dataclasses.fields(trial)}
    plain["hyperparameters"] = dict(trial.hyperparameters)
    if not trial.scores:
        del plain["scores"]
    # JSON has no NaN.
    plain["history"] = {
        name: [value if math.isfinite(value) else None for value in values]
        for name, values in trial.history.items()
    }
    return json.loads(json.dumps(plain))  # type: ignore[no-any-return]


def from_plain(record: Mapping[str, Any]) -> Trial:
    """Read what `to_plain` gave."""
    history = {
        name: [math.nan if value is None else value for value in values]
        for name, values in record["history"].items()
    }
    folds = tuple(record.get("fold_scores", ()))  # runs of earlier versions have none
    known = {field.name: record[field.name] for field in dataclasses.fields(Trial) if field.name in record}
    return Trial(**{**known, "history": history, "fold_scores": folds})


def check(record: Any, number: int) -> None:
    """Check that a record is what `to_plain` gives of the trial of a number.

    Raises:
        Unreadable: It is not.
    """
    place = f"trial {number}"
    for kind in (Finished, Told):
        fit(record, kind, place)
    if record["number"] != number:
        raise Unreadable(f"Its {place} says that it is trial {record['number']}. Expected {number}.")
    if record["best_epoch"] is not None and record["best_epoch"] < 0:
        raise Unreadable(f"Its {place}.best_epoch is {record['best_epoch']}. Expected an epoch, from 0.")
    for name in ("parts", "executions"):  # whoever divides by them has to get a number
        if record.get(name, 1) < 1:
            raise Unreadable(f"Its {place}.{name} is {record[name]}. Expected a whole number from 1.")
    for name in ("repeats", "continues"):  # whoever follows them has to come to an end
        earlier = record.get(name)
        if earlier is not None and not 0 <= earlier < number:
            raise Unreadable(f"Its {place}.{name} is {earlier}. Expected the number of an earlier trial.")


def interrupted(trial: Any) -> Trial:
    """Return what is known of a trial whose process ended before it did."""
    started = trial.datetime_start.timestamp() if trial.datetime_start else 0.0
    reason = "The process ended before the trial did."
    told = {name: value for name, value in trial.params.items() if name == unpositioned(name)}
    return Trial(trial.number, "failed", None, told, {}, None, started, started, error=reason, note=reason)
