"""One epoch of the dense net in plain JAX: a jitted `lax.scan`, Adam written out."""

import jax
import jax.numpy as jnp

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-7


def program(batch: int, train, validation):
    """Return an epoch: `(state, rate, l2, order) -> (state, [loss, accuracy, val_loss, val_accuracy])`.

    Args:
        batch: Examples a step; the last step takes what is left over.
        train: `(x, y)`, placed on the device once.
        validation: Likewise.
    """
    n, full = len(train[1]), len(train[1]) // batch

    @jax.jit
    def epoch(data, state, rate, l2, order):
        x, y, x_val, y_val = data

        def step(carry, rows):
            return _step(*carry, rate, l2, x[rows], y[rows]), None

        carry = (state, jnp.zeros(2))
        carry, _ = jax.lax.scan(step, carry, order[: full * batch].reshape(full, batch))
        if n % batch:
            carry, _ = step(carry, order[full * batch :])
        state, sums = carry
        loss, correct = _loss(state[0], l2, x_val, y_val)
        return state, jnp.concatenate([sums / n, jnp.stack([loss, correct.mean()])])

    placed = tuple(jax.device_put(array) for array in (*train, *validation))
    return lambda *inputs: epoch(placed, *inputs)


def _step(state, sums, rate, l2, x, y):
    """Take one step of Adam (Kingma & Ba 2015), as Keras writes it; add to the sums of loss and accuracy."""
    weights, first, second, count = state
    (loss, correct), slopes = jax.value_and_grad(_loss, has_aux=True)(weights, l2, x, y)
    count = count + 1
    alpha = rate * jnp.sqrt(1 - BETA2**count) / (1 - BETA1**count)
    first = [m + (g - m) * (1 - BETA1) for m, g in zip(first, slopes, strict=True)]
    second = [v + (g * g - v) * (1 - BETA2) for v, g in zip(second, slopes, strict=True)]
    weights = [
        w - alpha * m / (jnp.sqrt(v) + EPSILON) for w, m, v in zip(weights, first, second, strict=True)
    ]
    sums = sums + jnp.stack([loss * len(y), correct.sum()])
    return (weights, first, second, count), sums


def _loss(weights, l2, x, y):
    """Return the mean loss with its penalty, and which examples are right."""
    k1, b1, k2, b2, k3, b3 = weights
    hidden = jax.nn.relu(jax.nn.relu(x @ k1 + b1) @ k2 + b2)
    chances = jax.nn.log_softmax(hidden @ k3 + b3)
    losses = -jnp.take_along_axis(chances, y[:, None], axis=1)
    correct = (chances.argmax(axis=1) == y).astype("float32")
    return losses.mean() + l2 * ((k1**2).sum() + (k2**2).sum()), correct
