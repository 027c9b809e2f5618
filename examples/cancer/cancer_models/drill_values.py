"""What asks the version for drills to be late or to fail: a value that no patient has."""

ASKED_IN = "mean radius"
LATE, FAIL = -1.0, -2.0
