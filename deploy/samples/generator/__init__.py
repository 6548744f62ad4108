"""The makers of the recorded events: one module for each system."""
