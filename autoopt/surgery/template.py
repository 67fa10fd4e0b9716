"""The records of this room: what is read of a model, and the changes that are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from autoopt.errors import SpaceError

Shape = tuple[int | None, ...]


class SurgeryError(SpaceError):
    """An edit that the model does not have room for, or a model that cannot be rebuilt."""


@dataclass(frozen=True)
class Stage:
    """Consecutive hidden segments of one kind: a weighted layer each, with what follows it, or a block.

    Attributes:
        name: `"dense"`, `"conv"`, or `"dense_1"`, `"conv_2"`, … when there are several of one kind.
        kind: What its segments are; `"block"` is any group of layers with one way in and one way out.
        depth: Segments as written.
        min_depth: Fewest segments that can be asked for.
        max_depth: Most segments that can be asked for.
        open_width: Whether its widths can be multiplied.
        layers: Names of its weighted layers, in order.
        activation: Activations that it could have in place of those as written.
        normalization: Likewise, of `"none"`, `"batch"` and `"layer"`.
    """

    name: str
    kind: Literal["dense", "conv", "recurrent", "attention", "block"]
    depth: int
    min_depth: int
    max_depth: int
    open_width: bool
    layers: tuple[str, ...]
    activation: tuple[str, ...] = ()
    normalization: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ending:
    """How an output of a model comes about: a layer's bias is added, then comes at most one activation.

    Attributes:
        output: What a dict of labels calls it.
        layer: Name of the layer whose bias it is.
        units: How many numbers the bias has.
        activation: `"softmax"`, `"sigmoid"`, another of Keras's names, or `"linear"`.
    """

    output: str
    layer: str
    units: int
    activation: str


@dataclass(frozen=True)
class Template:
    """What can be edited of a user's model.

    Attributes:
        config: Flat Functional configuration, None where the model cannot be rebuilt from one.
        sequential: Whether the model was a `keras.Sequential`; then one is handed back.
        stages: Where depth and width may change, in the order of the model.
        reason: Why the structure is closed; empty where it is open.
        kernels: Hidden layers whose kernel regularizer may be set.
        fresh: Those of them whose kernel initializer may be set.
        initializers: What those start from as written, each in Keras's words, without seeds.
        endings: For each output, how it comes about; None where no free bias decides where it starts.
        l1: The L1 factor that all kernels share as written (0.0: none), None where they differ.
        l2: Likewise for L2.
        dropout: The rate that all Dropout layers share as written (0.0: no such layer), None where
            they differ, or where there is no such layer and no place for one.
        spatial_dropout: Likewise of SpatialDropout layers, whose place is behind convolutions.
        max_norm: 0.0 where there are kernels without a constraint, None where there are none.
        output_shapes: Shapes of the outputs, batch axis included, which no edit may change.
        pooling: How its one image or sequence could become a vector, in place of the way as written.
    """

    config: Mapping[str, Any] | None
    sequential: bool = False
    stages: tuple[Stage, ...] = ()
    reason: str = ""
    kernels: tuple[str, ...] = ()
    fresh: tuple[str, ...] = ()
    initializers: frozenset[str] = frozenset()
    endings: tuple[Ending | None, ...] = ()
    l1: float | None = None
    l2: float | None = None
    dropout: float | None = None
    spatial_dropout: float | None = None
    max_norm: float | None = None
    output_shapes: tuple[Shape, ...] = ()
    pooling: tuple[str, ...] = ()


@dataclass(frozen=True)
class Edits:
    """Changes to a template; what is None or not named stays as written.

    Attributes:
        depth: Stage name to segments.
        width: Stage name to multiplier of its widths.
        initializer: Keras's name of the initializer of all fresh kernels, such as `"he_normal"`.
        initializer_scale: σ of `"truncated_normal"`, Keras's `stddev`.
        l1: L1 factor of all kernels.
        l2: L2 factor of all kernels.
        dropout: Rate of all Dropout layers; they are inserted where the model has none.
        spatial_dropout: Likewise of all SpatialDropout layers.
        max_norm: Largest norm of the weights into a unit, of kernels without a constraint; 0 for none.
        activation: Stage name to the activation of its hidden layers.
        normalization: Stage name to `"none"`, `"batch"` or `"layer"`.
        pooling: `"flatten"`, `"average"` or `"max"`: how an image or a sequence becomes a vector.
    """

    depth: Mapping[str, int] = field(default_factory=dict)
    width: Mapping[str, float] = field(default_factory=dict)
    initializer: str | None = None
    initializer_scale: float | None = None
    l1: float | None = None
    l2: float | None = None
    dropout: float | None = None
    spatial_dropout: float | None = None
    max_norm: float | None = None
    activation: Mapping[str, str] = field(default_factory=dict)
    normalization: Mapping[str, str] = field(default_factory=dict)
    pooling: str | None = None
