"""MLflow's protocol: the four ways in which a body may hold its rows."""

FORMATS = ("dataframe_split", "dataframe_records", "instances", "inputs")
