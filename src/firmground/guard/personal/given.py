"""Given names that many people have, in the languages that documents are mostly written in; and words that make no person of a name."""

_ALONE = """
aaron abigail adele adrian adriana agnes agnieszka ahmed aisha akira alan albert alberto alejandra alejandro alessandra
alessandro alessia alex alexander alexandra alexandre alexandru alexei alexis alfred alfredo alice alicia alina alison allison
alvaro amanda amelia amina amir amit amy amélie ana anastasia anders andrea andreas andreea andrei andrej andrew andrey andrzej
andrés aneta angela angelika angelina angelo anita anja anke ann anna annabelle anne annette annika anthony antje antoine anton
antonella antonia antonio antônio anya arjun armin arnaud arne arnold arthur arturo astrid aurélie ava axel ayşe barbara bartosz
beata beate beatrice beatriz becky ben benedikt benjamin benoît bernadette bernard bernd bernhard bert bianca birgit björn bob
bogdan bożena bradley brandon brenda brian brigitte britta bruce bruno bryan callum camila camille carina carl carla carlo
carlos carmen carolina caroline caterina catherine cathy cecilia cem charles charlie chiara chloe chloé chris christa christel
christina christine christophe christopher cindy claire clara clarissa claude claudia claudio clémence colette colin connor
corinna cornelia craig cristian cristiano cristina cynthia cécile céline dagmar daniel daniela daniele danielle danny daria
dario david debbie deborah deepak denis denise dennis derek detlef diana dick dieter dietmar dimitri dirk dmitri dmitry dominik
dominika dominique donald donna doris dorothea dorothy dorothée doug douglas duncan dylan edgar edith eduard eduardo edward
edwin eileen ekaterina elena eleni eleonora eli elias elif elisa elisabeth elizabeth elke ella ellen elliot elodie elsa emil
emilia emilie emily emine emma emmanuel enrico enrique eric erica erich erik erika ernesto ernst esteban esther ethan eugen
eugene eva evelyn ewa fabian fabio fabrizio fatima fatma federica federico felicia felipe felix ferdinand fernanda fernando
filip filippo fiona florian francesca francesco francis francisca francisco franco franz franziska françois françoise fred
frederick frederik friedrich fritz frédéric gabriel gabriela gabriele gabriella gareth gary gavin geoffrey georg george georgios
gerald gerard gerd gerda gerhard gertrud giacomo gianluca gilles gina giorgia giorgio giovanna giovanni gisela giulia giuseppe
gloria gonzalo gordon graham greg gregor gregory greta grzegorz guido guillaume guillermo gunnar gustav günter günther hanna
hannah hanne hannes hans harald harold harriet harry hartmut hasan hassan heidi heike heiko heiner heinrich heinz helen helena
helene helga helmut hendrik henri henrik henry herbert hermann hilda hilde hiroshi holger horst howard hubert hugo hüseyin
ibrahim ida ignacio igor ilse imran ines inga ingeborg ingo ingrid inês irena irene irina isaac isabel isabella isabelle ivan
ivana ivo jaap jacek jackie jacob jacqueline jacques jakob jakub jamal james jamie jan jana jane janet janina janine janusz
jason javier jeanette jeanne jeff jeffrey jelena jennifer jens jeremy jerry jessica jill jim jimmy joachim joan joana joanna
joanne joaquín jochen joe joel johan johann johanna johannes john johnny jonas jonathan jorge josef josefa joseph josephine
joshua josé joyce joão juan judith julia julian juliana juliane julie julien juliette julio justyna jutta jérôme jörg jürgen kai
kamil karen karim karin karl karla karolina karsten katarina katarzyna kate katerina katharina katherine kathleen kathrin
kathryn kathy katja katrin kay keith kelly ken kenneth kerstin kevin khalid kirsten klaus konrad konstantin krista kristin
kristina kristof krzysztof kurt lara larissa larry lars laszlo laura lauren laurence laurent lea leah leila lena leo leon
leonard leonardo leonie leopold leslie letizia leïla liam lidia lieselotte lina linda lisa liz lorena lorenzo lothar lotte louis
louisa louise luc luca lucas lucia lucie lucy lucía ludovic ludwig luigi luis luisa luise lukas luke lutz luís lydia lászló léa
léon madeleine magda magdalena malte manfred manon manuel manuela mara marc marcel marcela marcin marco marcos marcus marek
margaret margarete margarita margherita margot maria mariam mariana marianne marie marielle mario marion marisa marjorie marko
markus marlene marta martha martin martina martine mary maryam maría mateo mateusz mathias mathieu mathilde matt matteo matthew
matthias mattia maureen maurice maurizio mauro maxime maximilian małgorzata megan mehmet melanie melissa mercédès michael
michaela michał michel michela michele michelle miguel mihai mikael mike mikhail milan milena milica miriam mirjam mirko mohamed
mohammad mohammed moritz muhammad mustafa mélanie nadia nadine nadja nancy naomi natalia natalie natascha natasha nathalie
nathan neil nele nelson niamh nicholas nick nicola nicolas nicole niels nigel nikhil niklas nikola nikolai nikolaos nils nina
noah nora norbert norma noémie olaf oleg olga olivia olivier omar oscar oskar otto pablo paloma pamela paola paolo pascal
pascale patricia patricio patrick patrik patrizia paul paula paulina pauline paulo pavel pawel paweł pedro peggy penelope peter
petra petros philip philipp philippe phillip pia piero pierre pieter pietro pilar piotr priya rachel rafael raffaele rahul
rainer raj rajesh ralf ralph ramona ramón randy raphael raquel rashid ravi raymond raúl rebecca regina reinhard reinhold renata
renate rené renée ricardo riccardo richard rita robert roberta roberto robin rocío rodrigo roger roland rolf ronald ronny
rosalie rosemarie rosemary roswitha roxana roy rudolf rupert ruth ryan rüdiger sabine sabrina sally salvatore samantha samira
samuel sandra sanjay sara sarah sascha saskia scott sean sebastian sebastián sergei sergey sergio sharon sheila sibylle
siegfried sigrid silke silvana silvia simon simona simone siobhán sofie sofía solveig sonia sonja sophia sophie stacey stanislav
stanisław stefan stefania stefanie stephan stephanie stephen steve steven stuart stéphane stéphanie sunita susan susana susann
susanna susanne suzanne svea sven svenja svetlana sylvia sylvie sébastien tamara tania tanja tatiana tatjana teodora teresa
terry theo theodor theresa thomas thorsten thérèse tiago tim timo timothy tina tobias todd tom tomas tomasz tommaso tomás tony
torsten tracy trevor tristan udo ulrich ulrike ursula uschi ute uwe valentin valentina valeria valérie vanessa vasile vera
verena veronica veronika viktor viktoria vincent vincenzo vinod violeta virginie viviane vladimir volker véronique víctor
waldemar walter waltraud wanda wendy werner wilhelm willem william wojciech wolfgang xavier yannick yasmin yolanda yusuf yves
yvette yvonne zoe zofia zoltán zoé zuzana álvaro élise élodie łukasz
"""
_BESIDE = """
alba alma angel asunción bill carol charlotte chen christian clement concepción daisy dawn dolores don drew eve frank gabe giles
glen grace hazel heather holly ian jack jasmin jasmine jay jean jesus jesús jo jordan josh joy justin kim kirk kyle lee leigh
lila lily logan lou marina mark martí max mei mercedes mia miles molly nat ned nico noel ola owen parker pat penny
philomena ray rex rob rosa rosario rose ross rowan ruby russell sam santiago sasha selma serena shaun sofia sonny stella
stephane sue taylor ted terri theodore tyler victor victoria vince violet wayne ángel
"""
_NO_PERSON = """
academy act agency airlines airport allee allée association ave avenue award awards bakery bank basilica bay beach board
boulevard bridge bros brothers building bureau calle camp canyon capital castle cathedral center centre championship channel
chapel christmas church city clinic club code college commission committee company conference consulting corp corporation
council county court creek cup day days department desk district division drive effect elementary estate fellowship festival
flat flats formula foundation fund gallery gardens gate gmbh group hall harbor harbour height heights help high highway hill
hills holdings hospital hotel hotline house inc institute institution international investments island islands kg lake lane law
league library line llc llp logistics ltd magazine management market medal memorial ministry motors mount mountain museum news
office operations ops orchestra org palace park parks parkway partners pass pharmacy plaza point port post press prize project
publishing range report review river road route rule scholarship school schule server service services society solutions sons
space square stadium station strasse straße street studio studios support syndrome systems talent tales team technologies
terminal test theater theatre theorem times tower town trail trophy trust union university university's universität valley via
village weg wing works
"""
_PLACES_BEFORE = """
av avda avenida avenue blvd boulevard calle cape corso fort hurricane isla lake los mount mt paseo piazza place plaza port praça
puerto quai rua rue saint sainte san sankt sant santa santo square st ste storm strada são travessa via viale villa ville
"""
GIVEN = frozenset(_ALONE.split())
"""Given names that hardly anything else is called by."""
BESIDE_ANOTHER = GIVEN | frozenset(_BESIDE.split())
"""With those that are also words or places: names only where another name follows."""
NO_PERSON = frozenset(_NO_PERSON.split())
"""Words that may follow a name: then what both name is no person."""
PLACES_BEFORE = frozenset(_PLACES_BEFORE.split())
"""Words before a name that make a place of it."""
