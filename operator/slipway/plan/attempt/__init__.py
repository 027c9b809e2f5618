"""The candidate's way to production, one file per phase."""
