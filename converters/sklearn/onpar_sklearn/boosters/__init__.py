"""XGBoost's and LightGBM's own models: loading, answering, moving their numbers."""
