"""The record of decisions, and what happens to it."""
