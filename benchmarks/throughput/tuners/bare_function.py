"""What TensorFlow itself leaves behind: the same models, each trained by a `tf.function` that is then dropped."""

import gc
import time
from pathlib import Path

import keras
import keras_tuner
import numpy as np
import tensorflow as tf

from benchmarks.throughput.job import Candidate, Job, Measured
from benchmarks.throughput.memory import MemoryLog
from benchmarks.throughput.problems import Problem

BATCH = 32


def plain(problem: Problem, job: Job) -> Measured:
    """Measure without XLA."""
    return _measured(problem, job, xla=False)


def xla(problem: Problem, job: Job) -> Measured:
    """Measure under XLA."""
    return _measured(problem, job, xla=True)


def _measured(problem: Problem, job: Job, xla: bool) -> Measured:
    memory = MemoryLog(Path(job.folder, "memory"))
    started = time.perf_counter()
    histories = []
    for candidate in job.candidates or ():
        memory(candidate)
        histories.append(_trial(problem, candidate, job.epochs, xla))
        gc.collect()
    return Measured.of(job, time.perf_counter() - started, histories, memory=memory.read())


def _trial(problem: Problem, candidate: Candidate, epochs: int, xla: bool) -> dict[str, list[float]]:
    """Train one model; nothing of it outlives the call but its history."""
    hp = keras_tuner.HyperParameters()
    hp.values = dict(candidate)
    model = problem.peers.build(hp)
    train, validation = (tuple(tf.constant(a) for a in part) for part in (problem.train, problem.validation))
    model.train_step(tuple(array[:1] for array in train))  # metrics make their variables, outside of a trace
    epoch = tf.function(_epoch(model, train, validation), jit_compile=xla)
    chance = np.random.default_rng(0)
    accuracies = []
    for _ in range(epochs):
        model.reset_metrics()
        order = chance.permutation(len(problem.train[1])).astype("int32")
        accuracies.append(float(epoch(tf.constant(order))["accuracy"]))
    return {"val_accuracy": accuracies}


def _epoch(model: keras.Model, train, validation):
    """Return a whole epoch of steps, then one pass over the validation part."""
    n, full = len(train[1]), len(train[1]) // BATCH

    def epoch(order):
        for i in tf.range(full):
            rows = tf.slice(order, [i * BATCH], [BATCH])
            model.train_step(tuple(tf.gather(array, rows) for array in train))
        if n % BATCH:
            model.train_step(tuple(tf.gather(array, order[full * BATCH :]) for array in train))
        model.reset_metrics()
        return model.test_step(validation)

    return epoch
