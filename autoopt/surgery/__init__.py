"""How a Keras model is edited: read what may change, rebuild it with the changes.

The JSON of one flat Functional is edited and built anew; weights are nobody's business here.
"""

from autoopt.surgery.activation import ACTIVATIONS
from autoopt.surgery.builder import edited, rebuild
from autoopt.surgery.costs import footprint, footprint_of, products, products_of
from autoopt.surgery.diagram import Node, diagram, diagram_of
from autoopt.surgery.inheritance import inherit
from autoopt.surgery.listing import Layer, listed
from autoopt.surgery.net import Net
from autoopt.surgery.net2net import carried
from autoopt.surgery.normalization import NORMALIZATIONS
from autoopt.surgery.parameters import count_params
from autoopt.surgery.parts import is_recurrent_or_attends, redrawn
from autoopt.surgery.pooling import POOLINGS
from autoopt.surgery.pretrained import Trained, loaded, spared, train
from autoopt.surgery.reader import read
from autoopt.surgery.survey import Survey, survey
from autoopt.surgery.template import Edits, Ending, Stage, SurgeryError, Template

__all__ = [
    "ACTIVATIONS",
    "NORMALIZATIONS",
    "POOLINGS",
    "Edits",
    "Ending",
    "Layer",
    "Net",
    "Node",
    "Stage",
    "SurgeryError",
    "Survey",
    "Template",
    "Trained",
    "carried",
    "count_params",
    "diagram",
    "diagram_of",
    "edited",
    "footprint",
    "footprint_of",
    "inherit",
    "is_recurrent_or_attends",
    "listed",
    "loaded",
    "products",
    "products_of",
    "read",
    "rebuild",
    "redrawn",
    "spared",
    "survey",
    "train",
]
