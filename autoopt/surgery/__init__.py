"""How a Keras model is edited: read what may change, rebuild it with the changes.

The JSON of one flat Functional is edited and built anew; weights are nobody's business here.
"""

from autoopt.surgery.activation import ACTIVATIONS
from autoopt.surgery.builder import edited, rebuild
from autoopt.surgery.inheritance import inherit
from autoopt.surgery.normalization import NORMALIZATIONS
from autoopt.surgery.parts import redrawn
from autoopt.surgery.pooling import POOLINGS
from autoopt.surgery.reader import read
from autoopt.surgery.template import Edits, Stage, SurgeryError, Template

__all__ = [
    "ACTIVATIONS", "NORMALIZATIONS", "POOLINGS", "Edits", "Stage", "SurgeryError", "Template", "edited",
    "inherit", "read", "rebuild", "redrawn",
]  # fmt: skip
