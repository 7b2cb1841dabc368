"""Documents on web sites: crawled within limits, and only at addresses that were looked at first."""
