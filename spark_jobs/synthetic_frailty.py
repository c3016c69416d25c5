"""What practices record of frailty beside illnesses, in the synthetic health system.

Each is a deficit of the electronic frailty index (Clegg and others, "Development and validation of an electronic
frailty index", Age and Ageing 45:353, 2016, doi:10.1093/ageing/afw039), told by one SNOMED CT concept where practices
use many. How common each is, and how it rises with age, is invented.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from random import Random

from spark_jobs.synthetic_people import AS_OF, Person, View
from spark_jobs.synthetic_time import GP, Row

# name: (SNOMED CT, logit at 50, logit per decade)
DEFICITS = {
    "anaemia": ("271737000", -3.4, 0.35),
    "arthritis": ("396275006", -2.2, 0.55),
    "cerebrovascular disease": ("230690007", -4.6, 0.70),
    "dizziness": ("404640003", -3.0, 0.40),
    "dyspnoea": ("267036007", -3.2, 0.45),
    "foot problems": ("229844004", -3.8, 0.50),
    "hearing impairment": ("15188001", -3.2, 0.60),
    "housebound": ("160689007", -6.5, 1.05),
    "hypotension or syncope": ("271594007", -4.2, 0.55),
    "ischaemic heart disease": ("414545008", -4.0, 0.70),
    "mobility problems": ("82971005", -4.6, 0.80),
    "osteoporosis": ("64859006", -4.6, 0.70),
    "parkinsonism": ("49049000", -6.6, 0.75),
    "peptic ulcer": ("13200003", -4.2, 0.30),
    "peripheral vascular disease": ("400047006", -4.8, 0.65),
    "skin ulcer": ("46742003", -5.0, 0.60),
    "sleep disturbance": ("193462001", -2.8, 0.10),
    "social vulnerability": ("105529008", -3.8, 0.60),
    "thyroid disease": ("40930008", -3.0, 0.20),
    "urinary incontinence": ("165232002", -3.8, 0.60),
    "visual impairment": ("397540003", -4.4, 0.70),
    "weight loss": ("89362005", -4.6, 0.40),
}
_SPREAD, _OF_ILLNESS = 0.9, 0.25  # of what makes one person frail and another of the same age not


def deficits(person: Person, held: View, seed: int) -> Iterator[Row]:
    """Yield a row of ``gp_events`` for each deficit of a person, from a stream of chance of its own."""
    random = Random(f"{seed}/frailty/{person.number}")
    frail = random.gauss(0, _SPREAD) + _OF_ILLNESS * len(person.conditions)
    decades = (person.age(AS_OF) - 50) / 10
    for place, (code, base, per_decade) in enumerate(DEFICITS.values()):
        since = AS_OF - timedelta(days=random.randrange(60, 3000))
        has = random.random() < 1 / (1 + math.exp(-(base + per_decade * decades + frail)))
        if has and decades > -3 and person.birth < since < (person.died or AS_OF):
            identity = f"F{person.number:08d}-{place}"
            yield GP, "gp_events", [identity, held.local_id, since.isoformat(), code, "", "", ""]
