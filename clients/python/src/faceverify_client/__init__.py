"""Enroll faces and verify people by them, through the API of a FaceVerify site."""

from faceverify_client.client import FaceVerify
from faceverify_client.errors import BadSignature, FaceVerifyError, Problem, Unfinished, Unreachable
from faceverify_client.webhooks import Event, webhook_verify

__all__ = [
    "BadSignature",
    "Event",
    "FaceVerify",
    "FaceVerifyError",
    "Problem",
    "Unfinished",
    "Unreachable",
    "webhook_verify",
]
