"""One epoch of the dense net in plain TensorFlow: a `tf.function` under XLA, Adam written out."""

import tensorflow as tf

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-7


def program(batch: int, train, validation):
    """Return an epoch: `(state, rate, l2, order) -> (state, [loss, accuracy, val_loss, val_accuracy])`.

    Args:
        batch: Examples a step; the last step takes what is left over.
        train: `(x, y)`, placed on the device once.
        validation: Likewise.
    """
    x, y = (tf.constant(array) for array in train)
    n, full = len(train[1]), len(train[1]) // batch
    held_out = [tf.constant(array) for array in validation]

    @tf.function(jit_compile=True)
    def epoch(state, rate, l2, order):
        def step(state, sums, rows):
            return _step(state, sums, rate, l2, tf.gather(x, rows), tf.gather(y, rows))

        def body(i, state, sums):
            return i + 1, *step(state, sums, tf.slice(order, [i * batch], [batch]))

        sums = tf.zeros(2)
        _, state, sums = tf.while_loop(lambda i, *_: i < full, body, (0, state, sums))
        if n % batch:
            state, sums = step(state, sums, order[full * batch :])
        loss, correct = _loss(state[0], l2, *held_out)
        return state, tf.concat([sums / n, [loss, tf.reduce_mean(correct)]], 0)

    return epoch


def _step(state, sums, rate, l2, x, y):
    """Take one step of Adam (Kingma & Ba 2015), as Keras writes it; add to the sums of loss and accuracy."""
    weights, first, second, count = state
    with tf.GradientTape() as tape:
        tape.watch(weights)
        loss, correct = _loss(weights, l2, x, y)
    slopes = tape.gradient(loss, weights)
    count = count + 1
    alpha = rate * tf.sqrt(1 - BETA2**count) / (1 - BETA1**count)
    first = [m + (g - m) * (1 - BETA1) for m, g in zip(first, slopes, strict=True)]
    second = [v + (g * g - v) * (1 - BETA2) for v, g in zip(second, slopes, strict=True)]
    weights = [w - alpha * m / (tf.sqrt(v) + EPSILON) for w, m, v in zip(weights, first, second, strict=True)]
    sums = sums + tf.stack([loss * len(y), tf.reduce_sum(correct)])
    return (weights, first, second, count), sums


def _loss(weights, l2, x, y):
    """Return the mean loss with its penalty, and which examples are right."""
    k1, b1, k2, b2, k3, b3 = weights
    hidden = tf.nn.relu(tf.nn.relu(x @ k1 + b1) @ k2 + b2)
    logits = hidden @ k3 + b3
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits)
    correct = tf.cast(tf.argmax(logits, 1, output_type=tf.int32) == y, tf.float32)
    return tf.reduce_mean(losses) + l2 * (tf.reduce_sum(k1**2) + tf.reduce_sum(k2**2)), correct
