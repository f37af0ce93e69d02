"""Which models the worker keeps in memory."""

import pytest
from django.core.management import call_command

from enrollment.jobs import pipeline_aside, pipeline_for
from enrollment.models import ModelVersion
from tests.artifacts import small_artifact
from tests.factories import model_version

pytestmark = [
    pytest.mark.django_db,
    # Keras hands NumPy its variables in a way that NumPy 2 deprecates.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def test_looking_at_other_models_leaves_the_active_one_loaded(tmp_path):
    active = model_version()
    kept = pipeline_for(active)
    for name in ("one-1", "two-1", "three-1"):
        call_command("register_model", small_artifact(tmp_path / name, "contrastive48", thresholds=(-0.5,)))
        assert pipeline_aside(ModelVersion.objects.get(name=name)).artifact.name == name
    assert pipeline_for(active) is kept
    assert pipeline_aside(active) is kept
