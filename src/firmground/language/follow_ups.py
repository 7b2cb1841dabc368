"""How people speak when they lean on what was said before: words and turns of phrase. Data, and the little that reads it."""

import re
from collections.abc import Collection, Sequence
from functools import cache
from typing import NamedTuple

from firmground.language.words import ASKING, STOP_WORDS

LANGUAGES = ("en", "de", "fr", "es")
"""ISO 639-1 codes of the languages whose turns of phrase are known; others are understood by the question's words alone."""


class Cues(NamedTuple):
    """The turns of phrase of one language. Patterns that begin a question are matched at its first letter."""

    leading: re.Pattern[str]
    """What begins a question that goes on from the one before: "and", "what about"."""
    correcting: re.Pattern[str]
    """What begins a correction of the question before: "no, I meant"."""
    instead: re.Pattern[str]
    """A correction that names both: groups `old` and `new`."""
    new_topic: re.Pattern[str]
    """What begins a question that says itself that it is about something else."""
    more: re.Pattern[str]
    """A whole question that asks for more of the same."""
    bare: re.Pattern[str]
    """A whole question that is only a word of asking: "why?"."""
    pronouns: re.Pattern[str]
    """Words that stand for something said before."""
    people: re.Pattern[str]
    """Those of them that stand for a person."""
    empty: re.Pattern[str]
    """Where such a word stands for nothing: "is it possible to", "there is"."""
    joints: re.Pattern[str]
    """Words between two parts of one question: what a word stands for may be said before them."""
    asking: re.Pattern[str]
    """What begins a question with a verb of its own."""
    prepositions: frozenset[str]
    articles: frozenset[str]
    everything: re.Pattern[str]
    """A question about all of several things, or about the difference between them."""
    light: frozenset[str]
    """Words that say nothing of what a question is about."""
    ordinals: dict[str, int]
    """"first" → 0 …; "last" → -1."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


def _begins(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"\W{{0,9}}(?:{'|'.join(patterns)})(?!\w)[\s,:;–-]{{0,9}}", re.IGNORECASE)


def _whole(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"\W{{0,9}}(?:{'|'.join(patterns)})\W{{0,9}}", re.IGNORECASE)


_EVERYDAY_EN = (
    "years?|months?|weeks?|quarters?|days?|morning|afternoon|evening|summer|winter|spring|autumn|seasons?|times?|cases?|ways?|kinds?|sorts?|"
    "types?|pages?|documents?|handbook|company|organi[sz]ation|site|workspace|is|was|are|were|does|did|can|will|would|has|have|who|whose|"
    "that|for|and|with|not|also|still|apply|mean|work|happen|cost|take|include|cover|change|one"
)
"""After "this": time and place of speaking, and words that are no thing."""

CUES = {
    "en": Cues(
        leading=_begins(
            r"(?:and|or|but|so|ok(?:ay)?)?[\s,]{0,9}(?:what|how) about", r"(?:and|or|but) (?:what )?if", r"and|or|but|also|same for"
        ),
        correcting=_begins(
            r"(?:no|nope|sorry|wait|actually|oh)?[\s,.!-]{0,9}(?:i|we) (?:mean|meant|was asking about|am asking about|was talking about)",
            r"(?:no|nope),? ?(?:not that,?)?",
            r"sorry|rather|correction|actually|wait",
        ),
        instead=_any(
            r"\bnot (?:the |for |in )?(?P<old>[^,.;?]{1,40}?),? but (?P<new>[^,.;?]{1,60})",
            r"(?P<new2>[^,.;?]{1,60}?),? (?:not|instead of|rather than) (?:the |for |in )?(?P<old2>[^,.;?]{1,40})",
        ),
        new_topic=_begins(
            r"(?:(?:one|a) )?(?:another|different|new|unrelated|separate) (?:question|topic|subject|thing)",
            r"(?:now )?(?:to |for |on |about )?(?:something|a topic) (?:else|different|completely different)(?: now)?",
            r"(?:changing|change of|switching) (?:the )?(?:topic|subject)",
            r"by the way|forget (?:it|that|about that)|never mind|unrelated",
        ),
        more=_whole(
            r"(?:please )?(?:tell|give|show) me (?:some |a bit )?more(?: (?:about (?:it|that|this)|details?|information))?(?: please)?",
            r"(?:any |some )?more(?: details?| information| please)?|details?|go on|continue|explain(?: (?:that|it|please|more))*|"
            r"(?:and )?what else|anything else|(?:an |for )?examples?",
            r"can you (?:explain|elaborate)(?: (?:on )?(?:that|it|this))?(?: please)?",
        ),
        bare=_whole(
            r"(?:but |and |so )?(?:why|how|when|where|who|since when|until when|by when|how (?:much|many|long|often|come|so)|"
            r"what for|which(?: ones?)?)(?: not| exactly| is that| though)?"
        ),
        pronouns=_any(
            r"(?<=\bis )(?:this|that)\b|(?<=\bwas )(?:this|that)\b|(?<=\bdoes )(?:this|that)\b|(?<=\bdid )(?:this|that)\b|"
            r"(?<=\bcan )(?:this|that)\b|(?<=\bare )(?:these|those)\b|(?<=\bdo )(?:these|those)\b",
            rf"(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )\b(?:this|these|those)\s+(?!(?:{_EVERYDAY_EN})\b)[a-z]{{3,}}\b",
            r"\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers|these|those|that one|this one|the (?:same|other|former|"
            r"latter)(?: one)?|ones?)\b",
            r"\b(?:this|that)\b(?=\s*(?:[?.!,]|$|(?:is|was|does|do|did|can|will|would|has|have|also|still|apply|mean|work|happen|cost|"
            r"take|include|cover|change)\b))",
            r"(?<!is )(?<!are )(?<!was )(?<!be )(?<!were )\bthere\b(?=\s*(?:[?.!,]|$))",
        ),
        people=_any(r"\b(?:he|him|his|she|her|hers)\b"),
        empty=_any(
            r"\b(?:it|this|that)(?:'s)?\s+(?:[\w']+\s+){0,4}?(?:to|that|if|when|for (?:me|us|you))\b",
            r"\b(?:what time|what day|what date) is it\b|\bit(?:'s| is)? (?:rain|snow|late|cold|hot|too)\w*",
            r"\b(?:how is it|why is it|when is it|is it) that\b|\bno one\b|\bone (?:day|week|month|year|hour|third|half)\b|"
            r"\beach one\b|\bone of\b"
            r"|\bwill it (?:rain|snow|be)\b",
        ),
        joints=_any(r",|;|\b(?:when|if|while|because|and|but|or|so|after|before|once|until|who|that|whether|as)\b"),
        asking=_begins(
            r"what(?:'s)?|how|when|where(?:'s)?|who(?:'s|m|se)?|which|why|is|are|was|were|do|does|did|can|could|may|must|should|shall|will|"
            r"would|has|have|had|am|may|might|if|tell|show|list|explain|describe|give|i|we|my|our|please"
        ),
        prepositions=_words(
            "for in at on to from with without as by under over above below during after before within of about between into per"
        ),
        articles=_words("the a an our my your"),
        everything=_any(
            r"\b(?:all|every|each|which|list|compare|comparison|differences?|differ|versus|vs|both|overview|respectively|various|any|"
            r"cheapest|highest|lowest|longest|shortest|largest|smallest|best|most|least)\b",
            r"\bwhat (?:\w+ ){0,2}(?:are there|do we have|are available|exist)\b",
        ),
        light=_words(
            "please help tell show give know want like need get take make happen mean work go come use explain info "
            "information detail details "
            "more thing things stuff question questions hi hello hey thanks thank you ok okay yes no something anything would "
            "could may must "
            "shall can me us one ones else find let say ask answer there us's lot really exactly much many long often first second apply"
        ),
        ordinals={
            "first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "fifth": 4, "5th": 4, "last": -1,
        },
    ),
    "de": Cues(
        leading=_begins(
            r"(?:und|oder|aber)?[\s,]{0,9}(?:was|wie) ist (?:mit|bei|es mit|es bei)",
            r"(?:und|oder|aber)?[\s,]{0,9}wie (?:sieht|schaut) es (?:mit|bei|in|für)(?: \w+)? aus",
            r"(?:und|oder|aber) (?:was[\s,]+)?wenn",
            r"und|oder|aber|auch|dasselbe für|gilt das auch für",
        ),
        correcting=_begins(
            r"(?:nein|nee|sorry|entschuldigung|halt|moment)?[\s,.!-]{0,9}(?:ich|wir) (?:mein(?:e|te|en|ten)|wollte wissen)",
            r"nein|nee|sorry|entschuldigung|vielmehr|eigentlich|korrektur|ach so",
        ),
        instead=_any(
            r"\bnicht (?:für |in |bei |die |der |das |den )?(?P<old>[^,.;?]{1,40}?),? sondern (?P<new>[^,.;?]{1,60})",
            r"(?P<new2>[^,.;?]{1,60}?),? (?:nicht|statt|anstatt) (?:für |in |bei |die |der |das |den )?(?P<old2>[^,.;?]{1,40})",
        ),
        new_topic=_begins(
            r"(?:eine? )?(?:andere|neue|weitere)[sr]? (?:frage|thema|sache)|anderes thema|themenwechsel|(?:jetzt )?(?:zu )?"
            r"etwas (?:ganz )?(?:anderes|anderem)|was anderes|übrigens|vergiss (?:es|das)|egal"
        ),
        more=_whole(
            r"(?:bitte )?(?:erzähl(?:e|en sie)?|sag(?:e|en sie)?|zeig(?:e|en sie)?) mir (?:bitte )?mehr(?: (?:dazu|darüber|"
            r"davon))?(?: bitte)?",
            r"(?:bitte )?(?:mehr|weiter)(?: (?:dazu|darüber|details|informationen|infos|bitte))*|(?:genauer|details)(?: bitte)?|was noch|"
            r"sonst noch (?:etwas|was)|(?:zum )?beispiele?|erklär(?:e|en sie)?(?: (?:mir )?(?:das|es))?(?: bitte)?",
        ),
        bare=_whole(
            r"(?:aber |und )?(?:warum|wieso|weshalb|wie|wann|wo|wer|seit wann|bis wann|ab wann|wie (?:viel|viele|lange|oft|hoch)|wofür|"
            r"welche[rsn]?)(?: nicht| genau| denn| das)?"
        ),
        pronouns=_any(
            r"\b(?:er|ihn|ihm|dafür|damit|davon|daran|darüber|darauf|dazu|dagegen|daraus|dabei|dadurch|darin|dort|dorthin|"
            r"jene[rsnm]?|dessen|deren|denselben|dasselbe|derselbe|dieselbe|welche davon)\b",
            r"\bdies(?:er|e|es|en|em)\b(?!\s+(?:Jahr|Woche|Monat|Tag|Quartal|Sommer|Winter|Mal|Fall|Art|Seite|Dokument|Firma|Unternehmen))"
            r"(?-i:\s+[A-ZÄÖÜ]\w+)?",
            r"\bes\b|(?-i:(?<![.?!]\s)(?<!^)\b(?:sie|ihnen|ihre[rsnm]?)\b)",
            r"\bdas\b(?=\s*(?:[?.!,]|$|(?:auch|noch|genau|so|denn|für|in|bei|schon|immer)\b))",
        ),
        people=_any(r"\b(?:er|ihn|ihm)\b"),
        empty=_any(
            r"\b(?:gibt|gab|geht|regnet|schneit|handelt|kommt|wird|ist|steht) es\b|\bes (?:gibt|ist|sind|regnet|geht um|wird)\b",
            r"\bdarf es\b|\bes (?:[\w]+\s+){0,3}?(?:zu|dass|ob|wenn)\b|,\s*(?:das|dass)\b",
        ),
        joints=_any(r",|;|\b(?:wenn|falls|während|weil|und|aber|oder|nachdem|bevor|sobald|bis|dass|ob|als)\b"),
        asking=_begins(
            r"was|wie|wann|wo(?:hin|her|für|mit|ran|von)?|wer|wem|wen|wessen|welche[rsnm]?|warum|wieso|ist|sind|war|hat|haben|"
            r"habe|kann|können|darf|"
            r"dürfen|muss|müssen|soll|sollte|sollen|wird|werden|gibt|gilt|bekomme|bekommen|brauche|brauchen|zahlt|zahlen|wenn|"
            r"zeig|nenne|erklär\w*|"
            r"liste|ich|wir|mein\w*|unser\w*|bitte|ab wann|bis wann|seit wann|in welche\w*|für welche\w*|bei welche\w*|mit welche\w*"
        ),
        prepositions=_words("für in im bei beim mit ohne nach aus an am auf zu zum zur von vom unter über vor während ab bis als pro ins"),
        articles=_words("der die das den dem des ein eine einen einem einer unser unsere mein meine"),
        everything=_any(
            r"\b(?:alle[nrs]?|jede[nrsm]?|welche[nrsm]?|liste|auflisten|vergleich\w*|unterschied\w*|beide[nr]?|übersicht|sämtliche|jeweils|"
            r"höchste\w*|niedrigste\w*|längste\w*|kürzeste\w*|günstigste\w*|teuerste\w*|meisten?|wenigsten?)\b"
        ),
        light=_words(
            "bitte hilfe hilf helfen sag sagen zeig zeigen gib geben weiß wissen will möchte brauche brauchen bekomme "
            "bekommen machen macht "
            "geht gehen kommt info infos information informationen details mehr ding dinge sache frage fragen hallo hi danke "
            "ok ja nein etwas "
            "mir uns mal denn eigentlich genau gilt gelten dauert lange oft hoch viel viele erste zweite"
        ),
        ordinals={
            "erste": 0, "ersten": 0, "erster": 0, "erstes": 0, "zweite": 1, "zweiten": 1, "zweiter": 1, "zweites": 1, "dritte": 2,
            "dritten": 2, "dritter": 2, "drittes": 2, "vierte": 3, "vierten": 3, "letzte": -1, "letzten": -1, "letzter": -1,
        },
    ),
    "fr": Cues(
        leading=_begins(
            r"(?:et|ou|mais)?[\s,]{0,9}qu[’']?en est[- ]il (?:de|du|des|pour|d[’'])",
            r"et (?:si|pour|à|au|en|dans|chez|les|le|la|l[’'])?(?<=[’' ])(?=\w)|et|ou|mais|aussi|pareil pour",
        ),
        correcting=_begins(
            r"(?:non|pardon|désolée?|attends|attendez)?[\s,.!-]{0,9}(?:je (?:voulais|veux) dire|je parlais (?:de|du|des)|"
            r"je pensais (?:à|aux?))",
            r"non|pardon|désolée?|plutôt|en fait|correction",
        ),
        instead=_any(
            r"\b(?:pas|non) (?:pour |à |en |les |le |la |des |de )?(?P<old>[^,.;?]{1,40}?),? mais (?P<new>[^,.;?]{1,60})",
            r"(?P<new2>[^,.;?]{1,60}?),? (?:et non|pas|au lieu de|plutôt que) (?:pour |à |en |les |le |la |des |"
            r"de )?(?P<old2>[^,.;?]{1,40})",
        ),
        new_topic=_begins(
            r"(?:une )?(?:autre|nouvelle) (?:question|sujet|chose)|(?:un )?autre sujet|changeons de sujet|rien à voir|au fait|à propos|"
            r"(?:passons à )?(?:quelque chose d[’']autre|autre chose)|laisse tomber|peu importe"
        ),
        more=_whole(
            r"(?:s[’']il (?:te|vous) plaît )?(?:dis|dites|donne|donnez)[- ](?:m[’']en|moi) (?:en )?(?:plus|"
            r"davantage)(?: s[’']il (?:te|vous) plaît)?",
            r"(?:plus|davantage)(?: de)?(?: détails?| d[’']informations?)?|(?:des )?détails?|continue[rz]?|quoi d[’']autre|"
            r"(?:un |par )?exemples?|"
            r"explique[rz]?(?:[- ]moi)?(?: (?:ça|cela))?",
        ),
        bare=_whole(
            r"(?:mais |et )?(?:pourquoi|comment|quand|où|qui|combien(?: de temps)?|depuis quand|jusqu[’']à quand|"
            r"à quelle fréquence|lequel|laquelle|"
            r"lesquels|lesquelles)(?: pas| exactement| ça| donc)?"
        ),
        pronouns=_any(
            r"\b(?:cet|cette|ces)\s+(?!(?:années?|mois|semaines?|jours?|fois|été|hiver|matin|soir|cas|page|document|entreprise)\b)\w{3,}\b",
            r"\b(?:il|elle|ils|elles|lui|eux|ça|cela|celui-ci|celle-ci|ceux-ci|celui-là|celle-là|celui|celle|ceux|celles|"
            r"là-bas|le même|la même|"
            r"les mêmes|leur)\b",
        ),
        people=_any(r"\b(?:lui)\b"),
        empty=_any(
            r"\b(?:il y a|y a[- ]t[- ]il|il faut|faut[- ]il|il est|est[- ]il (?:possible|permis|obligatoire|nécessaire|interdit)|s[’']il|"
            r"(?:pleut|fait|neige|pleuvra|fera)[- ](?:t[- ])?il|il (?:pleut|fait|s[’']agit)|s[’']agit[- ]il|qu[’']il)\b"
        ),
        joints=_any(r",|;|\b(?:quand|lorsque|si|pendant|parce|et|mais|ou|après|avant|dès|jusque|que|comme)\b"),
        asking=_begins(
            r"qu(?:[’']|e|i|oi|el|els|elle|elles|and)?|comment|combien|où|pourquoi|est|sont|était|a|ont|peut|puis|peux|"
            r"pouvons|doit|dois|faut|y|"
            r"existe|si|montre|liste|explique|donne|je|j[’'](?:ai)?|nous|mon|ma|mes|notre|à qui|de quel\w*|à quel\w*|"
            r"pour quel\w*|dans quel\w*|jusqu\w*"
        ),
        prepositions=_words("pour à au aux en dans chez avec sans par sur sous depuis pendant après avant de du des d"),
        articles=_words("le la les l un une des notre nos mon ma mes"),
        everything=_any(
            r"\b(?:tou(?:te)?s|tout|chaque|quel(?:le)?s|liste[rz]?|compare[rz]?|comparaison|différences?|les deux|aperçu|respectivement|"
            r"le plus|la plus|les plus|le moins|la moins|lesquels|lesquelles)\b"
        ),
        light=_words(
            "pouvez pourriez pouvons svp plaît aide aider aidez dis dites donne donnez montre sais savoir veux voudrais "
            "besoin obtenir faire fait marche va "
            "info infos information "
            "informations détails détail plus chose choses question questions bonjour salut merci ok oui non quelque moi nous "
            "peux peut longtemps "
            "temps souvent premier deuxième applique"
        ),
        ordinals={
            "premier": 0, "première": 0, "deuxième": 1, "second": 1, "seconde": 1, "troisième": 2, "quatrième": 3,
            "dernier": -1, "dernière": -1,
        },
    ),
    "es": Cues(
        leading=_begins(
            r"(?:y|o|pero)?[\s,]{0,9}¿?qué (?:hay|pasa|tal) (?:de|del|con|en|para)", r"(?:y|o|pero) (?:¿?qué pasa )?si", r"y|o|"
            r"pero|también|lo mismo para"
        ),
        correcting=_begins(
            r"(?:no|perdón|perdona|disculpa|espera)?[\s,.!-]{0,9}(?:(?:yo )?(?:quería|quise|quiero) decir|me refer(?:ía|í|iero) (?:a|al))",
            r"no|perdón|perdona|disculpa|más bien|mejor dicho|en realidad|corrección",
        ),
        instead=_any(
            r"\bno (?:para |en |los |las |el |la |de )?(?P<old>[^,.;?]{1,40}?),? sino (?:para |en )?(?P<new>[^,.;?]{1,60})",
            r"(?P<new2>[^,.;?]{1,60}?),? (?:y no|no|en vez de|en lugar de) (?:para |en |los |las |el |la |de )?(?P<old2>[^,.;?]{1,40})",
        ),
        new_topic=_begins(
            r"(?:una |un )?(?:otra|nueva) (?:pregunta|cosa)|(?:un )?(?:otro|nuevo) tema|cambiando de tema|cambio de tema|por cierto|"
            r"(?:ahora )?algo (?:completamente )?(?:diferente|distinto)|olvídalo|olvida eso|da igual"
        ),
        more=_whole(
            r"(?:por favor,? )?(?:dime|dame|cuéntame|muéstrame) más(?: (?:sobre (?:eso|esto|ello)|detalles|información))?(?: por favor)?",
            r"más(?: (?:detalles|información|por favor))?|detalles|sigue|continúa|qué más|algo más|(?:un |por )?ejemplos?|"
            r"explica(?:me|lo|melo)?(?: eso)?",
        ),
        bare=_whole(
            r"(?:pero |y )?(?:por qué|cómo|cuándo|dónde|quién|cuánt[oa]s?(?: tiempo)?|desde cuándo|hasta cuándo|para qué|cuál(?:es)?)"
            r"(?: no| exactamente| eso)?"
        ),
        pronouns=_any(
            r"\b(?:este|esta|estos|estas|ese|esa|esos|esas)\s+(?!(?:año|mes|semana|día|vez|verano|invierno|mañana|tarde|caso|"
            r"página|documento|"
            r"empresa)s?\b)\w{3,}\b",
            r"\b(?:él|ella|ello|ellos|ellas|eso|esto|esos|esas|ése|ésa|aquello|allí|ahí|allá|el mismo|la misma|los mismos|"
            r"las mismas|suyo|suya)\b"
        ),
        people=_any(r"\b(?:él|ella)\b"),
        empty=_any(r"\b(?:por eso|es eso|esto es)\b"),
        joints=_any(r",|;|\b(?:cuando|si|mientras|porque|y|pero|o|después|antes|hasta|que|como)\b"),
        asking=_begins(
            r"qué|cómo|cuándo|cuánt[oa]s?|dónde|quién(?:es)?|cuál(?:es)?|por qué|es|son|está|hay|tiene[ns]?|tengo|puedo|puede|"
            r"podemos|debo|debe|"
            r"necesito|existe|si|muestra|lista|explica|dame|dime|yo|nosotros|mi|mis|nuestr\w+|hasta cuándo|desde cuándo|"
            r"a quién|de qué|en qué|con qué|para qué"
        ),
        prepositions=_words("para en a al con sin por sobre bajo desde durante después antes de del según entre"),
        articles=_words("el la los las un una unos unas nuestro nuestra mi mis"),
        everything=_any(
            r"\b(?:tod[oa]s?|cada|cuáles|qué tipos|lista|listar|compar\w+|diferencias?|amb[oa]s|resumen|respectivamente|"
            r"más (?:barat|car|alt|baj|larg|cort)\w+)\b"
        ),
        light=_words(
            "ayuda ayudar ayúdame dime dame muestra saber sé quiero querría necesito obtener hacer hace funciona va info "
            "información detalles más "
            "cosa cosas pregunta preguntas hola gracias ok vale sí no algo puedo puede tiempo favor primero segundo aplica"
        ),
        ordinals={
            "primero": 0, "primera": 0, "primer": 0, "segundo": 1, "segunda": 1, "tercero": 2, "tercera": 2, "cuarto": 3, "cuarta": 3,
            "último": -1, "última": -1,
        },
    ),
}  # fmt: skip

_WORD = re.compile(r"\w+(?:[-'’.&]\w+)*")


@cache
def _nothing(languages: tuple[str, ...]) -> frozenset[str]:
    said = frozenset(ASKING.split())
    for language in languages:
        said |= STOP_WORDS.get(language, frozenset())
        if language in CUES:
            said |= CUES[language].light
    return said


def content_words(text: str, languages: Collection[str]) -> list[str]:
    """The words of a question that say what it is about, as they are written, each once: no stop words, no words of asking, none of
    politeness. `languages` are ISO 639-1 codes that it may be in."""
    nothing = _nothing(tuple(sorted(languages)))
    found: dict[str, str] = {}
    for word in _WORD.findall(text):
        plain = word.casefold().replace("’", "'")
        bare = plain.removesuffix("'s").rpartition("'")[2]
        if plain in nothing or not any(map(str.isalnum, bare)):
            continue
        if not all(part in nothing for part in bare.split("-")):
            found.setdefault(bare, word)
    return list(found.values())


_SHOWN = re.compile(r"[ \t]{0,3}[:\n]\s{0,9}\S")
"""What was pointed at follows: "this form: …"."""


def pronoun(question: str, cues: Cues, languages: Sequence[str]) -> str:
    """The first word that stands for something outside of this question, or ""; with the thing it points at ("this form"), where it
    names one."""
    empty = [match.span() for match in cues.empty.finditer(question)]
    for match in cues.pronouns.finditer(question):
        if any(start <= match.start() < end for start, end in empty) or _SHOWN.match(question, match.end()):
            continue
        joints = [joint.start() for joint in cues.joints.finditer(question, 0, match.start())]
        if joints and content_words(question[: joints[-1]], languages):
            continue
        thing = match[0].rpartition(" ")[2]
        return match[0] if content_words(thing, languages) else match[0].partition(" ")[0]
    return ""
