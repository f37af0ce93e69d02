from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """The login. What its face looks like hangs on `Subject`."""
