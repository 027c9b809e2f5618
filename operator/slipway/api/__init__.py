"""The types of both custom resources: the one source of crds/*.yaml and of every name in the product."""
