"""Setup: what `tune` sets up before a session runs: its terms, its material, its study, its place, in this order."""

from autoopt.setup.material import Material as Material
from autoopt.setup.place import Place as Place
from autoopt.setup.study import Study as Study
from autoopt.setup.terms import Terms as Terms
