"""Attacks that were written for this product, tried on the real answer path; and honest texts that look like attacks."""
