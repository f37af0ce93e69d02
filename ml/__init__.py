"""Faces to embeddings to similarities: what FaceVerify knows about machine learning, and nothing about the site."""
