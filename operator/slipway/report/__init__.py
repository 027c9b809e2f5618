"""Pure: what is known of a release → files for people: lineage, figures, a model card, one page that has them all."""
