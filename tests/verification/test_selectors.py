"""Whom a login names."""

import pytest

from tests.factories import UserFactory
from verification.selectors import user_by_login

pytestmark = pytest.mark.django_db


def test_the_name_as_it_is_written_goes_before_another_spelling(django_assert_num_queries):
    other, bob = UserFactory(username="Bob"), UserFactory(username="bob")
    with django_assert_num_queries(2):
        assert [user_by_login("bob"), user_by_login(" Bob ")] == [bob, other]


def test_the_case_of_letters_matters_to_nobody_else():
    ada = UserFactory(username="Ada")
    assert user_by_login("aDA") == ada
