"""The Keras layers and operations that surgery understands, by what they do to a tensor.

What is not named here is left alone: its widths are frozen and no stage runs across it.
"""

from collections.abc import Mapping
from typing import Any

DENSE = frozenset({"Dense"})
DEPTHWISE = frozenset({"DepthwiseConv1D", "DepthwiseConv2D"})
TRANSPOSED = frozenset({"Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"})
FILTERED = frozenset({"Conv1D", "Conv2D", "Conv3D", "SeparableConv1D", "SeparableConv2D"})
CONVOLUTIONS = FILTERED | DEPTHWISE
KERNELS = DENSE | CONVOLUTIONS | TRANSPOSED
RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
MAPPINGS = KERNELS | RECURRENT | {"EinsumDense", "Embedding", "MultiHeadAttention", "GroupQueryAttention"}

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
DROPOUTS = frozenset(
    {"Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise", "ActivityRegularization"}
    | {f"SpatialDropout{rank}D" for rank in (1, 2, 3)}
)
POOLINGS = frozenset(f"{kind}Pooling{rank}D" for kind in ("Max", "Average") for rank in (1, 2, 3))
GLOBAL_POOLINGS = frozenset(f"Global{name}" for name in POOLINGS)
RESIZINGS = frozenset(
    f"{kind}{rank}D" for kind in ("ZeroPadding", "Cropping", "UpSampling") for rank in (1, 2, 3)
)
MERGES = frozenset(
    {"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"}
    | {f"ops.{name}" for name in ("Add", "Subtract", "Multiply", "Divide", "Maximum", "Minimum")}
)

FOLLOWERS = NORMALIZATIONS | ACTIVATIONS | DROPOUTS | POOLINGS
"""What may stand in a segment behind its weighted layer."""

KEEPING = FOLLOWERS | GLOBAL_POOLINGS | RESIZINGS | frozenset({"Identity", "Masking", "RepeatVector"})
"""What hands on the last axis of its input as it is."""


def kind(entry: Mapping[str, Any]) -> str:
    """Name what a layer's configuration is: Keras's class, `"ops.X"` for an operation, `""` otherwise."""
    if entry["module"] == "keras.layers" and not entry.get("registered_name"):
        return str(entry["class_name"])
    if (entry["module"] or "").startswith("keras.src.ops."):  # a class of a script's own has no module
        return f"ops.{entry['class_name']}"
    return ""
