"""What the operator and the inference server agree on: names, paths, sizes, formats. Nothing else is shared.

Both import it and neither the other. It imports nothing but the standard library: a word that changes here changes what
pods of an older operator or an older server understand, so words are added, and never changed.
"""
