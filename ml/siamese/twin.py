"""The siamese twin itself: one network, applied to both faces, and a comparator of the two embeddings.

left face ──> embedding network ──┐
║             ├──> comparator ──> similarity
right face ──> embedding network ──┘
(same weights)
"""

import keras


def siamese_twin(network: keras.Model, comparator: keras.layers.Layer) -> keras.Model:
    """Join an embedding network with itself.

    Because both faces pass through the same object, there is one set of weights: what is learned from the left face
    is known for the right one, and the order of the two does not matter if the comparator is symmetric.

    Args:
        network: Faces (n, height, width, channels) to embeddings (n, d).
        comparator: Two embeddings (n, d) to a similarity (n, 1).

    Returns:
        A model of two inputs, `left` and `right`, trainable as any other.
    """
    left = keras.Input(network.input_shape[1:], name="left")
    right = keras.Input(network.input_shape[1:], name="right")
    similarity = comparator(network(left), network(right))
    return keras.Model([left, right], similarity, name=f"{network.name}_twin")
