"""What a release is worth: golden cases, evaluations, calibration."""
