"""Study: what is found out of a model before its first trial: what it may become, what is compared, where a run goes on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import keras_tuner

from autoopt import checks, resuming, storage
from autoopt.asked import asked_in_fit
from autoopt.engines import dtype_policy
from autoopt.executors import sharing
from autoopt.fingerprints import Fingerprint
from autoopt.hypermodel import AutoHyperModel
from autoopt.records import Objective, Trial
from autoopt.rehearsal import Facts, rehearse
from autoopt.search import Ceiling, Search, check_several, explore, made, starting_points
from autoopt.setup.material import Material
from autoopt.setup.terms import Terms
from autoopt.space import Space


@dataclass(frozen=True)
class Study:
    """What is known of a model that has been tried out, and of the run that it belongs to.

    Attributes:
        hypermodel: The model with its space.
        facts: What trying it out told.
        policy: Precision that models are built under; None leaves it.
        room: Bytes that a candidate may take; None where that is not known.
        space: The whole search space, with the values of the user's own model.
        search: How trials are proposed, with its oracle and starting points.
        ceiling: What candidates may cost.
        begun: Trials of earlier sessions.
        before: What else those left.
        made_of: What tells model and data from others.
        notes: What was decided, one sentence each.
    """

    hypermodel: AutoHyperModel
    facts: Facts
    policy: str | None
    room: int | None
    space: keras_tuner.HyperParameters
    search: Search
    ceiling: Ceiling
    begun: Sequence[Trial]
    before: resuming.Earlier
    made_of: Fingerprint
    notes: Sequence[str]

    @classmethod
    def of(cls, terms: Terms, material: Material) -> "Study":
        """Try out a model, and see that everything asked for fits it.

        Raises:
            UsageError: Something does not; nothing has been trained.
        """
        callbacks = terms.given["callbacks"]
        space, settled = checks.scheduled(Space.of(terms.given["space"]), callbacks)
        policy = dtype_policy(terms.resources.dtype_policy)
        sharers = sharing(terms.workers, terms.resources, material.dataset, material.model_fn, callbacks)
        room = terms.resources.room(sharers)
        hypermodel = AutoHyperModel(material.model_fn, space, material.counted, policy, room)
        facts = rehearse(hypermodel, material.dataset, terms.given["objective"])
        _check_goes_on(terms, material, hypermodel, facts)
        whole = explore(hypermodel)
        pinned = _pinned(hypermodel, whole, facts, material, policy)
        start, adapted = starting_points(terms.search.start, whole)
        begun = (
            storage.Journal(terms.earlier.journal, facts.objective, read_only=True).trials()
            if terms.goes_on
            else []
        )
        made_of = Fingerprint.of(material.model_fn, hypermodel, material.as_cut)
        now = resuming.Now(made_of, whole, terms.given["class_weight"], terms.max_trials, terms.budget)
        before = resuming.earlier(terms.earlier, begun, now)
        search = made(
            replace(terms.search, start=start), terms.seed, terms.max_trials, terms.epochs, len(begun)
        )
        ceiling = Ceiling(terms.constraints, hypermodel, material.dataset)
        over = checks.within(ceiling, hypermodel, start, whole)
        several = check_several(search, _compared(facts))
        precision = (f"Models are built under the policy {policy}.",) if policy else ()
        said = (
            *facts.notes,
            *material.weighted.notes,
            *settled,
            *several,
            *precision,
            *pinned,
            *adapted,
            *over,
        )
        return cls(hypermodel, facts, policy, room, whole, search, ceiling, begun, before, made_of, said)

    @property
    def compared(self) -> Sequence[Objective]:
        """What is compared, the one first that decides which epoch of a trial is its best."""
        return _compared(self.facts)


def _compared(facts: Facts) -> Sequence[Objective]:
    return (facts.objective, *facts.others)


def _check_goes_on(terms: Terms, material: Material, hypermodel: AutoHyperModel, facts: Facts) -> None:
    """See that a run goes on as it was begun, and have a `fit` of the user's own know what it asked for there."""
    earlier, resume = terms.earlier, terms.given["resume"]
    checks.goes_on(
        earlier, resume, terms.seed, _compared(facts), terms.epochs, terms.constraints, hypermodel.space.fix
    )
    checks.trains_likewise(earlier, resume, material.dataset, terms.search)
    if hypermodel.own_fit is not None and terms.goes_on:
        hypermodel.own_fit.learn(asked_in_fit(earlier))


def _pinned(
    hypermodel: AutoHyperModel,
    whole: keras_tuner.HyperParameters,
    facts: Facts,
    material: Material,
    policy: str | None,
) -> Sequence[str]:
    """See that what is pinned is there to be pinned, and return what is to be said of it."""

    def unpinned() -> keras_tuner.HyperParameters:
        space = replace(hypermodel.space, fix={})
        return explore(AutoHyperModel(material.model_fn, space, material.counted, policy))

    return checks.pinned(hypermodel, whole, facts.closed, facts.absent, unpinned)
