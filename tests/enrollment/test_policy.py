from enrollment.policy import AnchorStatus


def status(accepted: int, pending: int = 0) -> AnchorStatus:
    return AnchorStatus(accepted=accepted, pending=pending, minimum=3, maximum=10)


def test_it_needs_the_minimum():
    assert [status(n).usable for n in (0, 2, 3)] == [False, False, True]


def test_it_counts_what_remains():
    assert [status(n).remaining for n in (0, 2, 3, 5)] == [3, 1, 0, 0]


def test_it_is_full_with_those_pending():
    assert not status(8, 1).full
    assert status(8, 2).full
