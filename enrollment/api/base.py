"""What every endpoint has in common."""

from rest_framework.views import APIView


class ApiView(APIView):
    """Base of every endpoint."""
