"""Where somebody lives or walks is found however a device or a map writes it; districts and towns are not."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from tests.disclosing import judged, rules

_TCX = "<Position><LatitudeDegrees>{}</LatitudeDegrees><LongitudeDegrees>{}</LongitudeDegrees></Position>"
HOMES = [
    "home at SJ 87654 45678, second floor",
    "she lives at SJ8765445678",
    "home: sj 876 456",
    "residence TQ 3012 8035",
    "home E 387654 N 345678",
    "front door at easting 387654, northing 345678",
    "home 8a194ad32b07fff",
    "home -2.17901, 53.00271",
    "lives near QR2C+4XF Stoke",
    "she lives at 9C5VQR2C+4XF",
]
PLACES = [
    "seen at 9C5VQR2C+4XF, twice a week",
    "GPS Latitude : 53 deg 0' 9.76\" N",
    "taken at 53°00'09.8\"N 2°10'44.4\"W",
    "POINT(-2.17901 53.00271)",
    "SRID=27700;POINT (387654 345678)",
    "LINESTRING (-2.17901 53.00271, -2.17822 53.00301)",
    "MULTIPOINT ((-2.17901 53.00271), (-2.17822 53.00301))",
    '{"type": "Point", "coordinates": [-2.17901, 53.00271]}',
    '{"type":"LineString","coordinates":[[-2.17901,53.00271],[-2.17822,53.00301]]}',
    "<Placemark><Point><coordinates>-2.17901,53.00271,0</coordinates></Point></Placemark>",
    '<wpt lat="53.00271" lon="-2.17901"><sym>flag</sym></wpt>',
    '<trkpt lon="-2.17901" lat="53.00271"/>',
    _TCX.format("53.00271", "-2.17901"),
    "$GPGGA,101231,5300.1626,N,00210.7406,W,1,08,0.9,120.4,M,47.0,M,,*42",
    "$GNRMC,101231.00,A,5300.1626,N,00210.7406,W,0.02,31.66,040526,,,A*43",
]
QUIET = [
    "Stoke-on-Trent lies at 53.00 N, 2.18 W; its middle at 53 deg 0' N",
    "Ten-kilometre squares SJ83, SJ84 and SK05 were mapped from home addresses",
    "Grid reference SJ 876 456; easting 387654, northing 345678",
    "Open Location Codes 9C5V0000+ and 9C4V0000+ cover the county",
    "POLYGON ((-2.17901 53.00271, -2.17822 53.00301, -2.17901 53.00271))",
    '{"type": "Polygon", "coordinates": [[[-2.17901, 53.00271], [-2.17822, 53.00301]]]}',
    '<bounds minlat="52.4" minlon="-2.5" maxlat="53.2" maxlon="-1.6"/>',
    '<rtept lat="53.021" lon="-2.161"/>',
    "SVG points 53.12345 and scores of 2222+22 at home",
    "<Point><coordinates>-2.21,53.00,0</coordinates></Point>",
]


@pytest.mark.parametrize("text", HOMES)
def test_a_home_is_an_identifier(tmp_path: Path, text: str) -> None:
    assert "identifier" in rules(judged(tmp_path, f"Notes\n{text}\n"))


@pytest.mark.parametrize("text", PLACES)
def test_a_place_to_ten_metres_is_for_a_checker(tmp_path: Path, text: str) -> None:
    assert "possible-identifier" in rules(judged(tmp_path, f"Notes\n{text}\n"))


@pytest.mark.parametrize("text", QUIET)
def test_a_district_is_no_home(tmp_path: Path, text: str) -> None:
    assert not rules(judged(tmp_path, f"Notes\n{text}\n"))


def _steps(rows: int) -> list[tuple[float, float]]:
    return [(53 + n * 371 % 1000 / 10_000 + 0.00007, -2.2 + n * 173 % 1000 / 10_000 + 0.00003) for n in range(rows)]


def test_rows_of_fine_places_are_for_a_checker(tmp_path: Path) -> None:
    walk = "".join(f'<trkpt lat="{north:.5f}" lon="{east:.5f}"><time>1</time></trkpt>' for north, east in _steps(9))
    rows = "".join(f"{n},{north:.5f},{east:.5f}\n" for n, (north, east) in enumerate(_steps(9)))
    metres = "".join(f"{n},{387_000 + 71 * n},{345_000 + 97 * n}\n" for n in range(9))
    gpx = f'<?xml version="1.0"?><gpx><trk><trkseg>{walk}</trkseg></trk></gpx>'
    assert "possible-records" in rules(judged(tmp_path, gpx))
    for head in ("point,latitude,longitude", "row,home_lat,home_lon"):
        assert "possible-records" in rules(judged(tmp_path, f"{head}\n{rows}"))
    assert "possible-records" in rules(judged(tmp_path, f"row,easting,northing\n{metres}"))


def test_coarse_places_and_places_with_counts_are_not(tmp_path: Path) -> None:
    coarse = "".join(f"{north:.2f},{east:.2f}\n" for north, east in _steps(9))
    counted = "".join(f"{north:.5f},{east:.5f},{300 + n * 37}\n" for n, (north, east) in enumerate(_steps(9)))
    assert not rules(judged(tmp_path, f"lat,lon\n{coarse}"))
    assert not rules(judged(tmp_path, f"lat,lon,people\n{counted}"))


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("placed", [True, False])
def test_a_photograph_says_where_it_was_taken(tmp_path: Path, form: str, placed: bool) -> None:
    picture, exif = io.BytesIO(), Image.Exif()
    exif[ExifTags.Base.Make] = "Canon"
    if placed:
        held = {ExifTags.GPS.GPSLatitude: (53.0, 0.0, 9.76), ExifTags.GPS.GPSLongitude: (2.0, 10.0, 44.4)}
        exif[ExifTags.IFD.GPSInfo] = held
    Image.new("RGB", (64, 48), (120, 160, 120)).save(picture, form, exif=exif)
    told = judged(tmp_path, picture.getvalue())
    assert ("possible-identifier" in rules(told)) is placed
    assert "unreadable" not in rules(told)
