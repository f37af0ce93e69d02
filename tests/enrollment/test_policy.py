import pytest

from enrollment.policy import USUAL_EPOCHS, AnchorStatus, people_needed, promotes_itself
from ml.siamese.networks import NETWORKS


def status(accepted: int, pending: int = 0) -> AnchorStatus:
    return AnchorStatus(accepted=accepted, pending=pending, minimum=3, maximum=10)


def test_it_needs_the_minimum():
    assert [status(n).usable for n in (0, 2, 3)] == [False, False, True]


def test_it_counts_what_remains():
    assert [status(n).remaining for n in (0, 2, 3, 5)] == [3, 1, 0, 0]


def test_it_is_full_with_those_pending():
    assert not status(8, 1).full
    assert status(8, 2).full


def test_thresholds_take_people_enough():
    """Of 2 x 87 people with four pictures, each half makes 87 * 86 * 4 = 29,928 comparisons: one step short of 3e4."""
    assert people_needed(fmr=1e-4, images_a_person=4) == round(2.2 * 88)
    assert people_needed(fmr=1e-2, images_a_person=4) == round(2.2 * 10)


@pytest.mark.parametrize(
    ("mode", "looser", "alone"),
    [("manual", False, False), ("automatic", False, True), ("automatic", True, False)],
)
def test_only_a_stricter_version_promotes_itself(mode, looser, alone):
    assert promotes_itself(mode=mode, looser=looser) is alone


def test_it_knows_the_networks_that_can_be_trained():
    assert USUAL_EPOCHS.keys() == NETWORKS.keys()
