"""No search: the plain model trained once to its end, its best epoch kept."""

import math

import keras

from benchmarks.quality.job import Job, Measured
from benchmarks.quality.tasks import Task
from benchmarks.quality.watching import Watch


def measured(task: Task, job: Job) -> Measured:
    """Fit it, whatever the budget."""
    keras.utils.set_random_seed(job.seed)
    watch = Watch(math.inf)
    task.model_fn().fit(
        *task.train, validation_data=task.validation, epochs=task.epochs, callbacks=[watch], verbose=0
    )
    return watch.measured(task, watch.seconds)
