"""What trials cost by a fixed model: no clock decides what is tried, so that equal seeds give equal tables.

The unit is one multiplication. `python -m benchmarks cost` fits the constants.
"""

A_STEP = 600_000
"""What a step costs beside its arithmetic."""

A_PROGRAM, A_LAYER = 9_500_000_000, 2_500_000_000
"""What it costs to trace and compile a program, and for each layer in it: between TensorFlow's and JAX's."""


def epoch_price(steps: int, examples: int | None, products: int) -> float:
    """Return what an epoch costs.

    Args:
        steps: Batches an epoch.
        examples: Examples an epoch, None where that is not known.
        products: Multiplications of a prediction of one example, as `autoopt.surgery.products` counts them.
    """
    return steps * A_STEP + float(examples or 0) * products


def program_price(layers: int) -> float:
    """Return what it costs to make the program of a model of so many layers."""
    return float(A_PROGRAM + layers * A_LAYER)
