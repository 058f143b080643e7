"""What a PyTorch model computes, operator by operator, and the values in between."""
