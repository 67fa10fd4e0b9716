"""The Keras layers and operations that surgery understands, by what they do to a tensor.

What is not named here is left alone: its widths are frozen and no stage runs across it.
"""

from collections.abc import Mapping
from typing import Any, Literal

DENSE = frozenset({"Dense"})
DEPTHWISE = frozenset({"DepthwiseConv1D", "DepthwiseConv2D"})
TRANSPOSED = frozenset({"Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"})
FILTERED = frozenset({"Conv1D", "Conv2D", "Conv3D", "SeparableConv1D", "SeparableConv2D"})
CONVOLUTIONS = FILTERED | DEPTHWISE
KERNELS = DENSE | CONVOLUTIONS | TRANSPOSED
RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
CELLS = frozenset({"LSTM", "GRU", "SimpleRNN"})
ATTENTIONS = frozenset({"MultiHeadAttention", "GroupQueryAttention", "Attention", "AdditiveAttention"})
MAPPINGS = KERNELS | RECURRENT | {"EinsumDense", "Embedding", "MultiHeadAttention", "GroupQueryAttention"}
WRAPPERS = frozenset({"TimeDistributed", "Bidirectional"})

NORMALIZATIONS = frozenset(
    {
        "BatchNormalization",
        "LayerNormalization",
        "GroupNormalization",
        "RMSNormalization",
        "UnitNormalization",
    }
)
ACTIVATION_LAYERS = frozenset({"Activation", "ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax"})
ACTIVATION_OPERATIONS = frozenset(
    {"ops.Relu", "ops.Relu6", "ops.LeakyRelu", "ops.Gelu", "ops.Elu", "ops.Selu", "ops.Celu", "ops.Silu"}
    | {"ops.Sigmoid", "ops.HardSigmoid", "ops.HardSilu", "ops.HardTanh", "ops.LogSigmoid", "ops.Softplus"}
    | {"ops.Softsign", "ops.Tanh", "ops.TanhShrink", "ops.SoftShrink", "ops.HardShrink", "ops.Softmax"}
)
ACTIVATIONS = ACTIVATION_LAYERS | ACTIVATION_OPERATIONS
SPATIAL_DROPOUTS = frozenset(f"SpatialDropout{rank}D" for rank in (1, 2, 3))
DROPOUTS = SPATIAL_DROPOUTS | {
    "Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise", "ActivityRegularization",
}  # fmt: skip
POOLINGS = frozenset(f"{kind}Pooling{rank}D" for kind in ("Max", "Average") for rank in (1, 2, 3))
GLOBAL_POOLINGS = frozenset(f"Global{name}" for name in POOLINGS)
RESIZINGS = frozenset(
    f"{kind}{rank}D" for kind in ("ZeroPadding", "Cropping", "UpSampling") for rank in (1, 2, 3)
)
SCALINGS = frozenset({"Rescaling", "LayerScale", "StochasticDepth"})
MERGES = frozenset(
    {"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"}
    | {f"ops.{name}" for name in ("Add", "Subtract", "Multiply", "Divide", "Maximum", "Minimum")}
)

ADDITIONS = frozenset({"Add", "ops.Add"})
"""What a residual block ends with."""

FOLLOWERS = NORMALIZATIONS | ACTIVATIONS | DROPOUTS | POOLINGS
"""What may stand in a segment behind its weighted layer."""

KEEPING = (
    FOLLOWERS | GLOBAL_POOLINGS | RESIZINGS | SCALINGS | frozenset({"Identity", "Masking", "RepeatVector"})
)
"""What hands on the last axis of its input as it is."""


def kind(entry: Mapping[str, Any]) -> str:
    """Name what a layer's configuration is: Keras's class, `"ops.X"` for an operation, `""` otherwise."""
    module = entry["module"] or ""  # a class of a script's own has no module
    if module == "keras.layers" and not entry.get("registered_name"):
        return str(entry["class_name"])
    if module.startswith("keras.src.ops."):
        return f"ops.{entry['class_name']}"
    if module == "keras.src.applications.convnext":
        return str(entry["class_name"])
    return ""


def inner(entry: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """Return the configurations of the layers that a wrapper runs, or a layer's own; they are alike."""
    if kind(entry) not in WRAPPERS:
        return (entry["config"],)
    wrapped = (entry["config"].get(key) for key in ("layer", "backward_layer"))
    return tuple(layer["config"] for layer in wrapped if layer)


def wrapped_kind(entry: Mapping[str, Any]) -> str:
    """Name what a layer does, a wrapper what its layer does."""
    named = kind(entry)
    return kind(entry["config"]["layer"]) if named in WRAPPERS else named


def stage_kind(entry: Mapping[str, Any]) -> Literal["dense", "conv", "recurrent", ""]:
    """Name the kind of stage that a layer may be in by itself."""
    named = wrapped_kind(entry)
    if kind(entry) == "Bidirectional" and entry["config"]["merge_mode"] is None:
        return ""
    if any(config.get("data_format") == "channels_first" for config in inner(entry)):
        return ""
    if named in DENSE:
        return "dense"
    if named in CONVOLUTIONS:
        return "conv"
    return "recurrent" if named in RECURRENT else ""


def closed(entry: Mapping[str, Any]) -> bool:
    """Whether a layer is left as it is: models inside the model, frozen layers, recurrent ones that hand on their state."""
    configs = (entry["config"], *inner(entry))
    return "layers" in entry["config"] or any(
        config.get("return_state") or config.get("stateful") or config.get("trainable") is False
        for config in configs
    )
