"""What holds for all tests: garbage is looked for less often, and examples of Hypothesis may take their time."""

import gc

from hypothesis import settings

gc.set_threshold(20_000, 20, 20)  # models make so much of it that looking for it took a twentieth

settings.register_profile("untimed", deadline=None)  # the machine may be busy with something else
settings.load_profile("untimed")
