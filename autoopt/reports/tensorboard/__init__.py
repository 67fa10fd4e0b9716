"""A search in TensorBoard: the HParams table, curves, graphs, texts and pictures; written while it runs."""

from autoopt.reports.tensorboard.sink import TensorBoard, discard

__all__ = ["TensorBoard", "discard"]
