"""What is learnt from: one file a format, the checks and the splits. Nothing here knows a model."""

from autoopt.data.dataset import DEFAULT_BATCH_SIZE, Dataset, Part, Stream, prepare
from autoopt.data.joining import joined
from autoopt.data.splits import Split

__all__ = ["DEFAULT_BATCH_SIZE", "Dataset", "Part", "Split", "Stream", "joined", "prepare"]
