"""REST endpoints of enrollment."""
