"""Statistics of gates that run in Jobs: numpy, SciPy and scikit-learn. The operator never imports them."""
