"""What TensorBoard makes of a log folder, read through its own backends, and made-up searches to write into one."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras_tuner
from tensorboard import context
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.compat.proto import graph_pb2
from tensorboard.plugins import base_plugin
from tensorboard.plugins.hparams import api_pb2, get_experiment, list_metric_evals, list_session_groups
from tensorboard.plugins.hparams.backend_context import Context
from tensorboard.plugins.scalar.scalars_plugin import ScalarsPlugin

from autoopt.records import EpochEnded, Objective, SearchStarted, Status, Trial, TrialEnded, TrialStarted
from autoopt.reports.tensorboard import TensorBoard

HISTORY = {
    "loss": [0.9, 0.5],
    "accuracy": [0.6, 0.8],
    "val_loss": [0.8, 0.75],
    "val_accuracy": [0.625, 0.75],
}


class Reader:
    """What TensorBoard makes of a log folder."""

    def __init__(self, logdir: Path) -> None:
        self._multiplexer = multiplexer = EventMultiplexer().AddRunsFromDirectory(str(logdir))
        multiplexer.Reload()
        self._provider = MultiplexerDataProvider(multiplexer, str(logdir))
        self._tensorboard = base_plugin.TBContext(data_provider=self._provider)
        self._backend = Context(self._tensorboard)

    def experiment(self) -> Any:
        request = api_pb2.GetExperimentRequest()
        return get_experiment.Handler(context.RequestContext(), self._backend, "", request).run()

    def domains(self) -> dict[str, Any]:
        return {info.name: info for info in self.experiment().hparam_infos}

    def sessions(self) -> dict[str, Any]:
        statuses = [
            api_pb2.STATUS_UNKNOWN,
            api_pb2.STATUS_SUCCESS,
            api_pb2.STATUS_FAILURE,
            api_pb2.STATUS_RUNNING,
        ]
        request = api_pb2.ListSessionGroupsRequest(
            allowed_statuses=statuses, start_index=0, slice_size=100, aggregation_type=api_pb2.AGGREGATION_AVG
        )
        response = list_session_groups.Handler(context.RequestContext(), self._backend, "", request).run()
        return {group.name: group for group in response.session_groups}

    def evaluations(self, session: str, tag: str, group: str = "") -> list[tuple[int, float]]:
        name = api_pb2.MetricName(tag=tag, group=group)
        request = api_pb2.ListMetricEvalsRequest(session_name=session, metric_name=name)
        scalars = ScalarsPlugin(self._tensorboard)
        evaluations = list_metric_evals.Handler(context.RequestContext(), request, scalars, "").run()
        return [(step, value) for _, step, value in evaluations]

    def texts(self) -> dict[tuple[str, str], list[tuple[int, str]]]:
        """Return (run, tag) to steps and texts."""
        found = self._provider.read_tensors(
            context.RequestContext(), experiment_id="", plugin_name="text", downsample=1_000
        )
        return {
            (run, tag): [(datum.step, datum.numpy.item().decode()) for datum in data]
            for run, tags in found.items()
            for tag, data in tags.items()
        }

    def pictures(self) -> dict[tuple[str, str], list[tuple[int, bytes]]]:
        """Return (run, tag) to steps and PNGs."""
        ctx = context.RequestContext()
        found = self._provider.read_blob_sequences(
            ctx, experiment_id="", plugin_name="images", downsample=1_000
        )
        return {
            (run, tag): [
                (datum.step, self._provider.read_blob(ctx, blob_key=datum.values[2].blob_key))
                for datum in data
            ]
            for run, tags in found.items()
            for tag, data in tags.items()
        }

    def graphs(self) -> dict[str, Any]:
        """Return runs to their graphs."""
        found = {}
        for run in self._multiplexer.Runs():
            graph = self._multiplexer.GetAccumulator(run).SerializedGraph()
            if graph is not None:
                found[run] = graph_pb2.GraphDef.FromString(graph)
        return found

    def runs(self) -> dict[str, set[str]]:
        listed = self._provider.list_scalars(
            context.RequestContext(), experiment_id="", plugin_name="scalars"
        )
        return {run: set(tags) for run, tags in listed.items()}


def python_values(group: Any) -> dict[str, Any]:
    return {name: getattr(value, value.WhichOneof("kind")) for name, value in group.hparams.items()}


def metrics(group: Any) -> dict[tuple[str, str], float]:
    return {(metric.name.group, metric.name.tag): metric.value for metric in group.metric_values}


def space() -> Any:
    hp = keras_tuner.HyperParameters()
    hp.Choice("optimizer/name", ["sgd", "adam"])
    with hp.conditional_scope("optimizer/name", ["sgd"]):
        hp.Float("optimizer/momentum", 0.0, 0.9)
    hp.Float("optimizer/learning_rate", 1e-4, 1e-1, sampling="log")
    hp.Choice("batch_size", [16, 32, 64])
    hp.Int("structure/dense/width", 8, 64)
    hp.Boolean("structure/fine_tune")
    hp.Fixed("initialization/kernel", "he_normal")
    return hp


def search_started(hp: Any) -> SearchStarted:
    return SearchStarted(
        project="digits",
        objective=Objective("val_accuracy", "max"),
        space=hp,
        metrics=list(HISTORY),
        epochs=2,
        max_trials=None,
        deadline=None,
    )


def trial(
    number: int = 0,
    hyperparameters: Mapping[str, Any] | None = None,
    status: Status = "completed",
    score: float | None = 0.75,
    history: Mapping[str, Sequence[float]] = HISTORY,
) -> Trial:
    values = {"batch_size": 32} if hyperparameters is None else hyperparameters
    return Trial(number, status, score, values, history, 1 if history else None, 1000.0, 1060.0)


def run_trial(sink: TensorBoard, ended: Trial) -> None:
    sink(TrialStarted(ended.number, ended.hyperparameters))
    for epoch in range(ended.epochs):
        sink(EpochEnded(ended.number, epoch, {key: row[epoch] for key, row in ended.history.items()}))
    sink(TrialEnded(ended))


def assert_whole(reader: "Reader", search: str) -> None:
    """Fail where a search that was interrupted left a session that has not ended, or half a curve of its first trial."""
    sessions = [session for group in reader.sessions().values() for session in group.sessions]
    steps = [step for step, _ in reader.evaluations(f"{search}/trial-0000", "epoch_loss", "train")]
    assert sessions
    assert {session.status for session in sessions} <= {api_pb2.STATUS_SUCCESS, api_pb2.STATUS_UNKNOWN}
    assert all(session.end_time_secs >= session.start_time_secs > 0 for session in sessions)
    assert steps == sorted(set(steps))
