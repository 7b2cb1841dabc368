"""What is said to the asker instead of an answer, by language. Data only."""

_EN = {
    "vague": "What would you like to know? Please name the thing, the person or the place you mean.",
    "unnamed": "What do you mean by “{word}”?",
    "missing_detail": "That depends on “{what}”. Which one do you mean?",
    "ambiguous": "That depends. Which of these do you mean?",
    "blocked": "This reads like an order to the program, not like a question about the documents. It was not carried out.",
}
_DE = {
    "vague": "Was möchten Sie wissen? Bitte nennen Sie die Sache, die Person oder den Ort, um die es geht.",
    "unnamed": "Was meinen Sie mit „{word}“?",
    "missing_detail": "Das hängt von „{what}“ ab. Was davon meinen Sie?",
    "ambiguous": "Das kommt darauf an. Was davon meinen Sie?",
    "blocked": "Das liest sich wie ein Befehl an das Programm, nicht wie eine Frage zu den Dokumenten. Es wurde nicht ausgeführt.",
}
_FR = {
    "vague": "Que souhaitez-vous savoir ? Précisez la chose, la personne ou le lieu dont il s’agit.",
    "unnamed": "Que voulez-vous dire par « {word} » ?",
    "missing_detail": "Cela dépend de « {what} ». De quoi s’agit-il ?",
    "ambiguous": "Cela dépend. De quoi s’agit-il ?",
    "blocked": "Cela ressemble à un ordre donné au programme, pas à une question sur les documents. Il n’a pas été exécuté.",
}
_ES = {
    "vague": "¿Qué desea saber? Indique la cosa, la persona o el lugar del que se trata.",
    "unnamed": "¿A qué se refiere con «{word}»?",
    "missing_detail": "Eso depende de «{what}». ¿A cuál se refiere?",
    "ambiguous": "Depende. ¿A cuál de estos se refiere?",
    "blocked": "Esto parece una orden al programa, no una pregunta sobre los documentos. No se ha ejecutado.",
}
ASKING_BACK = {"en": _EN, "de": _DE, "fr": _FR, "es": _ES}
"""ISO 639-1 → name of the rule → text; `{word}` and `{what}` are filled in. English serves all other languages."""
