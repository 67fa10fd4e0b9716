"""tune(): the one call. Data, space, search, confirmation and the winner, in this order."""

import contextlib
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from autoopt import call, checks, class_weights, resuming, seeding, starters, storage
from autoopt.afterwards import Again, Unweighted
from autoopt.arguments import pythons
from autoopt.asked import Asked, asked_in_fit
from autoopt.constraints import Constraints
from autoopt.data import Dataset
from autoopt.engines import compilations_kept, dtype_policy
from autoopt.executors import RepeatingExecutor, executor_for, leaving_room, sharing
from autoopt.fingerprints import Fingerprint
from autoopt.hypermodel import AutoHyperModel
from autoopt.rehearsal import rehearse
from autoopt.reports import Background, Console, TensorBoard, discard, loading, outcome, own_sinks
from autoopt.resources import Resources
from autoopt.result import Result
from autoopt.search import (
    AUTO,
    DEFAULT_BUDGET,
    Ceiling,
    Limits,
    Partitions,
    Search,
    asked_epochs,
    check_several,
    epochs_for,
    explore,
    made,
    seconds,
    starting_points,
    trainings,
)  # fmt: skip
from autoopt.session import Session
from autoopt.space import Space
from autoopt.unloaded import tensorflow_unloaded
from autoopt.worker import Duties


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
    started = time.time()
    search = Search() if search is None else search
    resources = Resources() if resources is None else resources
    epochs, max_trials, workers, verbose, resume, objective = map(
        pythons, (epochs, max_trials, workers, verbose, resume, objective)
    )
    call.check({
        "epochs": epochs, "max_trials": max_trials, "budget": budget, "workers": workers, "resume": resume, "verbose": verbose,
        "seed": seed, "objective": objective, "logdir": logdir, "directory": directory, "search": search,
        "resources": resources, "constraints": constraints,
    })  # fmt: skip
    checks.callbacks_fit(callbacks)
    own = own_sinks(sinks)
    starters.check(model_fn)
    budget_seconds = seconds(DEFAULT_BUDGET if budget is None and max_trials is None else budget)
    earlier = storage.locate(directory, project_name, resume)
    known = earlier.read("run").get("epochs") if resume is True else None
    left_open, epochs = epochs == AUTO and known is None, asked_epochs(epochs, known)
    seed = seeding.checked(earlier.read("run").get("seed") if seed is None and resume is True else seed)
    with _reading_shown(verbose):
        dataset = Dataset.of(
            data, target=target, task=task, types=starters.types_for(model_fn, data, types), drop=drop, validation_data=validation_data, validation_split=validation_split, test_data=test_data,
            seed=seeding.derive(seed, seeding.SPLITTING), memory=resources.memory_limit,
        )  # fmt: skip
    if resume is True:
        checks.check_rows(earlier, dataset.rows)
    asked_for, rows = model_fn, dataset.rows
    model_fn = starters.for_data(asked_for, dataset)
    space, settled = checks.scheduled(Space.of(space), callbacks)
    policy = dtype_policy(resources.dtype_policy)
    weighted, as_cut = class_weights.applied(class_weight, dataset), dataset
    dataset = weighted.dataset
    partitions = None if search.cv is None else Partitions(dataset, search.cv, seed)
    dataset = dataset if partitions is None else partitions.noted()
    # What labels say of biases is said by weighed examples.
    counted = class_weights.weighed(dataset, weighted.weights)
    room = resources.room(sharing(workers, resources, dataset, model_fn, callbacks))
    hypermodel = AutoHyperModel(model_fn, space, counted, policy, room)
    facts = rehearse(hypermodel, dataset, objective)
    goal = facts.objective
    constraints = Constraints() if constraints is None else constraints
    compared = (goal, *facts.others)
    checks.goes_on(earlier, resume, seed, compared, epochs, constraints, hypermodel.space.fix)
    checks.trains_likewise(earlier, resume, dataset, search)
    if hypermodel.own_fit is not None and resume is True:
        hypermodel.own_fit.learn(asked_in_fit(earlier))
    whole_space = explore(hypermodel)
    unpinned = replace(hypermodel.space, fix={})
    pinned = checks.pinned(
        hypermodel, whole_space, facts.closed, facts.absent,
        lambda: explore(AutoHyperModel(model_fn, unpinned, counted, policy)),
    )  # fmt: skip
    start, adapted = starting_points(search.start, whole_space)
    begun = storage.Journal(earlier.journal, goal, read_only=True).trials() if resume is True else []
    made_of = Fingerprint.of(model_fn, hypermodel, as_cut)
    before = resuming.earlier(
        earlier, begun, resuming.Now(made_of, whole_space, class_weight, max_trials, budget_seconds)
    )
    search = made(replace(search, start=start), seed, max_trials, epochs, len(begun))
    ceiling = Ceiling(constraints, hypermodel, dataset)
    over = checks.within(ceiling, hypermodel, start, whole_space)
    several = check_several(search, compared)

    duties = Duties(
        model_fn, hypermodel.space, replace(dataset, rows=None), resources.engine, goal, callbacks, weighted.of_outputs(facts.width), policy,
        resources.compilation_cache, room, facts.score,
        assumed=isinstance(objective, str) and objective == "auto",
    )  # fmt: skip
    worker = duties.worker(hypermodel)
    deadline = None if budget_seconds is None else started - before.spent + budget_seconds
    executor, placed = executor_for(worker, duties, resources, workers, deadline)
    place = executor
    limits = Limits(
        max_trials, budget_seconds, started - before.spent, -(-search.confirmations // place.slots)
    )
    if search.cv is not None or search.executions_per_trial > 1:
        executor = RepeatingExecutor(
            executor, trainings(search, partitions, compared, begun), goal, facts.others
        )
    with contextlib.closing(executor):
        short = ""
        if left_open:
            each = search.executions_per_trial * (1 if partitions is None else len(partitions.cuts()))
            with compilations_kept(resources.compilation_cache):
                epochs, short = epochs_for(worker, place, limits, search, seed, each)
        folder = storage.create(directory, project_name, resume, resources.disk_limit)
        logs = Path(logdir) / folder.name
        # The logs of a run that was removed are of no other.
        if resume is not True or not earlier.read("run"):
            discard(logs)
        console = Console(verbose)
        session = Session(
            folder=folder, worker=worker, executor=executor,
            limits=limits, ceiling=ceiling,
            search=search, epochs=epochs, seed=seed, made_of=made_of, started=started, earlier=before,
            sinks=(console, Background(TensorBoard(logs)), *own), others=facts.others,
            folds=() if partitions is None else partitions.cuts(),
            starter=model_fn.func.__name__ if isinstance(asked_for, str) else "",
        )  # fmt: skip
        precision = (f"Models are built under the policy {policy}.",) if policy else ()
        folded = () if partitions is None else (partitions.note,)
        notes = (
            *([folder.note] if folder.note else []),
            *before.notes,
            *dataset.notes,
            *starters.taken(asked_for, model_fn),
            *folded,
            *facts.notes,
            *weighted.notes,
            *settled,
            *several,
            *precision,
            *pinned,
            *adapted,
            *over,
            *placed,
            *([short] if short else []),
            *checks.timed(executor.slots, compared, constraints),
        )
        asked = Asked(
            whole_space,
            facts.names,
            max_trials,
            budget_seconds,
            notes,
            {**before.written, "logs": str(logs.absolute())},
            rows,
        )
        with compilations_kept(resources.compilation_cache):
            found = session.run(asked, console.say)
    again = Again(
        worker,
        duties,
        Unweighted(as_cut, class_weight, facts.width),
        resources.memory_limit,
        epochs,
        seed,
        resources.isolate,
    )
    result = Result(folder, best_model=found.core, again=again, rows=rows)
    for line in ("", *outcome(result.summary())):
        console.say(line)
    return result


def _reading_shown(verbose: Any) -> contextlib.AbstractContextManager[None]:
    """Have a line on a terminal while data are read, unless nothing is to be printed."""
    if verbose == 0:
        return contextlib.nullcontext()
    from autoopt.data.files import watched  # readers load more than arrays need

    return watched(loading)
