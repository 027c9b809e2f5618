"""What runs inside gate pods. A gate pod has no cluster and no registry credentials: its verdict is its last words."""
