"""What may vary, one file an axis. Each narrows its part of the search: `autoopt.axes.Optimizer(["sgd"])`."""

from autoopt.axes.augmentation import Augmentation
from autoopt.axes.axis import Axis, Origin, Written
from autoopt.axes.batch_size import BatchSize
from autoopt.axes.initialization import Initialization
from autoopt.axes.learning_rate import LearningRate
from autoopt.axes.optimizer import Optimizer
from autoopt.axes.regularization import Regularization
from autoopt.axes.structure import Structure

__all__ = [
    "Augmentation", "Axis", "BatchSize", "Initialization", "LearningRate", "Optimizer", "Origin", "Regularization",
    "Structure", "Written",
]  # fmt: skip
