"""Diagrams: which call reads which, through models inside of models."""

import keras

from autoopt.surgery import diagram

layers = keras.layers


def drawn(model):
    return {node.name: node for node in diagram(model)}


def nested():
    inner = keras.Sequential(
        [keras.Input((8,)), layers.Dense(6, name="a"), layers.Dense(8, name="b")], name="block"
    )
    x = keras.Input((8,), name="x")
    shared = layers.Dense(8, "relu", name="shared")
    joined = layers.Add(name="join")([shared(x), inner(shared(x))])
    return keras.Model(x, layers.Dense(2, name="end")(joined))


def test_a_layer_that_is_called_twice_is_two_nodes():
    nodes = drawn(nested())

    assert nodes["shared"].inputs == nodes["shared_call2"].inputs == ("x",)


def test_a_model_inside_is_a_scope_that_edges_lead_into_and_out_of():
    nodes = drawn(nested())

    entry = next(name for name in nodes if name.startswith("block/input"))
    assert nodes[entry].inputs == ("shared_call2",)
    assert nodes["join"].inputs == ("shared", "block/b")


def test_a_model_inside_with_two_outputs_is_read_at_each():
    given = keras.Input((4,))
    pair = keras.Model(
        given, [layers.Dense(2, name="left")(given), layers.Dense(3, name="right")(given)], name="pair"
    )
    x = keras.Input((4,), name="x")
    left, right = pair(x)
    nodes = drawn(keras.Model(x, layers.Concatenate(name="both")([right, left])))

    assert nodes["both"].inputs == ("pair/right", "pair/left")


def test_a_model_inside_that_ends_in_a_chain_is_read_at_the_chain_s_last_layer():
    given, x = keras.Input((4,)), keras.Input((4,), name="x")
    chain = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="last")], name="chain")
    inner = keras.Model(given, chain(layers.Dense(4, name="first")(given)), name="inner")
    nodes = drawn(keras.Model(x, layers.Dense(2, name="end")(inner(x))))

    assert nodes["end"].inputs == ("inner/chain/last",)
    assert {name for node in nodes.values() for name in node.inputs} <= set(nodes)


def test_a_node_has_the_shape_and_what_tells_its_layer():
    nodes = drawn(nested())

    assert nodes["shared"].shape == (None, 8)
    assert nodes["end"].shape == (None, 2)
    assert nodes["shared"].details == {"units": "8", "activation": "relu"}


def test_a_model_without_a_graph_comes_as_its_layers():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden = layers.Dense(3, name="hidden")

        def call(self, x):
            return self.hidden(x)

    model = Own()
    model(keras.ops.zeros((1, 4)))

    assert [(node.name, node.kind, node.inputs) for node in diagram(model)] == [("hidden", "Dense", ())]
