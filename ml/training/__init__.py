"""Making models: base weights, and the export of a Keras network as an artifact. Imports TensorFlow."""
