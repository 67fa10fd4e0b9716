"""How a Keras model is edited: read what may change, rebuild it with the changes.

The JSON of one flat Functional is edited and built anew; weights are nobody's business here.
"""

from autoopt.surgery.builder import edited, rebuild
from autoopt.surgery.inheritance import inherit
from autoopt.surgery.net import Net
from autoopt.surgery.net2net import carried
from autoopt.surgery.reader import read
from autoopt.surgery.template import Edits, Stage, SurgeryError, Template

__all__ = [
    "Edits",
    "Net",
    "Stage",
    "SurgeryError",
    "Template",
    "carried",
    "edited",
    "inherit",
    "read",
    "rebuild",
]
