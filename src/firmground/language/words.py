"""Word lists: what the analysis knows about single languages. Data only."""

STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french", "ga": "irish",
    "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "ne": "nepali", "nl": "dutch", "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip
"""ISO 639-1 → name of the Snowball algorithm."""

UNFOLDED = frozenset({"sv", "da", "no", "fi", "et", "hu", "tr", "pl", "cs", "lt", "ro", "is", "lv", "sk", "vi"})
"""Languages in which letters with marks are letters of their own: folding them would join unrelated words."""

_EN = """
a about above after again against all also am an and any are aren't as at be because been before being below between both but by
can can't cannot could couldn't did didn't do does doesn't doing don't down during each few for from further had hadn't has
hasn't have haven't having he her here hers herself him himself his how i i'd i'll i'm i've if in into is isn't it it's its
itself just me more most my myself no nor not now of off on once only or other our ours ourselves out over own same she should
shouldn't so some such than that that's the their theirs them themselves then there there's these they they're this those
through to too under until up upon very was wasn't we we're were weren't what what's when where which while who whom whose why
will with won't would wouldn't you you're your yours yourself yourselves
"""
_DE = """
aber alle allem allen aller alles als also am an ander andere anderem anderen anderer anderes auch auf aus bei beim bin bis bist
da damit dann das dass dasselbe dazu dein deine deinem deinen deiner dem den denn der des dessen die dies diese dieselbe diesem
diesen dieser dieses doch dort du durch ein eine einem einen einer eines einige einigem einigen einiger einiges er es etwas euch
euer eure für gegen gibt habe haben hat hatte hatten hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres im in
ins ist ja jede jedem jeden jeder jedes jene jenem jenen jener jenes kann kein keine keinem keinen keiner keines können könnte
man manche manchem manchen mancher manches mein meine meinem meinen meiner meines mich mir mit muss müssen nach nicht nichts
noch nun nur ob oder ohne sehr sein seine seinem seinen seiner seines selbst sich sie sind so solche solchem solchen solcher
soll sollen sollte sondern sonst soviel über um und uns unser unsere unserem unseren unserer unter viel viele vom von vor wann
war waren warum was weil welche welchem welchen welcher welches wenn wer werde werden wie wieder will wir wird wirst wo wollen
wurde wurden während würde würden zu zum zur zwar zwischen
"""
_FR = """
à ai aie ait alors après as au aucun aucune aussi autre autres aux avaient avait avant avec avez avoir avons ayant c ce ceci
cela celle celles celui ces cet cette ceux chaque chez combien comme comment d dans de depuis des donc dont du elle elles en
encore entre est et étaient était étant êtes être eu eux fait faut furent fut ici il ils j je jusque l la là laquelle le
lequel les lesquelles lesquels leur leurs lors lui m ma mais me même mêmes mes moi moins mon n ne ni nos notre nous on ont or ou
où par parce pas pendant peu peut peuvent plus pour pourquoi qu quand que quel quelle quelles quels qui quoi s sa sans se sera
seront ses si soit sommes son sont sous suis sur t ta te tes toi ton tous tout toute toutes très tu un une vers vos votre vous y
"""
_ES = """
a al algo algunas alguno algunos ante antes aquel aquella aquellas aquellos aquí así aún aunque cada como cómo con contra cual
cuál cuales cuáles cualquier cuando cuándo cuanto cuánta cuántas cuánto cuántos de del desde donde dónde dos durante e el él
ella ellas ello ellos en entonces entre era eran eres es esa esas ese eso esos esta está están estar estas este esto estos estoy
fue fueron ha haber había han has hasta hay he hemos la las le les lo los más me mi mí mis mientras mucho muchos muy nada ni no
nos nosotros nuestra nuestras nuestro nuestros o os otra otras otro otros para pero poco por porque pues puede pueden que qué
quien quién quienes se sea sean según ser será serán si sí sido siempre sin sobre sois solo sólo somos son soy su sus suya suyo
tal también tan tanto te tener tiene tienen todo todos tu tú tus un una unas uno unos usted ustedes vosotros y ya yo
"""
_IT = """
a ad agli ai al alla alle allo anche ancora avere avete aveva avevano c che chi ci ciò coi col come con contro cosa così cui d
da dagli dai dal dalla dalle dallo degli dei del della delle dello dentro di dopo dove due e è ed era erano essere fa fino fra
già gli ha hai hanno ho i il in io l la le lei li lo loro lui ma me mentre mi mia mie miei mio molto ne negli nei nel nella
nelle nello no noi non nostra nostre nostri nostro o ogni ora per perché però più poi può possono prima qual quale quali quando
quanta quante quanti quanto quella quelle quelli quello questa queste questi questo qui s sarà se sei senza si sia siamo siano
siete solo sono sopra sotto su sua sue sugli sui sul sulla sulle sullo suo suoi tra tu tua tue tuo tuoi tutte tutti tutto un una
uno v vi voi
"""
_NL = """
aan al alle als altijd andere ben bij daar dan dat de der deze die dit doen door dus een eens en er ge geen geweest had heb
hebben heeft hem het hier hij hoe hoeveel hun iemand iets ik in is ja je jij jou jouw jullie kan kon kunnen maar me meer men met
mij mijn moet moeten na naar niet niets nog nu of om omdat ons onze ook op over reeds te tegen toch toen tot u uit uw van veel
voor waar waarom wanneer want waren was wat we wel welk welke werd wezen wie wij wil worden wordt zal ze zelf zich zij zijn zo
zonder zou
"""
_PT = """
a à ao aos aquela aquelas aquele aqueles aquilo as às até com como da das de dela delas dele deles depois do dos e é ela elas
ele eles em entre era eram essa essas esse esses esta está estão estas estava este estes eu foi foram há isso isto já la lhe
lhes lo mais mas me mesmo meu meus minha minhas muito muitos na não nas nem no nos nós nossa nossas nosso nossos num numa o onde
os ou para pela pelas pelo pelos pode podem por porque porquê qual quais quando quanta quantas quanto quantos que quê quem se
sem ser será seu seus só sobre sua suas são também te tem têm tenho ter teu teus tu tua tuas um uma umas uns você vocês vos
"""
_SV = """
alla allt att av blev bli blir de dem den denna deras dess dessa det detta dig din dina dock du där efter eller en er ett från
för ha hade han hans har hela henne hon honom hur här i icke ingen inom inte jag ju kan kunde man med mellan men mig min mina
mot mycket ni nu när någon något några och om oss på samma sedan sig sin sina sitt ska skulle som så till under upp ut utan vad
var vara varför vem vi vid vilka vilken vilket är över
"""
_DA = """
af alle alt anden at blev blive bliver da de dem den denne der deres det dette dig din disse dog du efter eller en end er et for
fra ham han hans har havde have hende her hos hun hvad hvem hvilke hvilken hvis hvor hvordan hvorfor hvornår i ikke ind jeg jer
jo kan kunne man mange med meget men mig min mit mod når ned noget nogle nu og også om op os over på sådan selv sig sin skal
skulle som til ud under var ved vi vil ville vor være været
"""
_NO = """
alle at av bare begge ble blei bli blir da de deg dem den denne der deres det dette di din disse du eller en enn er et ett etter
for fra få ha hadde han hans har hennes her hos hun hva hvem hver hvilke hvilken hvis hvor hvordan hvorfor i ikke ingen inn ja
jeg kan kom kun kunne man mange med meg mellom men min mot mye når nå og også om opp oss over på samme seg selv sin skal skulle
som så til under ut uten var ved vi vil ville være vært vår
"""

_LISTS = {"en": _EN, "de": _DE, "fr": _FR, "es": _ES, "it": _IT, "nl": _NL, "pt": _PT, "sv": _SV, "da": _DA, "no": _NO}
STOP_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(word.casefold() for word in words.split()) for language, words in _LISTS.items()
}

_ELISIONS = "l d j m n s t c qu jusqu lorsqu puisqu quoiqu dell nell all sull dall quell quest un"
ELISIONS = frozenset(_ELISIONS.split())
"""What French and Italian put before an apostrophe: the word is what follows."""

_GERMAN_HEADS = """
abgabe ablauf abrechnung abschluss abteilung abwesenheit adresse akte aktie amt analyse anfrage angabe angebot anlage anleitung
anmeldung annahme anruf anschluss anspruch antrag anweisung anzahl anzeige apparat arbeit arbeiter art arzt atteste aufgabe
auflage aufnahme auftrag aufwand ausbildung ausgabe auskunft ausnahme ausschuss auswahl ausweis auszahlung auto bahn bank bau
beamter bedarf bedingung befehl beginn begriff behandlung behörde beihilfe beispiel beitrag bereich bericht beruf beschaffung
bescheid bescheinigung beschluss beschwerde bestand bestellung bestimmung besuch betrag betrieb betreuung bewerbung bewertung
beziehung bild bogen brief buch buchung büro chef datei daten datum dauer dienst dokument druck eingang einheit einkauf
einkommen einsatz einstellung eltern empfang ende energie entgelt entwicklung erfassung ergebnis erhöhung erklärung erlaubnis
erstattung fahrt fahrzeug fall familie farbe fehler feier feiertag feld firma folge form formular forschung frage frau freigabe
frist führer führung gang gebiet gebühr gebäude gefahr gehalt geld genehmigung gerät gericht geschichte geschäft gesellschaft
gesetz gespräch gewicht grenze größe grund gruppe gut haus heft heim herstellung hilfe höhe inhalt jahr kammer karte kasse kauf
kenntnis kind klage klasse klausel klinik konto kontrolle konzept kopf kosten kraft krankheit kredit kunde kurs lage lager land
leben lehre leistung leiter leitung liste lohn lösung macht mangel mann markt maschine material maß maßnahme meldung menge
messung miete minute mitglied mittel modell monat nachweis name netz note nummer nutzung objekt ordner ordnung ort papier
partner pass passwort pause person pfand pflege pflicht phase plan planung platz post praxis preis problem produkt produktion
programm projekt protokoll prozess prüfung punkt quote rahmen rate raum rechner rechnung recht rechte rede regel regelung reihe
reise rente reparatur richtlinie risiko rolle ruhe saal sache satz schaden schalter schein schicht schluss schlüssel schrift
schule schulung schutz schwester seite sendung server sicherheit sitz sitzung software sorge spende sperre spesen spiel sprache
staat stadt stand stätte stelle stellung steuer stoff strafe strasse straße strom stück studie stunde suche summe system tabelle
tafel tag tarif tausch technik teil teilnehmer telefon termin test text thema ticket tisch titel tür turnus übergabe übersicht
uhr umlage umsatz unfall unterlage unternehmen unterricht unterstützung untersuchung urlaub verband verbindung verbot verbrauch
verein verfahren verfügung vergleich vergütung verhalten verhältnis verkauf verkehr verlag verlängerung verlust vermerk vermögen
verordnung versand verschluss versicherung version vertrag vertreter vertretung verwaltung verwendung verzeichnis volumen
vorgang vorlage vorschlag vorschrift vorsorge wagen wahl ware wasser wechsel weg weise werk wert wesen wirtschaft woche wohnung
wort zahl zahlung zeichen zeit zeitraum zentrum zettel zeug zeugnis ziel zimmer zins zone zuschlag zuschuss zustand zustimmung
zuweisung zweck
"""
GERMAN_HEADS = frozenset(_GERMAN_HEADS.split())
"""Frequent last parts of German compounds."""

ASKING = """
how long much many often far old what which who when where why combien longtemps quel quelle quand pourquoi comment wie lange
viel viele oft weit welche welcher welches wann warum wo cuánto cuánta cuántos cuántas cada cuál cómo cuándo dónde
"""
"""Words that say what kind of answer is wanted, not what it is about."""

_NEGATIONS = {
    "en": "not no never none nobody nothing neither nor cannot without can't won't don't doesn't didn't isn't aren't wasn't weren't mustn't"
    " shouldn't",
    "de": "nicht kein keine keinen keinem keiner keines nie niemals niemand nichts weder ohne",
    "fr": "ne n pas jamais aucun aucune rien sans",
    "es": "no nunca jamás ningún ninguno ninguna nadie nada tampoco sin",
}
NEGATIONS: dict[str, frozenset[str]] = {language: frozenset(words.split()) for language, words in _NEGATIONS.items()}
"""Words that turn a statement round."""
