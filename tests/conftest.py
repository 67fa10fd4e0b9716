"""How Python collects garbage while tests run: models make so much of it that looking for it takes a twentieth."""

import gc

gc.set_threshold(20_000, 20, 20)
