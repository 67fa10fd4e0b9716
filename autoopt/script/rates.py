"""Learning rates: a schedule as Keras's own class where one fits exactly, else as a class in the script."""

from collections.abc import Sequence
from dataclasses import dataclass

from autoopt.schedules import (
    CYCLES,
    DECAY_RATE,
    DROP,
    DROPS,
    END,
    MIN_DELTA,
    PATIENCE,
    POWER,
    REDUCTION,
    RISE,
    START,
    Schedule,
)
from autoopt.script.expression import Expression, call, flat, listed, literal

SCHEDULES = "keras.optimizers.schedules"

WARM_UP = '''
class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """A rate that rises linearly for some steps, then follows another schedule."""

    def __init__(self, rate, steps, after):
        self.rate, self.steps, self.after = rate, steps, after

    def __call__(self, step):
        step = keras.ops.cast(step, "float32")
        rising = self.rate * (step + 1) / self.steps
        after = self.after(keras.ops.maximum(step - self.steps, 0))
        return keras.ops.where(step < self.steps, rising, after)

    def get_config(self):
        return {"rate": self.rate, "steps": self.steps, "after": self.after}
'''

WARM_UP_ONLY = '''
class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """A rate that rises linearly for some steps, then stays."""

    def __init__(self, rate, steps):
        self.rate, self.steps = rate, steps

    def __call__(self, step):
        step = keras.ops.cast(step, "float32")
        return self.rate * keras.ops.minimum((step + 1) / self.steps, 1.0)

    def get_config(self):
        return {"rate": self.rate, "steps": self.steps}
'''

WARM_UP_CALLBACK = '''
class WarmUp(keras.callbacks.Callback):
    """Has the learning rate rise linearly for some steps, before ReduceLROnPlateau has a say."""

    def __init__(self, rate, steps):
        super().__init__()
        self.rate, self.steps, self.step = rate, steps, 0

    def on_train_batch_begin(self, batch, logs=None):
        if self.step < self.steps:
            self.step += 1
            self.model.optimizer.learning_rate = self.rate * self.step / self.steps
'''


@dataclass(frozen=True)
class Rate:
    """A learning rate as a script has it.

    Attributes:
        value: What the optimizer is given.
        before: Statements in front of it, in the function that builds the model.
        definitions: Classes that it needs.
        callbacks: Callbacks of `fit` that it needs.
        needs_steps: Whether `value` depends on `total_steps`.
        callbacks_need_steps: Likewise `callbacks`.
    """

    value: Expression
    before: Sequence[str] = ()
    definitions: Sequence[str] = ()
    callbacks: Sequence[Expression] = ()
    needs_steps: bool = False
    callbacks_need_steps: bool = False


def rate_of(schedule: Schedule) -> Rate:
    """Return the rate of a schedule that the search knows."""
    alpha = literal(float(schedule.rate))
    warms = bool(schedule.rising)
    share = f"max(1, round({flat(literal(schedule.warmup))} * total_steps))"
    if schedule.name == "plateau":
        reduce = call(
            "keras.callbacks.ReduceLROnPlateau", monitor='"val_loss"', factor=literal(REDUCTION),
            patience=literal(PATIENCE), min_delta=literal(MIN_DELTA),
        )  # fmt: skip
        if not warms:
            return Rate(alpha, callbacks=[reduce])
        risen = call("WarmUp", alpha, share)
        return Rate(
            alpha, definitions=[WARM_UP_CALLBACK], callbacks=[risen, reduce], callbacks_need_steps=True
        )
    if not schedule.moves:
        return Rate(alpha)
    if not warms:
        return Rate(_keras(schedule.name, alpha, "total_steps"), needs_steps=True)
    before = [f"    warmup = {share}"]
    if schedule.name == "constant":
        return Rate(call("WarmUp", alpha, "warmup"), before, [WARM_UP_ONLY], needs_steps=True)
    # With fewer than two steps nothing is left to decay over.
    after = _keras(schedule.name, alpha, "left")
    before.append("    left = max(1, total_steps - warmup)")
    return Rate(call("WarmUp", alpha, "warmup", after), before, [WARM_UP], needs_steps=True)


def _keras(name: str, alpha: Expression, steps: str) -> Expression:
    """Return Keras's schedule of `steps` steps that is the same as ours at each of them.

    Args:
        name: Of `autoopt.schedules.SHAPES`, none that stands still.
        alpha: α.
        steps: The variable that says how many.
    """
    end, rise = (flat(literal(share)) for share in (END, RISE))
    if name == "step":
        # The last step before each drop: Keras counts a boundary to what is before it.
        places = [f"math.ceil({flat(literal(drop))} * {steps}) - 1" for drop in DROPS]
        values = [literal(float(flat(alpha)) * DROP**drops) for drops in range(len(DROPS) + 1)]
        return call(f"{SCHEDULES}.PiecewiseConstantDecay", listed(places), listed(values))
    if name == "one_cycle":
        return call(
            f"{SCHEDULES}.CosineDecay", literal(START * float(flat(alpha))), f"{flat(literal(1 - RISE))} * {steps}",
            alpha=end, warmup_target=alpha, warmup_steps=f"{rise} * {steps}",
        )  # fmt: skip
    if name == "linear":
        return call(f"{SCHEDULES}.PolynomialDecay", alpha, steps, end_learning_rate="0.0")
    if name == "polynomial":
        return call(
            f"{SCHEDULES}.PolynomialDecay", alpha, steps, end_learning_rate="0.0", power=literal(POWER)
        )
    if name == "exponential":
        return call(f"{SCHEDULES}.ExponentialDecay", alpha, steps, literal(DECAY_RATE))
    if name == "cosine_restarts":
        cycles = f"{steps} / {2**CYCLES - 1}"
        return call(f"{SCHEDULES}.CosineDecayRestarts", alpha, cycles, t_mul="2.0")
    return call(f"{SCHEDULES}.CosineDecay", alpha, steps)
