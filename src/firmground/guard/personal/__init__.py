"""Personal data and secrets in text, found by form, check digits and the words around them."""

from firmground.guard.personal.detector import Detector as Detector
from firmground.guard.personal.detector import personal_data as personal_data
