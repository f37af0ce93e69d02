"""What the worker runs: a verified artifact, LiteRT, and bytes -> face -> embedding. Never imports TensorFlow."""
