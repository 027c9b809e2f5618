"""The classes of scikit-learn whose functions have no jump of their own, and what each makes of the columns.

Those that jump, and where, are in `steps`; a class that is in neither is not compiled.
"""

from __future__ import annotations

# Each of their features is one column, moved and stretched.
SCALERS = frozenset({"StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler"})
# Their features are some of the columns, as they are.
SELECTORS = frozenset({"VarianceThreshold", "SelectKBest", "SelectPercentile", "SelectFromModel", "RFE", "RFECV"})
# What they make of columns no longer tells one column's value. A text has no neighbours: see `texts`.
MIXERS = frozenset(
    {"PCA", "IncrementalPCA", "TruncatedSVD", "PolynomialFeatures", "PowerTransformer", "PLSRegression"}
    | {"TfidfTransformer", "TfidfVectorizer", "LinearDiscriminantAnalysis", "KMeans", "MiniBatchKMeans"}
)
# Scores without a jump. A label jumps where two scores are equal, which the tolerance forgives.
SMOOTH = frozenset(
    {"LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV", "Lars", "LassoLars"}
    | {"LarsCV", "LassoLarsCV", "LassoLarsIC", "BayesianRidge", "ARDRegression", "HuberRegressor", "TheilSenRegressor"}
    | {"MultiTaskLasso", "MultiTaskLassoCV", "MultiTaskElasticNet", "MultiTaskElasticNetCV"}
    | {"OrthogonalMatchingPursuit", "QuantileRegressor", "PoissonRegressor", "GammaRegressor", "TweedieRegressor"}
    | {"SGDRegressor", "PassiveAggressiveRegressor", "LogisticRegression", "LogisticRegressionCV", "RidgeClassifier"}
    | {"RidgeClassifierCV", "SGDClassifier", "Perceptron", "PassiveAggressiveClassifier"}
    | {"LinearSVC", "LinearSVR", "SVC", "SVR", "NuSVC", "NuSVR", "MLPClassifier", "MLPRegressor"}
    | {"GaussianNB", "MultinomialNB", "ComplementNB", "QuadraticDiscriminantAnalysis", "GaussianProcessRegressor"}
)
# Models of models, which jump where a part of theirs does.
HOLDERS = frozenset(
    {"VotingClassifier", "VotingRegressor", "StackingClassifier", "StackingRegressor", "CalibratedClassifierCV"}
    | {"OneVsRestClassifier", "MultiOutputClassifier", "MultiOutputRegressor", "GridSearchCV", "RandomizedSearchCV"}
)
WITHIN = SCALERS | MIXERS | SMOOTH | HOLDERS
WITHIN |= {"Pipeline", "_CalibratedClassifier", "_SigmoidCalibration", "IsotonicRegression", "LabelEncoder"}
WITHIN |= {"LabelBinarizer", "KFold", "StratifiedKFold", "Bunch"}
