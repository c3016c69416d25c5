"""What devices, scanners, sequencers and exchange formats say of whom they were used on, and of where homes are."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from math import floor
from random import Random

from spark_jobs.synthetic_people import Person
from tests.corpus.families import IDENTIFIERS, NAMES, PERSON, RECORDS
from tests.corpus.identity import of_person
from tests.corpus.model import Writing, by_third
from tests.corpus.techniques.births_and_homes import home
from tests.corpus.techniques.letters import years
from tests.corpus.world import World, hospital_number

_PLUS = "23456789CFGHJMPQRVWX"  # the digits of Open Location Code


def _document(who: Person) -> str:
    return (
        f'<recordTarget><patientRole><id root="2.16.840.1.113883.2.1.4.1" extension="{who.nhs_number}"/><patient><name>'
        f'<given>{who.forename}</given><family>{who.surname}</family></name><birthTime value="{who.birth:%Y%m%d}"/>'
        "</patient></patientRole></recordTarget>"
    )


def _dicom(who: Person) -> str:
    return (
        f"(0008,0060) Modality                            CS: 'CT'\n"
        f"(0010,0010) Patient's Name                      PN: '{who.surname.upper()}^{who.forename.upper()}'\n"
        f"(0010,0020) Patient ID                          LO: '{hospital_number(who)}'\n"
        f"(0010,0030) Patient's Birth Date                DA: '{who.birth:%Y%m%d}'"
    )


def _degrees(value: float) -> str:
    whole = floor(abs(value))
    minutes = 60 * (abs(value) - whole)
    return f"{whole} deg {floor(minutes)}' {60 * (minutes - floor(minutes)):.2f}\""


def _exif(who: Person) -> str:
    north, east = home(who)
    return (
        f"File Name                       : wound_{who.number % 900}.jpg\nDate/Time Original              : "
        f"2026:05:04 10:12:31\nGPS Position                    : {_degrees(north)} N, {_degrees(east)} W"
    )


def walk(who: Person, random: Random, points: int) -> list[tuple[float, float, datetime]]:
    """Return a walk from somebody's front door: north, east and when, a point a minute."""
    north, east = home(who)
    at, steps = datetime(2026, 5, 4, 8, 30), []
    for _ in range(points):
        steps.append((round(north, 6), round(east, 6), at))
        north, east, at = north + random.gauss(0, 0.0005), east + random.gauss(0, 0.0008), at + timedelta(minutes=1)
    return steps


def track(who: Person, random: Random, points: int) -> str:
    """Return a walk as GPX."""
    told = "".join(
        f'<trkpt lat="{north}" lon="{east}"><time>{at.isoformat()}Z</time></trkpt>\n'
        for north, east, at in walk(who, random, points)
    )
    return f'<gpx version="1.1" creator="watch"><trk><trkseg>\n{told}</trkseg></trk></gpx>'


def _track(world: World, random: Random) -> str:
    return track(world.person(random), random, 12)


def _placemark(who: Person) -> str:
    north, east = home(who)
    return (
        f"<Placemark><name>{who.forename} {who.surname}</name><Point><coordinates>{east:.6f},{north:.6f},0"
        "</coordinates></Point></Placemark>"
    )


def _points(world: World, random: Random) -> str:
    homes = (home(who) for who in world.persons(random, 12))
    return "\n".join(f"POINT ({east:.5f} {north:.5f})" for north, east in homes)


def _grid(who: Person) -> str:
    east, north = 10_000 + who.number * 6101 % 80_000, 10_000 + who.number * 7919 % 80_000
    return f"Lives at SJ {east:05d} {north:05d}; {years(who)} years old, on home oxygen"


def plus_code(north: float, east: float) -> str:
    """Return a place's Open Location Code of eleven digits: a square of three metres."""
    codes, lat, lon = "", north + 90, east + 180
    for size in (20.0, 1.0, 0.05, 0.0025, 0.000125):
        codes += _PLUS[int(lat // size) % 20] + _PLUS[int(lon // size) % 20]
        lat, lon = lat % size, lon % size
    last = _PLUS[4 * int(lat / 0.000025) + int(lon / 0.00003125)]
    return f"{codes[:8]}+{codes[8:]}{last}"


def _plus_code(who: Person) -> str:
    return f"District nurse visits at {plus_code(*home(who))}, twice a week"


def _electrocardiogram(who: Person) -> str:
    return (
        f"Name: {who.surname}, {who.forename}   ID: {hospital_number(who)}   {years(who)} yr   Vent. rate 72 bpm\n"
        "PR interval 160 ms   QRS duration 92 ms   QT/QTc 380/416 ms   Normal sinus rhythm"
    )


def _waveform(who: Person) -> str:
    return (
        f"rec{who.number % 900} 2 360 650000\nrec{who.number % 900}.dat 212 200 11 1024 995 -22131 0 MLII\n"
        f"# Name: {who.surname} {who.forename[0]}\n# {years(who)} {'F' if who.sex == '2' else 'M'} aspirin, ramipril"
    )


def _wearer(who: Person) -> str:
    return (
        f"user_profile: friendly_name={who.forename} {who.surname[0]}, "
        f"gender={'female' if who.sex == '2' else 'male'}, age={years(who)}, height=1.68 m, weight=71.2 kg"
    )


def _variants(who: Person) -> str:
    sample = f"{who.surname}_{who.forename}_{who.birth:%Y%m%d}"
    return (
        "##fileformat=VCFv4.2\n##reference=GRCh38\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t"
        f"{sample}\n13\t32340300\t.\tGT\tG\t99\tPASS\t.\tGT\t0/1"
    )


def _reads(who: Person) -> str:
    sample = f"{who.surname.upper()}_{who.forename[0]}_{who.birth:%d%m%Y}"
    return f"@RG\tID:L001\tSM:{sample}\tLB:lib1\tPL:ILLUMINA\n@PG\tID:bwa\tVN:0.7.17"


def _family(world: World, random: Random) -> str:
    rows = (f"{who.surname} {who.forename} 0 0 {who.sex} {random.randrange(1, 3)}" for who in world.persons(random, 10))
    return "\n".join(rows)


def _sidecar(who: Person) -> str:
    held = {
        "Modality": "MR", "EchoTime": 0.03, "PatientName": f"{who.surname}^{who.forename}",
        "PatientBirthDate": str(who.birth), "PatientSex": "F" if who.sex == "2" else "M", "PatientWeight": 71,
    }  # fmt: skip
    return json.dumps(held)


def _kin(who: Person) -> str:
    return (
        f"NK1|1|{who.surname.upper()}^{who.forename.upper()}^^^^|SPO^Spouse||^PRN^PH^^^"
        f"07700900{who.number % 1000:03d}\n"
        "PV1|1|I|W12^3^B"
    )


def _observation(who: Person) -> str:
    held = {
        "resourceType": "Observation", "status": "final", "code": {"text": "HbA1c"},
        "subject": {"reference": "Patient/pat-1", "display": f"{who.forename} {who.surname}"},
        "valueQuantity": {"value": 61, "unit": "mmol/mol"},
    }  # fmt: skip
    return json.dumps(held)


def _analyser(who: Person) -> str:
    return (
        f"H|\\^&|||ANALYSER|||||||P|1\nP|1||{hospital_number(who)}||{who.surname}^{who.forename}||{who.birth:%Y%m%d}|M\n"
        "R|1|^^^GLU|6.1|mmol/L||N||F"
    )


def _composition(who: Person) -> str:
    held = {
        "ctx/subject|name": f"{who.forename} {who.surname}",
        "ctx/language": "en",
        "vitals/body_temperature:0/any_event:0/temperature|magnitude": 37.2,
    }
    return json.dumps(held)


def _pump(who: Person) -> str:
    return (
        f"2026-06-01 10:12:04 BOLUS 4.2 U pt={who.surname} bed=12\n"
        f"2026-06-01 10:40:51 ALARM occlusion pt={who.surname} bed=12"
    )


def _tree(who: Person) -> str:
    return (
        f"0 @I1@ INDI\n1 NAME {who.forename} /{who.surname}/\n1 SEX {'F' if who.sex == '2' else 'M'}\n1 BIRT\n"
        f"2 DATE {who.birth:%-d %b %Y}".upper()
    )


def _folder(who: Person) -> str:
    person = f"{who.surname}_{who.forename}_{who.birth:%Y-%m-%d}".upper()
    return f"skipped /data/pacs/{person}/CT_2026-05-04/SE000002/IM000117.dcm: no pixel data"


DEVICES = by_third(
    Writing("CDA, whom a document is about", of_person(_document), PERSON),
    Writing("DICOM, a header's dump", of_person(_dicom), PERSON, lines=True),
    Writing("EXIF, where a photograph was taken", of_person(_exif), IDENTIFIERS | RECORDS, lines=True),
    Writing("GPX, a walk from a front door", _track, IDENTIFIERS | RECORDS, lines=True),
    Writing("KML, a home with its name", of_person(_placemark), PERSON),
    Writing("homes as WKT", _points, IDENTIFIERS | RECORDS, lines=True),
    Writing("home by a grid reference of ten figures", of_person(_grid), IDENTIFIERS),
    Writing("home by plus code", of_person(_plus_code), IDENTIFIERS),
    Writing("an electrocardiogram's heading", of_person(_electrocardiogram), PERSON, lines=True),
    Writing("WFDB, a recording's header", of_person(_waveform), NAMES | RECORDS, lines=True),
    Writing("a watch's user profile", of_person(_wearer), NAMES | RECORDS),
    Writing("VCF, a sample named after its patient", of_person(_variants), PERSON, lines=True),
    Writing("SAM, a read group named after its patient", of_person(_reads), PERSON, lines=True),
    Writing("PLINK, a family's file", _family, NAMES | RECORDS, lines=True),
    Writing("a scan's JSON beside NIfTI", of_person(_sidecar), PERSON),
    Writing("HL7 version 2, next of kin", of_person(_kin), PERSON, lines=True),
    Writing("FHIR, a subject's display", of_person(_observation), NAMES),
    Writing("ASTM, an analyser's result", of_person(_analyser), PERSON, lines=True),
    Writing("openEHR, a composition's subject", of_person(_composition), NAMES),
    Writing("an infusion pump's log", of_person(_pump), NAMES, lines=True),
    Writing("GEDCOM, a person", of_person(_tree), PERSON, lines=True),
    Writing("a folder named after a patient", of_person(_folder), PERSON),
)
