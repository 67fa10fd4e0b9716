"""The columns of the HParams table: what they are called, of which type they are, and which come first."""

import contextlib
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tensorboard.plugins.hparams import api_pb2, metadata

from autoopt.records import SearchStarted
from autoopt.reports.columns import Domain, Value, is_shown
from autoopt.reports.tensorboard.event_file import EventFile
from autoopt.reports.tensorboard.tags import SCORE, curve, score_tag
from autoopt.untrusted import printable

_DATA_TYPE = {bool: api_pb2.DATA_TYPE_BOOL, float: api_pb2.DATA_TYPE_FLOAT64, str: api_pb2.DATA_TYPE_STRING}


class Experiment:
    """The columns of the HParams table: every hyperparameter with its domain, and the metrics."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._domains: dict[str, Domain] = {}
        self._metrics = [_metric(SCORE, "score")]
        self._first: dict[str, Value] = {}
        self._varied: set[str] = set()

    def describe(self, event: SearchStarted) -> None:
        """Write the full space, before any trial."""
        for hyperparameter in event.space.space:
            name, domain = printable(hyperparameter.name), Domain.of(hyperparameter)
            self._domains[name] = self._domains[name].union(domain) if name in self._domains else domain
        others = [each.name for each in event.others]
        self._metrics = _metrics(event.objective.name, event.metrics, others)
        for trial in event.earlier:
            if trial.status != "failed":
                self._compared(self._cast(trial.hyperparameters))
        self._write()

    def columns(self, hyperparameters: Mapping[str, Any]) -> dict[str, Value]:
        """Return the values as their columns' types, without what fits none; a new name adds a column."""
        new = {
            name: Domain.around(value)
            for name, value in _shown(hyperparameters).items()
            if name not in self._domains
        }
        if new:
            self._domains.update(new)
            self._write()
        return self._cast(hyperparameters)

    def _cast(self, hyperparameters: Mapping[str, Any]) -> dict[str, Value]:
        known = {name: v for name, v in _shown(hyperparameters).items() if name in self._domains}
        cast = {name: self._domains[name].cast(value) for name, value in known.items()}
        return {name: value for name, value in cast.items() if value is not None}

    def compare(self, values: Mapping[str, Value]) -> None:
        """Move the columns that trials differ in to the front, and those that a trial went without to the back.

        Args:
            values: Of a trial that has ended, as their columns' types.
        """
        if self._compared(values):
            self._write()

    def _compared(self, values: Mapping[str, Value]) -> bool:
        """Take note of a trial's values; return whether that changes the order of the columns."""
        missing = [name for name, domain in self._domains.items() if domain.leads and name not in values]
        self._domains.update({name: replace(self._domains[name], leads=False) for name in missing})
        varied = {name for name, value in values.items() if self._first.setdefault(name, value) != value}
        new = {name for name in varied - self._varied if self._domains[name].leads}
        self._varied |= varied
        return bool(missing or new)

    def _leads(self, name: str, domain: Domain) -> Domain:
        """Return a domain that leads if its column should come first; before trials differ, all might."""
        return replace(domain, leads=domain.leads and (name in self._varied or not self._varied))

    def _write(self) -> None:
        """Write the columns as a new run and remove the old: that is what a running TensorBoard notices."""
        old = {int(path.name.removeprefix("experiment-")): path for path in self._folder.glob("experiment-*")}
        experiment = api_pb2.Experiment(
            hparam_infos=[_info(name, self._leads(name, domain)) for name, domain in self._domains.items()],
            metric_infos=self._metrics,
            time_created_secs=time.time(),
        )
        with contextlib.closing(EventFile(self._folder / f"experiment-{max(old, default=0) + 1}")) as file:
            file.hparams(metadata.EXPERIMENT_TAG, experiment=experiment)
        for path in old.values():
            shutil.rmtree(path)


def _shown(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that TensorBoard can show, as Python's own."""
    plain = {
        printable(name): v.item() if isinstance(v, np.generic) else v for name, v in hyperparameters.items()
    }
    return {name: value for name, value in plain.items() if is_shown(value)}


def _metrics(objective: str, keys: Sequence[str], others: Sequence[str] = ()) -> list[Any]:
    """Return the metric columns, the ones to see first first: TensorBoard opens with five.

    Confirmed scores have none: the parallel coordinates leave out a trial that lacks an open column.
    """
    ordered = sorted(keys, key=lambda key: (key != objective, not key.startswith("val_")))
    curves = [_metric(tag, _label(key), group) for key in ordered for group, tag in [curve(key)]]
    beside = [_metric(score_tag(name), f"score ({name})") for name in others]
    return [_metric(SCORE, f"score ({objective})"), *beside, *curves]


def _label(key: str) -> str:
    return f"validation {key.removeprefix('val_')}" if key.startswith("val_") else f"train {key}"


def _metric(tag: str, label: str, group: str = "") -> Any:
    dataset = {"train": api_pb2.DATASET_TRAINING, "validation": api_pb2.DATASET_VALIDATION}
    return api_pb2.MetricInfo(
        name=api_pb2.MetricName(group=group, tag=tag),
        display_name=label,
        dataset_type=dataset.get(group, api_pb2.DATASET_UNKNOWN),
    )


def _info(name: str, domain: Domain) -> Any:
    """Return TensorBoard's record of a column."""
    info = api_pb2.HParamInfo(name=name, type=_DATA_TYPE[domain.type])
    if domain.interval and domain.type is float:
        info.domain_interval.min_value, info.domain_interval.max_value = domain.interval
        several = domain.interval[0] < domain.interval[1]
    else:
        info.domain_discrete.extend(sorted({domain.type(value) for value in domain.values}))
        several = len(info.domain_discrete) > 1
    info.differs = several and domain.leads  # what differs comes first
    return info
