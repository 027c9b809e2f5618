"""What the registry is told, and what is done when somebody else tells it something else."""
