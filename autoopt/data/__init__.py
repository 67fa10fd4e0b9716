"""What is learnt from: one file a format, the checks and the splits. Nothing here knows a model."""

from autoopt.data.dataset import Dataset, Part, Stream, prepare
from autoopt.data.splits import Split

__all__ = ["Dataset", "Part", "Split", "Stream", "prepare"]
