"""Siamese networks: layers, the networks themselves, and the comparators of their embeddings."""
