"""Six versions of one classifier, each made to meet a release in its own way. Start reading at kinds.py."""
