"""The doors to Amazon, and the rights that they need."""
