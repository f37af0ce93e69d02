from django.contrib.auth.models import AbstractUser
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.validators import RegexValidator

# A name that looks like an address could be taken for another person's address at sign-in.
USERNAME_VALIDATORS = [
    UnicodeUsernameValidator(),
    RegexValidator(r"@", "A username cannot contain @.", inverse_match=True),
]


class User(AbstractUser):
    """The login. What its face looks like hangs on `Subject`."""
