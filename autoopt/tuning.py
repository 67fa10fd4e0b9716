"""tune(): the one call. Data, space, search, confirmation and the winner, in this order."""

import contextlib
import time
from pathlib import Path
from typing import Any, Literal

from autoopt import checks, seeding, storage
from autoopt.afterwards import Again, Unweighted
from autoopt.asked import Asked
from autoopt.constraints import Constraints
from autoopt.engines import compilations_kept
from autoopt.executors import leaving_room
from autoopt.reports import Background, Console, TensorBoard, discard, outcome
from autoopt.resources import Resources
from autoopt.result import Result
from autoopt.search import Search
from autoopt.session import Session
from autoopt.setup import Material, Place, Study, Terms
from autoopt.unloaded import tensorflow_unloaded


@leaving_room
@seeding.preserved()
@tensorflow_unloaded()
def tune(
    model_fn: Any,
    data: Any,
    *,
    target: Any = None,
    task: Any = None,
    types: Any = None,
    drop: Any = (),
    validation_data: Any = None,
    validation_split: float = 0.2,
    test_data: Any = None,
    objective: Any = "auto",
    space: Any = "auto",
    epochs: int | Literal["auto"] = "auto",
    max_trials: int | None = None,
    budget: Any = None,
    search: Search | None = None,
    constraints: Constraints | None = None,
    resources: Resources | None = None,
    workers: Any = 1,
    callbacks: Any = (),
    class_weight: Any = None,
    directory: str | Path = "autoopt_runs",
    project_name: str | None = None,
    resume: Any = False,
    logdir: str | Path = "tensorboard_logs",
    seed: int | None = None,
    verbose: Any = "auto",
    sinks: Any = (),
) -> Result:
    """Search for a better version of a Keras model and return it with everything that was found.

    Structure, initialization, regularization, optimizer and batch size are searched together. Trial 0 is
    the user's own model, untouched.

    Args:
        model_fn: A function returning a Keras model, compiled or not, with or without an `hp` argument;
            a `keras_tuner.HyperModel`, whose own `fit`, where it has one, trains the trials; or a Keras model,
            taken as the template. Or the name of a starter: `"mlp"` (tables), `"cnn"` (images), `"text"`, `"audio"`,
            `"sequence"` or `"recurrent"` (series, DNA, proteins); `"auto"` takes the one that fits the data.
        data: Arrays, `(x, y)`, data that comes in batches, or raw rows, as a DataFrame, a file or a folder: as
            `autoopt.Dataset.of` takes it, which says all of this argument and of the seven that follow; or what that
            returns, which may be cut by group or in time order. Raw rows are cut, and then prepared as arrays by what
            the rows that train say; those are what `model_fn` takes, and `best_model` takes raw rows.
        target: Of raw rows, what is predicted; None takes one called target, label, class or y, else the last.
        task: Of raw rows; None tells it from the labels.
        types: Of raw rows, kinds of columns by name; others are told from values.
        drop: Of raw rows, names of columns that are not learnt from.
        validation_data: Trials are compared on it. None takes `validation_split` of `data`.
        validation_split: As of `autoopt.Dataset.of`.
        test_data: Looked at once, at the end.
        objective: `"auto"` (`val_accuracy` for classification, else `val_loss`), a key of Keras's
            history, `("name", "max")` or `("name", "min")`, or a `keras_tuner.Objective`. A list of several is a
            search for their Pareto front, and `best_model` its knee: `parameters`, `latency` (milliseconds a
            prediction) and `seconds_per_epoch` can stand in it beside metrics, and the first metric decides which
            epoch of a trial is its best. `val_f1`, `val_auc`, `val_precision`, `val_recall` and
            `val_balanced_accuracy` need no metric in your model; nor do `val_weighted_f1` and so on, in which
            sample weights count.
        space: `"auto"` or an `autoopt.Space`.
        epochs: Most epochs a trial; schedules end there. `"auto"` is 50, or as few as let about a dozen trials fit into the
            budget, never fewer than 10: your model is trained for two of them to know how long they take, and what came
            out is said before the search.
        max_trials: Most trials, trial 0 counted, confirmation runs not.
        budget: Seconds of the whole call, or `"90s"`, `"10m"`, `"2h"`; of a run that goes on, of all its calls
            together. Neither this nor `max_trials` means `"10m"`.
        search: `autoopt.Search`: oracle, sampler, pruner, starting points, cross-validation, confirmation.
        constraints: `autoopt.Constraints`: most parameters, latency, seconds an epoch.
        resources: `autoopt.Resources`.
        workers: How many trials run at once, each in a process of its own; `"auto"` takes one for each GPU, or for each
            core as far as memory reaches. More than 1 takes Ray: `pip install 'autoopt[ray]'`.
        callbacks: Keras callbacks, copied for each trial, or a function of the trial that returns them.
        class_weight: Class to weight, or `"balanced"`: n / (classes × count). Along with a sample_weight they
            are multiplied.
        directory: Where runs lie.
        project_name: The run's name; None takes a fresh one.
        resume: False refuses a run that exists, True goes on with it or starts it, `"overwrite"`
            replaces it.
        logdir: TensorBoard's folder. A new run replaces what an earlier one of its name left there.
        seed: A whole number from 0; None takes a fresh one, which is written down in the run.
        verbose: 0 prints nothing, 1 the progress, 2 a line for each trial too; `"auto"` is 1.
        sinks: Callables that are told every event of `autoopt.events`, beside console and TensorBoard: in this thread, in
            order, so that the search waits for a slow one. One that raises is told nothing more, which is logged. Where
            one has a `close`, that is called at the end, however the search ends.

    Returns:
        The result, also readable later with `autoopt.load(result.run_dir)`.

    Raises:
        UsageError: Something given cannot be used; nothing has been trained.
        SearchError: No trial ended with a model to return.

    Example:
        >>> import autoopt, keras, sklearn.datasets
        >>> x, y = sklearn.datasets.load_digits(return_X_y=True)
        >>> def model_fn():
        ...     return keras.Sequential([keras.Input((64,)), keras.layers.Dense(10, "softmax")])
        >>> result = autoopt.tune(model_fn, (x / 16, y), epochs=2, max_trials=2, seed=0, verbose=0)
        >>> result.best_score >= result.baseline_score
        True
    """
    terms = Terms.of(dict(locals()), time.time())  # every argument, by name
    material = Material.of(terms)
    study = Study.of(terms, material)
    with contextlib.closing(Place.of(terms, material, study)) as place:
        epochs, short = place.epochs(terms, material, study)
        folder = storage.create(directory, project_name, terms.given["resume"], terms.resources.disk_limit)
        logs = Path(logdir) / folder.name
        # The logs of a run that was removed are of no other.
        if not terms.goes_on or not terms.earlier.read("run"):
            discard(logs)
        console = Console(terms.given["verbose"])
        notes = (
            *([folder.note] if folder.note else []), *study.before.notes, *material.notes, *study.notes, *place.notes, *short,
            *checks.timed(place.executor.slots, study.compared, terms.constraints),
        )  # fmt: skip
        asked = Asked(
            study.space, study.facts.names, terms.max_trials, terms.budget, notes,
            {**study.before.written, "logs": str(logs.absolute())}, material.rows,
        )  # fmt: skip
        session = Session(
            folder=folder, worker=place.worker, executor=place.executor, limits=place.limits, ceiling=study.ceiling,
            search=study.search, epochs=epochs, seed=terms.seed, made_of=study.made_of, started=terms.started, earlier=study.before,
            sinks=(console, Background(TensorBoard(logs)), *terms.sinks), others=study.facts.others, folds=material.folds,
            starter=material.starter,
        )  # fmt: skip
        with compilations_kept(terms.resources.compilation_cache):
            found = session.run(asked, console.say)
    unweighted = Unweighted(material.as_cut, class_weight, study.facts.width)
    again = Again(
        place.worker, place.duties, unweighted, terms.resources.memory_limit, epochs, terms.seed, terms.resources.isolate,
    )  # fmt: skip
    result = Result(folder, best_model=found.core, again=again, rows=material.rows)
    for line in ("", *outcome(result.summary())):
        console.say(line)
    return result
