"""What an estimator computes, step by step, and the values in between."""
