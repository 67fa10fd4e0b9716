"""Insertion: new layers as entries of a model's configuration, and in the place of others."""

import keras

from autoopt.surgery.graph import Entry, Graph


def entry(layer: keras.layers.Layer, beside: Entry) -> Entry:
    """Return the entry of a new layer that reads one tensor; it takes its dtype from the one beside it."""
    made: Entry = keras.saving.serialize_keras_object(layer)
    made["config"]["dtype"] = beside["config"].get("dtype")
    return {**made, "name": layer.name, "inbound_nodes": [{"args": [None], "kwargs": {}}]}


def exchange(graph: Graph, name: str, layer: keras.layers.Layer) -> None:
    """Put a new layer in the place of the hidden layer `name`, whose only call is a simple one."""
    graph.insert_after(name, entry(layer, graph.layers[name]))
    graph.remove([name], (name, 0, 0))
