"""What trials cost by a fixed model: no clock decides what is tried, so that equal seeds give equal tables.

The unit is one weight times one example. `python -m benchmarks cost` fits the constants.
"""

A_STEP = 800_000
"""What a step costs beside its arithmetic: dense nets in `python -m benchmarks xla`."""

A_PROGRAM, A_LAYER = 2_000_000_000, 700_000_000
"""What it costs to trace and compile a program, and for each layer in it."""


def epoch_price(steps: int, examples: int | None, parameters: int) -> float:
    """Return what an epoch costs.

    Args:
        steps: Batches an epoch.
        examples: Examples an epoch, None where that is not known.
        parameters: Weights of the model.
    """
    return steps * A_STEP + float(examples or 0) * parameters


def program_price(layers: int) -> float:
    """Return what it costs to make the program of a model of so many layers."""
    return float(A_PROGRAM + layers * A_LAYER)
