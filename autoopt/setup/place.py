"""Place: where trials train, and how long."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from autoopt.engines import compilations_kept
from autoopt.executors import Executor, RepeatingExecutor, executor_for
from autoopt.search import Limits, epochs_for, trainings
from autoopt.setup.material import Material
from autoopt.setup.study import Study
from autoopt.setup.terms import Terms
from autoopt.worker import Duties, Worker


@dataclass(frozen=True)
class Place:
    """Workers, and when they end. Whoever made it closes it.

    Attributes:
        worker: What trains in this process.
        duties: The same, as other processes are told.
        trained: Where one training runs.
        executor: Where a trial runs, which may be several trainings.
        limits: When the search ends.
        notes: What is to be said of it, one sentence each.
    """

    worker: Worker
    duties: Duties
    trained: Executor
    executor: Executor
    limits: Limits
    notes: Sequence[str]

    @classmethod
    def of(cls, terms: Terms, material: Material, study: Study) -> "Place":
        """Start what trains.

        Raises:
            UsageError: Trials cannot run there.
        """
        facts, resources, objective = study.facts, terms.resources, terms.given["objective"]
        duties = Duties(
            material.model_fn, study.hypermodel.space, replace(material.dataset, rows=None), resources.engine, facts.objective,
            terms.given["callbacks"], material.weighted.of_outputs(facts.width), study.policy, resources.compilation_cache, study.room,
            facts.score, assumed=isinstance(objective, str) and objective == "auto",
        )  # fmt: skip
        worker, begun = duties.worker(study.hypermodel), terms.started - study.before.spent
        deadline = None if terms.budget is None else begun + terms.budget
        trained, notes = executor_for(worker, duties, resources, terms.workers, deadline)
        limits = Limits(
            terms.max_trials, terms.budget, begun, -(-study.search.confirmations // trained.slots)
        )
        executor = trained
        if study.search.cv is not None or study.search.executions_per_trial > 1:
            plan = trainings(study.search, material.partitions, study.compared, study.begun)
            executor = RepeatingExecutor(trained, plan, facts.objective, facts.others)
        return cls(worker, duties, trained, executor, limits, notes)

    def close(self) -> None:
        """End what trains."""
        self.executor.close()

    def epochs(self, terms: Terms, material: Material, study: Study) -> tuple[int, Sequence[str]]:
        """Return how many epochs a trial has, and what is to be said of that."""
        if not terms.left_open:
            return terms.epochs, ()
        each = study.search.executions_per_trial * max(1, len(material.folds))
        with compilations_kept(terms.resources.compilation_cache):
            epochs, short = epochs_for(self.worker, self.trained, self.limits, study.search, terms.seed, each)
        return epochs, (short,) if short else ()
