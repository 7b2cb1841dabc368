"""Releases over HTTP."""

from pathlib import Path

from serving import JSON, serving


def test_a_release_is_made_once_shown_and_asked(tmp_path: Path) -> None:
    with serving(tmp_path) as (client, _):
        made = client.post("/api/v1/releases", json={"note": "first"}, headers=JSON)
        assert (made.status_code, made.json()["number"], made.headers["location"]) == (201, 1, "/api/v1/releases/1")
        again = client.post("/api/v1/releases", json={}, headers=JSON)
        assert (again.status_code, again.json()) == (200, made.json())
        assert client.get("/api/v1/releases").json()["releases"] == [made.json()]
        assert client.get("/api/v1/releases/1").json() == made.json()
        assert client.get("/api/v1/releases/candidate").json()["digest"] == made.json()["digest"]
        assert client.get("/api/v1/releases/1/diff").json() == {"differences": []}
        assert client.get("/api/v1/releases/9").status_code == 404
        question = {"question": "how many vacation days may I carry over?", "release": "1"}
        assert client.post("/api/v1/answers", json=question, headers=JSON).json()["release"] == made.json()["digest"]
