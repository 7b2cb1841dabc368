"""An audit for build servers: a test for each requirement."""

import re
from xml.etree import ElementTree as Xml

from firmground.gate.audit import Audit

_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(audit: Audit) -> str:
    """What is not proven or not measured fails as well, by that name."""
    counts = {"tests": str(len(audit.rulings)), "failures": str(len(audit.open)), "errors": "0"}
    root = Xml.Element("testsuites", name=f"firmground audit of {audit.release[:12]}")
    suite = Xml.SubElement(root, "testsuite", {"name": "audit", **counts})
    for ruling in audit.rulings:
        test = Xml.SubElement(suite, "testcase", {"classname": "audit", "name": ruling.requirement})
        if ruling.verdict != "pass":
            failure = Xml.SubElement(test, "failure", {"type": ruling.verdict, "message": _written(ruling.said)})
            evidence = (f"{each.label}: {each.value}" for each in ruling.evidence)
            failure.text = _written("\n".join(filter(None, (ruling.asks, ruling.said, *evidence, ruling.remedy))))
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _written(text: str) -> str:
    """Without what XML cannot hold."""
    return _UNWRITABLE.sub("\ufffd", text)
