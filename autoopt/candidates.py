"""From a recipe to what engines train: which program serves it, and which numbers that program is given."""

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import keras
import numpy as np

from autoopt import compiling, initial, seeding, surgery
from autoopt.engines import Augmentation, Candidate, Knobs, repace
from autoopt.engines.twin import Remains, build, remains, written_by_keras
from autoopt.optimizers import Plan


@dataclass(frozen=True)
class Start:
    """Where the weights of a training start.

    Attributes:
        seed: Where initial weights and random states come from.
        edits: The parent's changes to the user's model; None where there is no parent.
        weights: The parent's, in Keras's order.
        biases: Output layer to where its bias starts, of those that do not start as written.
    """

    seed: int
    edits: surgery.Edits | None = None
    weights: Sequence[np.ndarray] = ()
    biases: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Twins:
    """What is known of the user's model that lets other models be made from its configuration alone.

    Attributes:
        template: What can be edited of it.
        compilation: Its loss and metrics.
        layers: Name of each layer.
        kept: Weights that every training starts from; None where weights cannot be drawn without `users`.
        users: Builds the user's model.
        penalties: Whether penalties are searched: then every kernel has one in every program.
        adapted: The user's own hyperparameters where layers have adapted to data: what they learnt is a
            constant of the program that no configuration tells.
    """

    template: surgery.Template
    compilation: compiling.Compilation
    layers: tuple[str, ...]
    kept: initial.Kept | None
    users: Callable[[], keras.Model]
    penalties: bool
    adapted: Hashable = ()

    def candidate(
        self, edits: surgery.Edits, plan: Plan, plain: Callable[[], keras.Model], start: Start
    ) -> Candidate:
        """Return a candidate whose settings are inputs of its program.

        Args:
            edits: Changes to the user's model.
            plan: The optimizer.
            plain: Builds the compiled plain model.
            start: Where its weights start.
        """
        found = remains(surgery.edited(self.template, edits, self.penalties))

        def drawn(twin: keras.Model) -> list[np.ndarray]:
            names = _renamed(twin, found)
            return self._carried(twin, self._drawn(twin, found, edits, start, names), edits, start, names)

        return Candidate(
            plain=plain,
            key=(found.key, self.compilation.key, plan.key, self.adapted),
            twin=lambda knobs: self._twin(found, edits, plan, knobs),
            knobs={**found.knobs, **plan.inputs},
            rates=plan.rates,
            initial=None if self.kept is None else drawn,
            seed=start.seed,
            averaged=plan.averaged,
        )

    def draw(
        self, model: keras.Model, edits: surgery.Edits, start: Start, names: Mapping[str, str]
    ) -> list[np.ndarray] | None:
        """Return the weights that a training without a parent starts from, None where only building gives them.

        Args:
            model: Any with these edits.
            edits: Changes to the user's model.
            start: Where the draws come from.
            names: Name of a layer in `model` to its name in the template, where they differ.
        """
        if self.kept is None:
            return None
        found = remains(surgery.edited(self.template, edits, self.penalties))
        return self._drawn(model, found, edits, start, names)

    def inherited(
        self, model: keras.Model, edits: surgery.Edits, start: Start, names: Mapping[str, str]
    ) -> list[np.ndarray]:
        """Return the weights that a model with initial weights takes over from its parent, by position.

        Args:
            model: As it starts fresh.
            edits: Changes to the user's model.
            start: The parent.
            names: Name of a layer in `model` to its name in the template, where they differ.
        """
        return self._carried(model, [weight.numpy() for weight in model.weights], edits, start, names)

    def _carried(
        self, model: keras.Model, drawn: list[np.ndarray], edits: surgery.Edits, start: Start,
        names: Mapping[str, str],
    ) -> list[np.ndarray]:  # fmt: skip
        if start.edits is None:
            return drawn
        with seeding.seeded(start.seed):  # its own initial weights, which are of no use
            parent = surgery.rebuild(self.template, start.edits)
        before = surgery.Net(surgery.edited(self.template, start.edits), parent, start.weights)
        after = surgery.Net(surgery.edited(self.template, edits), model, drawn, names)
        return list(surgery.carried(before, after, start.seed).arrays)

    def _drawn(
        self, model: keras.Model, found: Remains, edits: surgery.Edits, start: Start, names: Mapping[str, str]
    ) -> list[np.ndarray]:
        fresh = surgery.redrawn(self.template, edits)
        kept = {place: value for place, value in (self.kept or {}).items() if place[0] not in fresh}
        kept |= {(name, "bias"): np.array(bias, "float32") for name, bias in start.biases.items()}
        return initial.draw(model, found.initializers, kept, start.seed, names)

    def _twin(self, found: Remains, edits: surgery.Edits, plan: Plan, knobs: Knobs) -> keras.Model:
        twin, users = build(found, knobs), self.users()
        twin.written = _layer_names(found)
        layers = dict(zip(self.layers, users.layers, strict=True))
        surgery.inherit(twin, layers, frozenset())  # for what layers have adapted to; weights are set later
        found_own = compiling.compilation(users)
        # Metrics of the user's own class have to be this model's alone: another may be training.
        own = self.compilation if found_own is None else compiling.with_accuracy(found_own)
        own.apply(twin, plan.traced(knobs), shared=self.compilation)
        twin.optimizer.build(twin.trainable_variables)
        return twin


def _layer_names(found: Remains) -> tuple[str, ...]:
    return tuple(entry["config"]["name"] for entry in found.config["layers"])


def _renamed(twin: keras.Model, found: Remains) -> Mapping[str, str]:
    """Return how layers of a twin are called in other remains of its key: Keras counts their names up."""
    return dict(zip(twin.written, _layer_names(found), strict=True))


def rebuildable(template: surgery.Template) -> bool:
    """Whether the configuration of a model says everything about it: all its layers are Keras's own."""
    return template.config is not None and all(map(written_by_keras, template.config["layers"]))


def as_it_is(
    values: Any, edits: surgery.Edits, plan: Plan, plain: Callable[[], keras.Model],
    twin: Callable[[Any], keras.Model], seed: int,
) -> Candidate:  # fmt: skip
    """Return a candidate whose program is made of the plain model itself: its settings are constants.

    Args:
        values: The user's own hyperparameters, and which layers train where the candidate says so.
        edits: Changes to the user's model.
        plan: The optimizer.
        plain: Builds the compiled plain model.
        twin: Builds it with another optimizer; None keeps its own.
        seed: Where random states come from.
    """
    constants = {name: value for name, value in asdict(edits).items() if not name.startswith("initializer")}
    traced = plan.traceable
    key = (json.dumps([values, constants], sort_keys=True, default=str), plan.key if traced else repr(plan))

    def made(knobs: Knobs) -> keras.Model:
        model = twin(plan.traced(knobs) if traced else None)
        if traced:
            repace(model.optimizer, knobs)
        model.optimizer.build(model.trainable_variables)
        return model

    return Candidate(
        plain, key, made, knobs=plan.inputs if traced else {}, rates=plan.rates if traced else None, seed=seed,
        averaged=plan.averaged,
    )  # fmt: skip


def augmented(candidate: Candidate, wanted: Augmentation) -> Candidate:
    """Return a candidate whose images are augmented in training; how much is an input of its program."""
    if not wanted.parts:
        return candidate
    knobs = {**candidate.knobs, "augmentation": wanted.strengths}
    return replace(candidate, key=(candidate.key, wanted.parts), knobs=knobs, augmentation=wanted)
