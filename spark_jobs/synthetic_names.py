"""Names, codes and notes of the synthetic health system. The earlier ones are met more often."""

from __future__ import annotations

FEMALE = (
    "Olivia Amelia Isla Ava Mia Ivy Lily Isabella Rosie Sophie Emily Grace Freya Ella Charlotte Poppy Evie Alice "
    "Florence Sarah Susan Margaret Patricia Linda Christine Jean Barbara Dorothy Joan Sheila Carol Janet Karen "
    "Julie Helen Tracey Deborah Michelle Claire Emma Laura Rebecca Rachel Hannah Jessica Lauren Megan Chloe Amy "
    "Katie Aisha Fatima Zainab Maryam Priya Anjali Sunita Mei Agnieszka Katarzyna Elena Maria Joanna Ewa "
    "Chantelle Shanice Ngozi Abena Doris Edith Elsie Gladys Hilda Ivy Mabel Nora Olive Phyllis Vera Winifred "
    "Audrey Beryl Brenda Eileen Irene Joyce Marjorie Muriel"
).split()
MALE = (
    "Noah Oliver George Arthur Muhammad Leo Harry Oscar Archie Henry Theodore Freddie Jack Charlie Theo Alfie "
    "Jacob Thomas David John Michael Peter Robert Paul James Andrew Stephen Mark Ian Richard Alan Keith Kevin "
    "Brian Colin Graham Simon Gary Darren Lee Jason Wayne Craig Matthew Daniel Christopher Adam Ryan Luke Joshua "
    "Ben Mohammed Ahmed Ali Hassan Imran Raj Sanjay Amit Wei Piotr Tomasz Krzysztof Marek Andrei Carlos Kwame "
    "Emeka Tyrone Albert Arnold Cecil Cyril Ernest Frank Fred Harold Herbert Leonard Norman Percy Reginald Ronald "
    "Sidney Stanley Walter Wilfred Kenneth Derek Dennis Roy"
).split()
SURNAMES = (
    "Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White Roberts "
    "Green Hall Wood Jackson Clarke Khan Hussain Ahmed Ali Patel Singh Begum Shah Malik Kaur Edwards Hughes Lewis "
    "Harris Martin Cooper Hill Ward Turner Moore Morris Clark King Baker Harrison Morgan Allen Scott Watson "
    "Parker James Bennett Young Phillips Richardson Mitchell Cook Carter Bailey Shaw Bell Collins Kelly Murphy "
    "Miller Cox Marshall Richards Simpson Wilkinson Foster Barker Bourne Brindley Wedgwood Colclough Machin Hulme "
    "Bloor Mountford Cartlidge Proctor Tunnicliffe Sherratt Boulton Heath Podmore Steele Beech Salt Mellor "
    "Goodwin Cotton Lovatt Bagnall Rhead Shufflebotham Whalley Plant Forrester Nowak Kowalski Wisniewska Popescu "
    "Ionescu Okafor Mensah Adeyemi Wong Chen Nguyen Fernandes Silva Kowalczyk Begley Doyle Abbott Adams Allcock "
    "Bentley Bradbury Burgess Chadwick Copestake Critchlow Dale Eardley Finney Gallimore Hancock Holdcroft Jervis "
    "Keeling Leese Malkin Nixon Oakes Pointon Quinn Ridgway Sillitoe Tams Unwin Viggars Whitehurst Yates Zaman"
).split()
NICKNAMES = {
    "Margaret": "Maggie", "Patricia": "Pat", "Christine": "Chris", "Susan": "Sue", "Deborah": "Debbie", "Rebecca":
    "Becky", "Robert": "Bob", "Michael": "Mike", "David": "Dave", "Thomas": "Tom", "Stephen": "Steve", "Richard":
    "Rick", "Andrew": "Andy", "Matthew": "Matt", "Christopher": "Chris", "Daniel": "Dan", "James": "Jim", "Kenneth":
    "Ken", "Katarzyna": "Kasia", "Jessica": "Jess", "Charlotte": "Lottie", "Elizabeth": "Liz", "Benjamin": "Ben",
    "Ronald": "Ron",
}  # fmt: skip
DISTRICTS = ("ST1", "ST2", "ST3", "ST4", "ST5", "ST6", "ST7", "ST8", "ST10", "ST13", "ST14", "ST15", "ST16", "ST17",
             "ST18", "ST19", "ST20", "WS11", "WS12", "WS15", "DE13", "DE14", "DE15", "B77", "B79")  # fmt: skip
POSTCODE_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"  # the inward part leaves out C, I, K, M, O and V (Royal Mail PAF guide)

# name: (SNOMED CT, ICD-10, yearly prescriptions' dm+d, logit at 50, logit per decade, logit per deprivation decile)
CONDITIONS = {
    "hypertension": ("38341003", "I10", "318904003", -1.2, 0.55, 0.02),
    "diabetes": ("44054006", "E119", "325278007", -2.4, 0.35, 0.06),
    "asthma": ("195967001", "J459", "320139002", -2.1, -0.05, 0.04),
    "copd": ("13645005", "J449", "320161007", -3.6, 0.55, 0.14),
    "heart failure": ("84114007", "I509", "317971007", -4.4, 0.80, 0.05),
    "atrial fibrillation": ("49436004", "I48X", "319775004", -4.0, 0.80, 0.01),
    "chronic kidney disease": ("709044004", "N189", "", -3.6, 0.75, 0.03),
    "depression": ("35489007", "F329", "321988008", -1.8, -0.05, 0.07),
    "dementia": ("52448006", "F03X", "", -6.2, 1.20, 0.02),
    "fall": ("217082002", "W19X", "", -4.0, 0.75, 0.03),
}
MEASURES = {"271649006": ("mm[Hg]", 132.0, 16.0), "60621009": ("kg/m2", 27.5, 5.0)}
DELIVERY = ("31", "O809", "R249")  # admitted ante partum, a spontaneous birth, a normal delivery
# Who is unwell in which way meets which service.
MENTAL_SERVICES = {
    "depression": ("talking therapies", "community mental health"),
    "dementia": ("memory clinic", "crisis"),
}
COMMUNITY_SERVICES = {
    "fall": ("district nursing", "physiotherapy"),
    "heart failure": ("heart failure nursing",),
    "dementia": ("district nursing",),
    "diabetes": ("podiatry",),
}
CARE_SERVICES = (
    "Short term support: reablement", "Short term support: other", "Long term support: community",
    "Long term support: residential care", "Long term support: nursing care",
)  # fmt: skip
CARE_DELIVERY = ("CASSR managed personal budget", "Direct payment", "CASSR commissioned support")
CARE_ROUTES = ("Community", "Discharge from hospital", "Self-funder")
CARE_ENDED = ("Service ended as planned", "Support ended: moved", "Admitted to hospital")
SPECIALTIES = ("100", "110", "120", "130", "300", "320", "340", "410", "430", "502")
ACUTE = ("R074", "N390", "J189", "S720", "K529", "I639", "A419", "R55X")
COMPLAINTS = ("29857009", "267036007", "21522001", "25064002", "217082002", "422587007")
NOTES = (
    "{title} {surname} seen with {other}, who is worried about the falls at home.",
    "Phoned {forename} {surname}: feels better, will call if worse.",
    "Reviewed. Lives with {other}. Plan: bloods and review in two weeks.",
    "Routine review, no concerns.",
    "Discussed with {other} (next of kin) on the ward.",
    "Did not answer the door; spoke to neighbour.",
)
