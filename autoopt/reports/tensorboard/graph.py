"""A model's graph as TensorBoard's Graphs page draws it: one node a call of a layer, in the scopes of its models."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from tensorboard.compat.proto import attr_value_pb2, graph_pb2, node_def_pb2, tensor_shape_pb2

from autoopt.untrusted import printable

_REFUSED = re.compile(r"[^A-Za-z0-9_.\-]")


def graph_def(nodes: Sequence[Any]) -> bytes:
    """Return the serialized graph of a model.

    Args:
        nodes: As `surgery.diagram` has them.
    """
    graph = graph_pb2.GraphDef(node=[_node(each) for each in nodes])
    graph.versions.producer = 22  # without a producer the page takes the graph for one that is too old
    return graph.SerializeToString()


def _node(node: Any) -> Any:
    attributes = {name: _text(text) for name, text in node.details.items()}
    if node.shape is not None:
        attributes["_output_shapes"] = _shapes(node.shape)
    return node_def_pb2.NodeDef(
        name=_scoped(node.name), op=_plain(node.kind), input=map(_scoped, node.inputs), attr=attributes
    )


def _scoped(path: str) -> str:
    return "/".join(map(_plain, path.split("/")))


def _plain(name: str) -> str:
    """Return a name in which the page sees no scope, number of an output or dependency."""
    return _REFUSED.sub("_", name) or "_"


def _text(text: str) -> Any:
    return attr_value_pb2.AttrValue(s=printable(text, kept="").encode("ascii", "replace"))


def _shapes(shape: Iterable[int | None]) -> Any:
    sizes = [tensor_shape_pb2.TensorShapeProto.Dim(size=-1 if size is None else size) for size in shape]
    listed = attr_value_pb2.AttrValue.ListValue(shape=[tensor_shape_pb2.TensorShapeProto(dim=sizes)])
    return attr_value_pb2.AttrValue(list=listed)
