"""The forms that messages have on their way: JSON for programs, what Slack and Teams read, and mail."""

import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from firmground.app.notifying import texts
from firmground.outbox import Mail, Notification
from firmground.types import Json

_SHOWN = 20
"""Messages in one text; the rest are counted. Slack takes no more than 50 blocks."""
_SLACK = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def id_of(messages: Sequence[Notification]) -> str:
    """The same for the same messages, however often they are sent."""
    if len(messages) == 1:
        return messages[0].id
    return sha256(" ".join(each.id for each in messages).encode()).hexdigest()[:32]


def posted(messages: Sequence[Notification], form: str, *, workspace: str, server: str, at: datetime) -> bytes:
    """The body of a webhook."""
    made = {"json": _json, "slack": _slack, "teams": _teams}[form](messages, workspace, server, at)
    return json.dumps(made, ensure_ascii=True).encode()


def mailed(
    messages: Sequence[Notification], to: str, *, workspace: str, server: str, why: str, at: datetime, language: str = "en"
) -> Mail:
    """`why`: for what reason they get it, and what they can do about it."""
    first = messages[0]
    what = texts.said(first, language) if len(messages) == 1 else texts.counted(len(messages), language)
    parts = [_paragraph(each, server, language) for each in messages[:_SHOWN]]
    if (more := len(messages) - _SHOWN) > 0:
        parts.append(texts.more(more, language))
    text = "\n\n".join([*parts, f"-- \n{why}"]) + "\n"
    return Mail(id=id_of(messages), to=to, subject=f"[{texts.plain(workspace)}] {what}", text=text, at=at)


def _paragraph(message: Notification, server: str, language: str) -> str:
    lines = [texts.said(message, language) + "."]
    lines += [f"{key}: {value}" for key, value in texts.for_reading(message, language)]
    if server:
        lines.append(server + texts.link(message))
    return "\n".join(lines)


def _json(messages: Sequence[Notification], workspace: str, server: str, at: datetime) -> dict[str, Json]:
    def one(message: Notification) -> Json:
        return {
            "id": message.id,
            "event": message.event,
            "about": message.about,
            "at": message.created_at.isoformat(),
            "urgent": message.urgent,
            "text": texts.line(message),
            "url": server + texts.link(message) if server else None,
            "facts": dict(message.body),
        }

    return {
        "id": id_of(messages),
        "workspace": workspace,
        "sent_at": at.isoformat(),
        "messages": [one(each) for each in messages],
    }


def _slack(messages: Sequence[Notification], workspace: str, server: str, at: datetime) -> dict[str, Json]:
    """Words are plain text, which holds no mention, link or mark-up; links are ours alone."""
    del at
    name = texts.plain(workspace)
    blocks: list[Json] = [{"type": "section", "text": _words(f"{name}: {_counted(messages)}")}] if len(messages) > 1 else []
    for each in messages[:_SHOWN]:
        words = texts.line(each) if len(messages) > 1 else f"{name}: {texts.line(each)}"
        blocks.append({"type": "section", "text": _words(words)})
        if server:
            open_: dict[str, Json] = {"type": "mrkdwn", "text": f"<{server}{texts.link(each)}|Open>", "verbatim": True}
            blocks.append({"type": "context", "elements": [open_]})
    said = texts.line(messages[0]) if len(messages) == 1 else _counted(messages)
    return {"text": f"{name}: {said}".translate(_SLACK), "mrkdwn": False, "link_names": False, "blocks": blocks}


def _words(text: str) -> dict[str, Json]:
    return {"type": "plain_text", "text": text[:3000], "emoji": False}


def _teams(messages: Sequence[Notification], workspace: str, server: str, at: datetime) -> dict[str, Json]:
    """Words are runs of text, which know no Markdown, and nobody is mentioned who is not named in `entities`."""
    del at
    head = f"{texts.plain(workspace)}: {_counted(messages)}" if len(messages) > 1 else texts.plain(workspace)
    body: list[Json] = [_run(head, bold=True)]
    for each in messages[:_SHOWN]:
        body.append(_run(texts.line(each)))
        if server:
            target: dict[str, Json] = {"type": "Action.OpenUrl", "title": "Open", "url": server + texts.link(each)}
            body.append({"type": "ActionSet", "actions": [target]})
    card: dict[str, Json] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}


def _run(text: str, *, bold: bool = False) -> dict[str, Json]:
    run: dict[str, Json] = {"type": "TextRun", "text": text}
    return {"type": "RichTextBlock", "inlines": [run | ({"weight": "Bolder"} if bold else {})]}


def _counted(messages: Sequence[Notification]) -> str:
    more = len(messages) - _SHOWN
    return f"{len(messages)} messages" + (f", of which {_SHOWN} are shown" if more > 0 else "")
