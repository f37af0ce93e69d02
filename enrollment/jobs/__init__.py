"""What the worker does. The only modules, beside commands, that import `ml`."""

from enrollment.jobs.claims import claim_lost, is_free, try_begin
from enrollment.jobs.duplicates import duplicates_check, duplicates_claim_lost
from enrollment.jobs.gallery import Candidate, candidates_for, gallery_refresh
from enrollment.jobs.pipeline import embeddings_of, pipeline_aside, pipeline_for, pipeline_warm_up
from enrollment.jobs.samples import samples_claim_lost, template_extract

__all__ = [
    "Candidate",
    "candidates_for",
    "claim_lost",
    "duplicates_check",
    "duplicates_claim_lost",
    "embeddings_of",
    "gallery_refresh",
    "is_free",
    "pipeline_aside",
    "pipeline_for",
    "pipeline_warm_up",
    "samples_claim_lost",
    "template_extract",
    "try_begin",
]
