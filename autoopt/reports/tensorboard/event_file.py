"""One event file of one run of TensorBoard's, and the records that can stand in it.

It imports no TensorFlow, not even where it is installed, and is the same on every backend.
"""

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tensorboard.compat.proto import event_pb2
from tensorboard.plugins.hparams import metadata, plugin_data_pb2
from tensorboard.plugins.image import metadata as image_metadata
from tensorboard.plugins.scalar.summary_v2 import scalar_pb
from tensorboard.plugins.text.summary_v2 import text_pb
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util import tensor_util

_file_numbers = itertools.count()


@dataclass(frozen=True)
class Picture:
    """A picture as a PNG, of so many pixels; the description is shown beside it."""

    png: bytes
    width: int
    height: int
    description: str


class EventFile:
    """One event file of one run, opened with its first record."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._writer: RecordWriter | None = None
        self._replaces = False

    def scalars(self, step: int, points: Mapping[str, float]) -> None:
        """Write one point per tag."""
        self.write(step, [scalar_pb(tag, value).value[0] for tag, value in points.items()])

    def texts(self, step: int, texts: Mapping[str, str]) -> None:
        """Write one text per tag, in Markdown."""
        self.write(step, [text_pb(tag, text).value[0] for tag, text in texts.items()])

    def image(self, step: int, tag: str, picture: Picture) -> None:
        """Write a picture."""
        content = [b"%d" % picture.width, b"%d" % picture.height, picture.png]
        described = image_metadata.create_summary_metadata(
            None, picture.description, converted_to_tensor=True
        )
        tensor = tensor_util.make_tensor_proto(np.array(content, dtype=object), dtype=np.object_)
        self.write(step, [{"tag": tag, "metadata": described, "tensor": tensor}])

    def graph(self, graph: bytes) -> None:
        """Write the graph of a model, a `GraphDef`."""
        self._record(event_pb2.Event(wall_time=time.time(), graph_def=graph))

    def hparams(self, tag: str, **record: Any) -> None:
        """Write a record of the HParams page, given under its field's name."""
        summary = metadata.create_summary_metadata(plugin_data_pb2.HParamsPluginData(**record))
        self.write(0, [{"tag": tag, "metadata": summary, "tensor": metadata.NULL_TENSOR}])

    def replace_from(self, step: int) -> None:
        """Once a file: have readers drop the points from `step` on that an interrupted process left."""
        if not self._replaces:
            self._replaces = True
            restart = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
            self._record(event_pb2.Event(wall_time=time.time(), step=step, session_log=restart))

    def write(self, step: int, values: Sequence[Any]) -> None:
        """Write summary values at one step."""
        self._record(event_pb2.Event(wall_time=time.time(), step=step, summary={"value": values}))

    def flush(self) -> None:
        """Hand what was written to the operating system."""
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        """Close the file; a later record opens a new one."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _record(self, event: Any) -> None:
        if self._writer is None:
            self._run.mkdir(parents=True, exist_ok=True)
            # Readers take the files of a run in the order of their names.
            name = f"events.out.tfevents.{time.time_ns():020d}.{next(_file_numbers)}"
            self._writer = RecordWriter((self._run / name).open("xb", buffering=1 << 16))
            self._record(event_pb2.Event(wall_time=time.time(), file_version="brain.Event:2"))
        self._writer.write(event.SerializeToString())
