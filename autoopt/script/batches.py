"""Batches whose images are changed while they train: the class of a script that makes them."""

from autoopt.recipe import Settings
from autoopt.script.expression import Call, call, flat, laid_out, listed, literal, text

BATCHES = '''
class Batches(keras.utils.PyDataset):
    """Batches in a new order each epoch, their images changed by chance."""

    def __init__(self, x, y, batch_size):
        super().__init__()
        self.x, self.y, self.batch_size = x, y, batch_size
        self.random = np.random.default_rng(SEED)
{layers}        self.on_epoch_end()

    def __len__(self):
        return math.ceil(len(self.x) / self.batch_size)

    def on_epoch_end(self):
        self.order = self.random.permutation(len(self.x))

    def __getitem__(self, index):
        rows = self.order[index * self.batch_size :][: self.batch_size]
        images, labels = self.x[rows], self.y[rows]
{changes}'''

MOVED = "        images = keras.ops.convert_to_numpy(self.changed(images, training=True))\n"

MIXED = """\
        share = self.random.beta({alpha}, {alpha})
        images = share * images + (1 - share) * np.roll(images, 1, axis=0)
        # Each mixture counts twice: once for each of its labels, by that one's share.
        images = np.concatenate([images, images])
        labels = np.concatenate([labels, np.roll(labels, 1, axis=0)])
        weights = np.repeat([2 * share, 2 - 2 * share], len(rows))
"""

WEIGHED = """\
        numbers = labels.argmax(-1) if labels.ndim > 1 and labels.shape[-1] > 1 else labels.ravel()
        weights *= [CLASS_WEIGHT.get(int(number), 1.0) for number in numbers]
"""


def changes(settings: Settings) -> bool:
    """Whether training changes images."""
    return bool((settings.flip or "none") != "none" or settings.shift or settings.rotation or settings.mixup)


def batches(settings: Settings, weighed: bool) -> str:
    """Return the class.

    Args:
        settings: Say what is done to images.
        weighed: Whether classes weigh.
    """
    moved = _layers(settings)
    made = call("keras.Sequential", listed(moved))
    note = (
        ""
        if not settings.shift
        else "        # The search shifted by whole pixels; these layers shift between them, too.\n"
    )
    layers = note + "\n".join(laid_out(made, 8, "self.changed = ")) + "\n" if moved else ""
    done = MOVED if moved else ""
    if settings.mixup:
        done += MIXED.format(alpha=flat(literal(settings.mixup)))
        done += WEIGHED if weighed else ""
    ending = (
        "        return images, labels, weights\n" if settings.mixup else "        return images, labels\n"
    )
    return BATCHES.format(layers=layers, changes=done + ending)


def _layers(settings: Settings) -> list[Call]:
    """Return Keras's layers that flip, turn and shift, in the order of the search."""
    filled, found = {"fill_mode": text("reflect")}, []
    if (settings.flip or "none") != "none":
        found.append(call("layers.RandomFlip", text(str(settings.flip))))
    if settings.rotation:
        found.append(call("layers.RandomRotation", literal(settings.rotation), **filled))
    if settings.shift:
        share = literal(settings.shift)
        found.append(call("layers.RandomTranslation", share, share, **filled))
    return found
