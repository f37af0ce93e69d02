"""What others do with a picture; run in an environment of its own, which has their packages and none of ours."""
