"""How orders to a language model are worded in German, French, Spanish, Italian, Dutch and Portuguese: said to it, not asked about."""

from firmground.guard.wording import GAP, signal

_ROLES = (
    r"(?:assistent\w*|asistente|assistant|hacker|pirate|bot|chatbot|modell?o?|modèle|ki|ia|ai|person(?:a|ne)|experte?n?|experto|expert"
    r"|esperto|deskundige|especialista|dan)\b"
)
_SYSTEM = r"(?:system-?\s*prompts?|prompt\s+(?:d[uio]\s+|del?\s+)?(?:system|système|sistema)|systeem-?prompts?)"

_GERMAN = (
    signal(
        "override",
        0.9,
        "ignorier|vergiss|vergessen sie|missacht|umgeh|hinweg|halte dich|"
        "befolg|gelten nicht|gelten ab|zählen nicht|pfeif|gehorch|lass dein",
        rf"\b(?:ignoriere?|vergiss|missachte|umgehe?)\s+{GAP}\b(?:dein\w*|all\s+dein\w*)\s+{GAP}"
        r"(?:anweisung|instruktion|vorgabe|regel|richtlinie|vorschrift|einschränkung)\w*",
        r"\b(?:vergessen|ignorieren|missachten|umgehen)\s+sie\s+(?:bitte\s+)?(?:all\w*\s+)?ihre\s+(?:\w+\s+)?"
        r"(?:anweisung|instruktion|vorgabe|regel|richtlinie)\w*",
        r"\b(?:pfeif\w*\s+auf|lass|gehorche?\s+(?:nicht\s+(?:mehr|länger)|nie(?:\s+wieder)?))\s+deinen?\s+(?:\w+\s+)?"
        r"(?:anweisung|instruktion|vorgabe|regel|richtlinie)\w*|\bgehorche?\s+(?:ab\s+jetzt\s+)?nur\s+(?:noch\s+)?mir\b",
        rf"\bsetze?\s+dich\s+über\s+{GAP}(?:anweisung|instruktion|vorgabe|regel|richtlinie)\w*\s+hinweg\b",
        r"\b(?:halte?\s+dich\s+(?:ab\s+jetzt\s+)?(?:nicht\s+(?:mehr|länger)|nie(?:\s+wieder)?)\s+an|befolge?\s+(?:nicht\s+(?:mehr|länger)|keine?))"
        rf"\s+{GAP}(?:anweisung|instruktion|vorgabe|regel|richtlinie)\w*",
        r"\bvergiss\s+(?:bitte\s+)?alles,?\s+was\s+(?:\w+\s+){0,5}?(?:gesagt|gelernt|aufgetragen|mitgeteilt|befohlen)\b",
        rf"\bdeine\s+{GAP}(?:anweisung|instruktion|vorgabe|regel|richtlinie)\w*\s+(?:gelten|zählen|sind)\s+(?:ab\s+\w+\s+)?"
        r"(?:nicht\s+(?:mehr|länger)|ungültig|aufgehoben)\b",
    ),
    signal(
        "role",
        0.85,
        "ab jetzt|ab sofort|von nun an|tu so|stell dir vor|modus",
        rf"\b(?:du\s+bist|bist\s+du)\s+(?:ab\s+(?:jetzt|sofort)|von\s+nun\s+an)\s+(?:\w+\s+){{0,3}}?{_ROLES}",
        rf"\b(?:ab\s+(?:jetzt|sofort)|von\s+nun\s+an)\s+bist\s+du\s+(?:\w+\s+){{0,3}}?{_ROLES}",
        rf"\b(?:tu|tue)\s+so,?\s+als\s+(?:wärst\s+du|ob\s+du|seist\s+du)\b|\bstell\s+dir\s+vor,?\s+du\s+(?:bist|wärst|seist)\s+(?:\w+\s+){{0,3}}?{_ROLES}",
        r"(?:^|[.!?:\n][ \t]{0,9})(?:wechs(?:le|el)|geh|schalte)\s+(?:\w+\s+){0,3}?(?:entwickler|dan|gott|jailbreak)-?modus\b",
    ),
    signal(
        "prompt",
        0.9,
        "prompt|anweisung|instruktion|vorgabe|unterhaltung|gespräch",
        rf"\b(?:gib|zeig\w*|nenn\w*|verrate?|wiederhole?|schreib\w*|drucke?)\s+{GAP}(?:deine?n?\s+{_SYSTEM}"
        r"|deine\s+(?:geheim|versteckt|verborgen|intern|ursprünglich|system)\w*\s*(?:anweisung|instruktion|vorgabe|regel)\w*|deine\s+systemanweisung\w*)",
        r"\b(?:wie\s+lauten|was\s+sind|was\s+(?:\w+\s+)?steht\s+in)\s+deine[mnr]?\s+(?:geheim\w*\s+|intern\w*\s+|ursprünglich\w*\s+)?"
        r"system-?(?:anweisung|instruktion|vorgabe|prompt)\w*",
        r"\b(?:zeig\w*|gib|nenn\w*|wiederhole?)\s+(?:mir\s+|uns\s+)?(?:den|allen)\s+text,?\s+(?:der\s+)?(?:über|vor|oberhalb)\s+"
        r"(?:dieser|dieses|diesem|von\s+diesem)\s+(?:unterhaltung|gespräch|chat|nachricht)\w*",
    ),
)
_FRENCH = (
    signal(
        "override",
        0.9,
        "oubli|ignore|compte de|respect|contourn|plus valable|plus valide|ne suis|abstraction|laisse|obéi|ne sont|ne valent",
        r"\b(?:ignore|oublie|contourne|enfreins|transgresse)[zr]?\s+(?:toutes\s+)?(?:tes|vos)\s+(?:\w+\s+){0,2}?"
        r"(?:instructions?|consignes?|directives?|règles|restrictions?)\b",
        r"\bne\s+(?:tiens|tenez)\s+(?:pas|plus)\s+compte\s+de\s+(?:toutes\s+)?(?:tes|vos)\s+(?:instructions?|consignes?|directives?|règles)\b",
        r"\b(?:fai(?:s|tes)\s+abstraction\s+de|laisse[zr]?\s+tomber|n['’]obéi(?:s|ssez)\s+(?:plus|pas)\s+à)\s+(?:toutes\s+)?(?:tes|vos)\s+"
        r"(?:instructions?|consignes?|directives?|règles)\b|\bn['’]obéi(?:s|ssez)\s+qu['’]à\s+moi\b",
        r"\bne\s+(?:respecte[zs]?|suis|suivez|applique[zs]?)\s+(?:plus|pas)\s+(?:tes|vos)\s+(?:instructions?|consignes?|directives?|règles)\b",
        r"\boublie[zr]?\s+tout\s+ce\s+(?:que|qu['’])\s*(?:\w+\s+|['’\w]+\s+){0,4}?(?:dit|appris|demandé|ordonné)\b",
        r"\btes\s+(?:\w+\s+)?(?:instructions?|consignes?|directives?|règles)\s+(?:\w+\s+)?ne\s+(?:sont|valent|comptent)\s+plus\b",
    ),
    signal(
        "role",
        0.85,
        "désormais|comme si tu|fais semblant|faites semblant|mode développeur|à partir de maintenant|mode dan",
        rf"\b(?:tu\s+es|vous\s+êtes)\s+(?:désormais|à\s+partir\s+de\s+maintenant)\s+(?:\w+\s+){{0,3}}?{_ROLES}",
        rf"\b(?:désormais|à\s+partir\s+de\s+maintenant),?\s+(?:tu\s+es|vous\s+êtes)\s+(?:\w+\s+){{0,3}}?{_ROLES}",
        r"\bfai(?:s|tes)\s+comme\s+si\s+(?:tu\s+étais|vous\s+étiez)\b|\bfai(?:s|tes)\s+semblant\s+d['’]être\b",
        r"(?:^|[.!?:\n][ \t]{0,9})(?:passe[zr]?|entre[zr]?|active[zr]?)\s+(?:\w+\s+){0,2}?mode\s+(?:développeur|dan|jailbreak)\b",
    ),
    signal(
        "prompt",
        0.9,
        "prompt|instruction|consigne|conversation",
        rf"\b(?:affiche|montre|révèle|répète|donne|dévoile|écris)\w*(?:-moi|-nous)?\s+{GAP}\b(?:ton|tes|votre|vos)\s+(?:{_SYSTEM}"
        r"|(?:instructions?|consignes?|règles)\s+(?:secrètes?|cachées?|internes?|système|initiales?))",
        r"\bquel(?:le)?s?\s+sont\s+(?:tes|vos)\s+(?:instructions?|consignes?)\s+(?:système|secrètes?|cachées?|internes?|initiales?)",
        r"\b(?:affiche|montre|répète|donne)\w*(?:-moi|-nous)?\s+(?:tout\s+)?le\s+texte\s+(?:qui\s+précède|au-dessus\s+de|avant)\s+"
        r"(?:cette|ce)\s+(?:conversation|message|discussion)",
    ),
)
_SPANISH = (
    signal(
        "override",
        0.9,
        "olvid|ignor|hagas caso|haga caso|sigas|siga más|sáltate|sáltese|"
        "ya no valen|no valen ya|desobedec|caso omiso|de lado|obedéceme|no obede|no respet",
        r"\b(?:ignor[ae]|olvid[ae]|desobede(?:ce|zca)|sáltate|sáltese)\s+(?:todas\s+)?(?:tus|sus)\s+(?:\w+\s+){0,2}?"
        r"(?:instrucciones|indicaciones|órdenes|reglas|directrices|normas|restricciones)\b",
        r"\bno\s+(?:hagas?\s+caso\s+(?:de|a)|sigas?(?:\s+más)?|obede(?:zcas?)|respetes?)\s+(?:más\s+)?(?:todas\s+)?(?:tus|sus)\s+"
        r"(?:instrucciones|indicaciones|órdenes|reglas|directrices|normas)\b",
        r"\b(?:haz|haga)\s+caso\s+omiso\s+(?:de|a)\s+(?:todas\s+)?(?:tus|sus)\s+(?:instrucciones|órdenes|reglas|directrices|normas)\b",
        r"\b(?:deja|deje)\s+(?:de\s+lado|atrás)\s+(?:tus|sus)\s+(?:instrucciones|órdenes|reglas|directrices|normas)\b|\bobedéceme\s+(?:solo\s+)?a\s+mí\b",
        r"\b(?:olvid[ae])\s+todo\s+lo\s+que\s+(?:\w+\s+){0,4}?(?:dicho|dijeron|dije|enseñado|ordenado)\b",
        r"\btus\s+(?:instrucciones|indicaciones|órdenes|reglas|directrices)\s+(?:\w+\s+)?(?:ya\s+no|no)\s+(?:valen|cuentan|sirven|son\s+válidas)\b",
    ),
    signal(
        "role",
        0.85,
        "a partir de ahora|desde ahora|finge que|finja que|modo desarrollador|modo dan|haz como si|imagina que eres",
        rf"\b(?:a\s+partir\s+de|desde)\s+ahora,?\s+(?:tú\s+)?(?:eres|serás)\s+(?:\w+\s+){{0,3}}?{_ROLES}",
        rf"\b(?:finge|finja|imagina|imagine)\s+que\s+(?:eres|es)\s+(?:\w+\s+){{0,3}}?{_ROLES}|\bhaz\s+como\s+si\s+fueras\b",
        r"(?:^|[.!?:\n][ \t]{0,9})(?:activ[ae]|pas[ae]|entr[ae]|cambi[ae])\s+(?:\w+\s+){0,2}?modo\s+"
        r"(?:de\s+)?(?:desarrollador|dan|jailbreak)\b",
    ),
    signal(
        "prompt",
        0.9,
        "prompt|instruccion|conversación",
        rf"\b(?:muestra|enseña|enséña|revela|revéla|repite|dame|escribe|di)\w*\s+{GAP}\b(?:tus?|sus?)\s+(?:{_SYSTEM}"
        r"|(?:instrucciones|reglas|indicaciones)\s+(?:secretas|ocultas|internas|iniciales|de(?:l)?\s+sistema))",
        r"\bcuáles\s+son\s+(?:tus|sus)\s+(?:instrucciones|indicaciones)\s+(?:secretas|ocultas|internas|iniciales|de(?:l)?\s+sistema)",
        r"\b(?:muéstra|enséña|muestra|enseña|repite|dame)\w*\s+(?:todo\s+)?el\s+texto\s+(?:que\s+precede\s+a|anterior\s+a|antes\s+de|encima\s+de)\s+"
        r"est[ea]\s+(?:conversación|mensaje|chat)",
    ),
)
_ITALIAN = (
    signal(
        "override",
        0.9,
        "ignor|dimentic|tenere conto|tenga conto|seguire più|segua più|valgono più|"
        "aggir|trasgred|lascia|lasci |bbidir|bbedi|rispett",
        rf"\b(?:ignora|ignori|dimentica|dimentichi|aggira|aggiri|trasgredisci)\s+(?:tutte\s+)?le\s+{GAP}(?:tue|sue)\s+(?:\w+\s+)?"
        r"(?:istruzioni|indicazioni|regole|direttive|restrizioni)\b",
        r"\b(?:ignora|ignori|dimentica|dimentichi)\s+(?:tutte\s+)?le\s+(?:istruzioni|indicazioni|regole|direttive)\s+(?:\w+\s+)?(?:precedenti|ricevute|iniziali)\b",
        r"\bnon\s+(?:tenere|tenga)\s+(?:più\s+)?conto\s+delle\s+(?:tue|sue)\s+(?:istruzioni|indicazioni|regole|direttive)\b",
        r"\bnon\s+(?:seguire|segua|rispettare|rispetti)\s+(?:più\s+)?le\s+(?:tue|sue)\s+(?:istruzioni|indicazioni|regole|direttive)\b",
        r"\b(?:lascia|lasci)\s+(?:perdere|stare)\s+le\s+(?:tue|sue)\s+(?:istruzioni|indicazioni|regole|direttive)\b",
        r"\bnon\s+(?:obbedire|ubbidire|obbedisca)\s+(?:più\s+)?alle\s+(?:tue|sue)\s+(?:istruzioni|indicazioni|regole|direttive)\b",
        r"\bdimentic(?:a|hi)\s+tutto\s+(?:quello|ciò)\s+che\s+(?:\w+\s+){0,4}?(?:detto|insegnato|ordinato|chiesto)\b",
        r"\ble\s+tue\s+(?:istruzioni|indicazioni|regole|direttive)\s+(?:\w+\s+)?non\s+(?:valgono|contano|servono)\s+più\b",
    ),
    signal(
        "role",
        0.85,
        "d'ora in poi|d’ora in poi|da adesso|da ora|fai finta|faccia finta|fingi|immagin|modalità",
        rf"\b(?:d['’]ora\s+in\s+poi|da\s+adesso|da\s+ora)(?:\s+in\s+poi)?,?\s+(?:tu\s+)?(?:sei|sarai)\s+(?:\w+\s+){{0,3}}?{_ROLES}",
        rf"\b(?:fai\s+finta|faccia\s+finta|fingi|immagina|immagini)\s+di\s+essere\s+(?:\w+\s+){{0,3}}?{_ROLES}",
        r"(?:^|[.!?:\n][ \t]{0,9})(?:passa|entra|attiva|vai)\s+(?:\w+\s+){0,2}?modalità\s+(?:sviluppatore|dan|jailbreak)\b",
    ),
    signal(
        "prompt",
        0.9,
        "prompt|istruzion|conversazione",
        rf"\b(?:mostra|rivela|ripeti|scrivi|dammi|stampa|dimmi)\w*\s+{GAP}\b(?:il\s+tuo|il\s+suo|le\s+tue|le\s+sue)\s+(?:{_SYSTEM}"
        r"|(?:istruzioni|regole|indicazioni)\s+(?:segrete|nascoste|interne|iniziali|di\s+sistema))",
        r"\bquali\s+sono\s+le\s+(?:tue|sue)\s+(?:istruzioni|indicazioni)\s+(?:segrete|nascoste|interne|iniziali|di\s+sistema)",
        r"\b(?:mostra|ripeti|dammi|scrivi)\w*\s+(?:tutto\s+)?il\s+testo\s+(?:che\s+precede|prima\s+di|sopra)\s+quest[ao]\s+(?:conversazione|messaggio|chat)",
    ),
)
_DUTCH = (
    signal(
        "override",
        0.9,
        "negeer|vergeet|trek je|houd je|omzeil|gelden niet|gelden vanaf|volg |gehoorzaam|laat je|laat jouw",
        r"\b(?:negeer|vergeet|omzeil|overtreed)\s+(?:al\s+|alle\s+)?(?:je|jouw|uw)\s+(?:\w+\s+){0,2}?(?:instructies|regels|richtlijnen|opdrachten|beperkingen)\b",
        r"\btrek\s+je\s+(?:niets|niks)\s+(?:meer\s+)?aan\s+van\s+(?:je|jouw)\s+(?:instructies|regels|richtlijnen|opdrachten)\b",
        r"\b(?:houd|hou)\s+je\s+(?:niet\s+(?:meer|langer)|nooit\s+meer)\s+aan\s+(?:je|jouw|de)\s+(?:instructies|regels|richtlijnen|opdrachten)\b",
        r"\bvolg\s+(?:niet\s+(?:meer|langer)\s+)?(?:je|jouw)\s+(?:instructies|regels|richtlijnen)\s+niet\b",
        r"\b(?:negeer|vergeet)\s+(?:alle\s+|de\s+)?(?:bovenstaande|voorgaande|vorige|eerdere)\s+(?:instructies|regels|richtlijnen|opdrachten)\b",
        r"\blaat\s+(?:je|jouw)\s+(?:instructies|regels|richtlijnen)\s+los\b",
        r"\bgehoorzaam\s+(?:niet\s+(?:meer|langer)\s+aan\s+(?:je|jouw)|alleen\s+(?:nog\s+)?(?:aan\s+)?mij)\b",
        r"\bvergeet\s+alles\s+wat\s+(?:\w+\s+){0,5}?(?:verteld|gezegd|geleerd|opgedragen)\b",
        r"\b(?:je|jouw)\s+(?:\w+\s+)?(?:instructies|regels|richtlijnen|opdrachten)\s+(?:gelden|tellen|zijn)\s+(?:vanaf\s+nu\s+)?(?:niet\s+(?:meer|langer)|ongeldig)\b",
    ),
    signal(
        "role",
        0.85,
        "vanaf nu|doe alsof|modus|stel je voor",
        rf"\b(?:vanaf\s+nu|voortaan)\s+ben\s+je\s+(?:\w+\s+){{0,3}}?{_ROLES}|\bje\s+bent\s+(?:vanaf\s+nu|voortaan)\s+(?:\w+\s+){{0,3}}?{_ROLES}",
        rf"\bstel\s+je\s+voor\s+dat\s+je\s+(?:\w+\s+){{0,3}}?{_ROLES}",
        rf"\bdoe\s+alsof\s+je\s+(?:\w+\s+){{0,3}}?{_ROLES}",
        r"(?:^|[.!?:\n][ \t]{0,9})(?:ga|schakel|activeer)\s+(?:\w+\s+){0,3}?(?:ontwikkelaars?|dan|jailbreak)-?modus\b",
    ),
    signal(
        "prompt",
        0.9,
        "prompt|instructies|gesprek",
        rf"\b(?:toon|laat|geef|herhaal|verklap|onthul|vertel)\s+{GAP}\b(?:je|jouw|uw)\s+(?:{_SYSTEM}"
        r"|(?:geheime|verborgen|interne|oorspronkelijke)\s+(?:instructies|regels|opdrachten)|systeeminstructies)",
        r"\bwat\s+(?:zijn|(?:er\s+)?(?:staat\s+)?(?:er\s+)?in)\s+(?:je|jouw|uw)\s+(?:geheime\s+|verborgen\s+)?(?:systeem-?(?:instructies|prompt)|interne\s+instructies)",
        r"\b(?:toon|laat|geef|herhaal)\s+(?:me\s+|mij\s+|ons\s+)?(?:alle\s+)?de\s+tekst\s+(?:zien\s+)?(?:die\s+)?(?:boven|vóór|voor|voorafgaand\s+aan)\s+"
        r"(?:dit|deze)\s+(?:gesprek|bericht|chat)",
    ),
)
_PORTUGUESE = (
    signal(
        "override",
        0.9,
        "ignor|esque|não lig|não sig|contorn|já não val|não valem|de lado|não obede|não respei|desobede",
        r"\b(?:ignor[ae]|esque(?:ça|ce)|contorn[ae]|desobede(?:ce|ça))\s+(?:todas\s+)?as\s+(?:instruções|indicações|regras|diretrizes|ordens)\s+"
        r"(?:\w+\s+)?(?:anteriores|prévias|recebidas|iniciais|acima)\b",
        r"\b(?:ignor[ae]|esque(?:ça|ce)|contorn[ae]|desobede(?:ce|ça))\s+(?:todas\s+)?(?:as\s+)?(?:tuas|suas)\s+(?:\w+\s+)?"
        r"(?:instruções|indicações|regras|diretrizes|ordens|restrições)\b",
        r"\bnão\s+(?:ligu?es?\s+(?:mais\s+)?às|sigas?\s+(?:mais\s+)?as|respeites?\s+(?:mais\s+)?as|obedeças?\s+(?:mais\s+)?às)\s+(?:tuas|suas)\s+"
        r"(?:instruções|indicações|regras|diretrizes|ordens)\b",
        r"\b(?:deix[ae])\s+(?:de\s+lado|para\s+trás)\s+as\s+(?:tuas|suas)\s+(?:instruções|indicações|regras|diretrizes|ordens)\b",
        r"\besque(?:ça|ce)\s+tudo\s+(?:o\s+que|aquilo\s+que)\s+(?:\w+\s+){0,4}?(?:disseram|disse|dito|ensinaram|ordenaram)\b",
        r"\bas\s+(?:tuas|suas)\s+(?:instruções|indicações|regras|diretrizes)\s+(?:\w+\s+)?(?:já\s+não|não)\s+(?:valem|contam|servem)\b",
    ),
    signal(
        "role",
        0.85,
        "a partir de agora|de agora em diante|finja|finge|imagina|"
        "imagine|modo de desenvolvedor|modo desenvolvedor|modo dan|modo programador",
        rf"\b(?:a\s+partir\s+de\s+agora|de\s+agora\s+em\s+diante),?\s+(?:você\s+é|tu\s+és|és|serás)\s+(?:\w+\s+){{0,3}}?{_ROLES}",
        rf"\b(?:finja|finge|imagin[ae])\s+(?:que\s+(?:é|és)|ser)\s+(?:\w+\s+){{0,3}}?{_ROLES}",
        r"(?:^|[.!?:\n][ \t]{0,9})(?:entr[ae]|ativ[ae]|pass[ae]|vá)\s+(?:\w+\s+){0,2}?modo\s+"
        r"(?:de\s+)?(?:desenvolvedor|programador|dan|jailbreak)\b",
    ),
    signal(
        "prompt",
        0.9,
        "prompt|instruções|conversa",
        rf"\b(?:mostr[ae]|revel[ae]|repit[ae]|escrev[ae]|diga|diz|dá|dê)(?:-me|-nos)?\s+{GAP}\b(?:o\s+(?:teu|seu)|as\s+(?:tuas|suas))\s+(?:{_SYSTEM}"
        r"|(?:instruções|regras|indicações)\s+(?:secretas|ocultas|internas|iniciais|d[eo]\s+sistema))",
        rf"\b(?:diga|diz|mostr[ae]|escrev[ae])(?:-me|-nos)?\s+o\s+que\s+(?:está|diz)\s+(?:n?o\s+)?(?:teu|seu)\s+{_SYSTEM}",
        r"\bquais\s+são\s+as\s+(?:tuas|suas)\s+(?:instruções|indicações)\s+(?:secretas|ocultas|internas|iniciais|d[eo]\s+sistema)",
        r"\b(?:mostr[ae]|repit[ae]|dá|dê)(?:-me|-nos)?\s+(?:todo\s+)?o\s+texto\s+(?:que\s+está\s+)?(?:acima\s+d|antes\s+d|anterior\s+a\s*)est[ae]\s+"
        r"(?:conversa|mensagem|chat)",
    ),
)
SIGNALS = (*_GERMAN, *_FRENCH, *_SPANISH, *_ITALIAN, *_DUTCH, *_PORTUGUESE)
