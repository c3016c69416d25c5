"""Harmless texts beside letters and devices' reports: templates, guides, leaflets, codes and limits."""

from __future__ import annotations

import json
from random import Random

from tests.corpus.model import Writing, by_third
from tests.corpus.world import World


def _stages(world: World, random: Random) -> str:
    rows = [f"{stage}: {random.randrange(400, 2_000):,}" for stage in ("T1N0M0", "T2N0M0", "T2N1M0", "T3N1M0")]
    return "\n".join(["Lung cancers by stage, 2020 to 2024", *rows])


def _captions(world: World, random: Random) -> str:
    return (
        "WEBVTT\n\n00:01:02.000 --> 00:01:06.500\n<v Lecturer>A hazard ratio is not a ratio of risks.\n\n"
        f"00:01:07.000 --> 00:01:{random.randrange(9, 59):02d}.000\n<v Student>Why not?"
    )


def _dicom(world: World, random: Random) -> str:
    return (
        "(0008,0060) Modality                            CS: 'CT'\n"
        "(0010,0010) Patient's Name                      PN: ''\n"
        "(0012,0062) Patient Identity Removed            CS: 'YES'\n"
        f"(0018,0050) Slice Thickness                     DS: '{random.choice((1, 2, 5))}'"
    )


def _exif(world: World, random: Random) -> str:
    wide = random.choice((640, 1280, 1920))
    return f"File Type : PNG\nImage Size : {wide}x{wide * 3 // 4}\nSoftware : Matplotlib version 3.9.2\nDPI : 150"


def _district(world: World, random: Random) -> str:
    west = -2.4 + random.randrange(5) / 10
    return (
        f"POLYGON (({west:.1f} 52.7, {west + 0.3:.1f} 52.7, {west + 0.3:.1f} 53.0, {west:.1f} 53.0, {west:.1f} 52.7))"
    )


def _variants(world: World, random: Random) -> str:
    return (
        "##fileformat=VCFv4.2\n##reference=GRCh38\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        f"13\t32340300\trs80359550\tGT\tG\t99\tPASS\tAF={random.uniform(0.02, 0.4):.4f};AN=82466"
    )


def _plink(world: World, random: Random) -> str:
    men, women = random.randrange(18_000, 22_000), random.randrange(18_000, 22_000)
    return (
        f"PLINK v1.90b6.21 64-bit\n512331 variants loaded from .bim file.\n{men + women} people ({men} males, {women} "
        "females) loaded from .fam.\nTotal genotyping rate is 0.9981."
    )


def _header(world: World, random: Random) -> str:
    held = {"sizeof_hdr": 348, "dim": [3, 91, 109, 91], "pixdim": [1, 2, 2, 2], "descrip": "FSL5.0", "datatype": 16}
    return json.dumps({**held, "cal_max": random.randrange(4_000, 9_000)})


def _value_set(world: World, random: Random) -> str:
    codes = [{"code": code, "display": name} for code, name in (("44054006", "Diabetes"), ("13645005", "COPD"))]
    return json.dumps(
        {"resourceType": "ValueSet", "status": "active", "version": f"1.{random.randrange(9)}.0",
         "compose": {"include": [{"system": "http://snomed.info/sct", "concept": codes}]}}
    )  # fmt: skip


def _segments(world: World, random: Random) -> str:
    people = random.randrange(30_000, 60_000)
    return f"Segments read: MSH {people:,}, PID {people:,}, NK1 {people - 3_211:,}, OBX {7 * people:,}"


def _alarms(world: World, random: Random) -> str:
    kinds = ("occlusion", "air in line", "battery low", "infusion complete")
    return "\n".join(f"ALARM {kind:<20}{random.randrange(400, 4_000):>6}" for kind in kinds)


SENTENCES = by_third(
    Writing(
        "a discharge summary's headings",
        lambda world, random: "Headings: presenting complaint, social history, TTOs, follow-up, NOK informed (yes/no)",
    ),
    Writing(
        "a reference line's pattern", lambda world, random: "Re: [FORENAME] [SURNAME] - DOB [DD.MM.YYYY] - [ADDRESS]"
    ),
    Writing(
        "an interview's guide",
        lambda world, random: "Interviewer: And who looked after you then?\nPrompts: on the ward, at home, by phone",
        lines=True,
    ),
    Writing(
        "a mailing list's headers",
        lambda world, random: (
            f"List-Id: stats discussion\nSubject: [stats] ties in Cox models ({random.randrange(90)})"
        ),
        lines=True,
    ),
    Writing(
        "a reminder's wording",
        lambda world, random: (
            f"Text sent {random.randrange(20_000, 60_000):,} times: 'Your appointment is on {{date}} at {{time}}. "
            "Reply C to cancel.'"
        ),
    ),
    Writing(
        "operations counted",
        lambda world, random: (
            f"Laparoscopic cholecystectomy: {random.randrange(3_000, 9_000):,} operations, median stay 1 day"
        ),
    ),
    Writing(
        "inquests counted",
        lambda world, random: (
            f"Coroners concluded {random.randrange(2_000, 4_000):,} deaths as drug-related in England and Wales"
        ),
    ),
    Writing(
        "a theme of interviews",
        lambda world, random: (
            f"Theme 3, waiting: {random.randrange(40, 90)} participants in 12 groups spoke of corridors."
        ),
    ),
    Writing(
        "relatives' codes",
        lambda world, random: "relationship: 1 mother, 2 father, 3 MGM, 4 sibling, 5 carer, 9 not known",
    ),
    Writing(
        "an ambulance's abbreviations",
        lambda world, random: (
            "PRF patient report form; o/e on examination; GCS 3 to 15; BM blood glucose; NOK next of kin"
        ),
    ),
    Writing("cancers by stage", _stages, lines=True),
    Writing(
        "the typical patient",
        lambda world, random: (
            f"The typical patient was a woman of {random.randrange(61, 74)} with type 2 diabetes and hypertension."
        ),
    ),
    Writing(
        "a footnote on suppression",
        lambda world, random: "* Counts under 10 and the next smallest cell were suppressed; totals are rounded to 5.",
    ),
    Writing(
        "a kind of scan counted",
        lambda world, random: f"CT thorax (NICIP code CCHES): {random.randrange(4_000, 20_000):,} reports in 2025",
    ),
    Writing(
        "births and their weight",
        lambda world, random: (
            f"Live births {random.randrange(3_000, 9_000):,}; mean weight 3,382 g; 7.1% under 2,500 g"
        ),
    ),
    Writing("a lecture's captions", _captions, lines=True),
    Writing(
        "an aside about a line",
        lambda world, random: "The line at the top right is the West Midlands again: label it or leave the legend?",
    ),
    Writing(
        "a leaflet in Welsh",
        lambda world, random: (
            "Gofynnwch i'ch meddyg teulu am frechlyn y ffliw. Mae'n ddiogel ac am ddim i bobl dros 65."
        ),
    ),
    Writing(
        "a method in French",
        lambda world, random: (
            "Les taux sont standardisés selon l'âge et le sexe ; nous avons exclu les moins de 18 ans."
        ),
    ),
    Writing(
        "a form's empty fields",
        lambda world, random: "Surname: ________\nFirst name(s): ________\nD.O.B.: __/__/____\nTel: ________",
        lines=True,
    ),
    Writing(
        "CDA, a document's code",
        lambda world, random: (
            '<code code="34133-9" codeSystem="2.16.840.1.113883.6.1" displayName="Summarization of Episode Note"/>'
        ),
    ),
    Writing("DICOM, a header without its patient", _dicom, lines=True),
    Writing("EXIF, what drew a chart", _exif, lines=True),
    Writing(
        "GPX, a county's bounds",
        lambda world, random: '<bounds minlat="52.4" minlon="-2.5" maxlat="53.2" maxlon="-1.6"/>',
    ),
    Writing(
        "KML, a hospital",
        lambda world, random: (
            "<Placemark><name>Royal Stoke University Hospital</name><Point><coordinates>-2.21,53.00,0</coordinates>"
            "</Point></Placemark>"
        ),
    ),
    Writing("a district as WKT", _district),
    Writing(
        "squares of the national grid",
        lambda world, random: "Ten-kilometre squares SJ83, SJ84, SJ85, SJ94, SJ95 and SK05 were mapped",
    ),
    Writing(
        "plus codes of whole squares",
        lambda world, random: "Open Location Codes 9C5V0000+ and 9C4V0000+ cover the county; a degree by a degree",
    ),
    Writing(
        "an electrocardiogram's limits",
        lambda world, random: "PR interval 120-200 ms, QRS under 120 ms, QTc under 450 ms (men) or 460 ms (women)",
    ),
    Writing(
        "WFDB, a header's fields",
        lambda world, random: (
            "A header's first line is: record, signals, sampling frequency, samples; e.g. 360 Hz, 650000"
        ),
    ),
    Writing(
        "a watch's settings",
        lambda world, random: (
            f"watch: firmware 7.{random.randrange(9)}.1, sampling 25 Hz, epoch 30 s, worn on the left"
        ),
    ),
    Writing("VCF, a site without samples", _variants, lines=True),
    Writing(
        "SAM, a program's line",
        lambda world, random: (
            f"@PG\tID:bwa\tPN:bwa\tVN:0.7.17\tCL:bwa mem -t {random.randrange(4, 33)} GRCh38.fa reads"
        ),
        lines=True,
    ),
    Writing("PLINK, a log", _plink, lines=True),
    Writing("a NIfTI header", _header),
    Writing("FHIR, a value set", _value_set),
    Writing("HL7 version 2, segments counted", _segments),
    Writing(
        "ASTM, kinds of records",
        lambda world, random: "ASTM E1394 records: H header, P patient, O order, R result, L terminator",
    ),
    Writing(
        "openEHR, archetypes",
        lambda world, random: "openEHR-EHR-OBSERVATION.body_temperature.v2, openEHR-EHR-COMPOSITION.encounter.v1",
    ),
    Writing("an infusion pump's alarms counted", _alarms, lines=True),
    Writing(
        "a study's folders",
        lambda world, random: (
            f"skipped /data/study/thorax/CT_2026-05/SE000002/IM{random.randrange(10**6):06d}.dcm: no pixel data"
        ),
    ),
    Writing(
        "scores named after people",
        lambda world, random: "Charlson, Elixhauser, Apgar, Barthel, Waterlow, Rankin and Epworth scores were taken",
    ),
    Writing(
        "wards named after people",
        lambda world, random: (
            f"Nightingale Ward {random.randrange(300, 900)} stays, Darwin Ward {random.randrange(300, 900)}, "
            f"Wedgwood Unit {random.randrange(300, 900)}"
        ),
    ),
    Writing(
        "hospitals named after people",
        lambda world, random: (
            "Queen Elizabeth, John Radcliffe, St George's, James Cook and Great Ormond Street sent data"
        ),
    ),
)
