"""Written files carry the date they are given and no other: two runs at different times give the same bytes."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO

import docx
import openpyxl
import pytest
import xlsxwriter

from pipelines.io.archive import normalise_zip

DATED = date(2020, 1, 15)


def with_openpyxl(now: datetime) -> bytes:
    book = openpyxl.Workbook()
    book.active["B2"] = "Ségou"  # type: ignore[index]
    book.properties.created = now
    book.properties.lastModifiedBy = f"agent {now:%H%M}"
    book.properties.lastPrinted = now
    content = BytesIO()
    book.save(content)  # openpyxl writes its own time into `modified`
    return content.getvalue()


def with_xlsxwriter(now: datetime) -> bytes:
    content = BytesIO()
    with xlsxwriter.Workbook(content) as book:
        book.set_properties({"title": "Fiche", "created": now})
        book.add_worksheet("PDI").write("B2", "Ségou")
    return content.getvalue()


def with_docx(now: datetime) -> bytes:
    letter = docx.Document()
    letter.add_paragraph("Ségou")
    letter.core_properties.created = now
    letter.core_properties.modified = now
    letter.core_properties.last_modified_by = f"agent {now:%H%M}"
    content = BytesIO()
    letter.save(content)
    return content.getvalue()


def at_another_hour(content: bytes, now: datetime) -> bytes:
    """The same zip with its members written in another order at another hour."""
    fresh = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(fresh, "w", zipfile.ZIP_STORED) as new:
        for name in reversed(old.namelist()):
            new.writestr(zipfile.ZipInfo(name, now.timetuple()[:6]), old.read(name))
    return fresh.getvalue()


@pytest.mark.parametrize("write", [with_openpyxl, with_xlsxwriter, with_docx])
def test_two_runs_give_the_same_bytes(write: Callable[[datetime], bytes]) -> None:
    morning, evening = datetime(2020, 1, 15, 8, 30), datetime(2020, 2, 3, 19, 45)
    first, second = write(morning), at_another_hour(write(evening), evening)
    assert first != second
    assert normalise_zip(first, DATED) == normalise_zip(second, DATED)


def test_nothing_but_dates_and_the_last_editor_changes() -> None:
    content = with_openpyxl(datetime(2020, 1, 15, 8, 30))
    normal = normalise_zip(content, DATED)
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(BytesIO(normal)) as new:
        assert sorted(new.namelist()) == sorted(old.namelist())
        changed = [name for name in old.namelist() if old.read(name) != new.read(name)]
        assert changed == ["docProps/core.xml"]
        assert {info.date_time for info in new.infolist()} == {(2020, 1, 15, 0, 0, 0)}


def test_it_still_opens_with_the_date_it_was_given() -> None:
    now = datetime(2020, 2, 3, 19, 45)
    for write in (with_openpyxl, with_xlsxwriter):
        book = openpyxl.load_workbook(BytesIO(normalise_zip(write(now), DATED)))
        assert book.worksheets[0]["B2"].value == "Ségou"
        assert book.properties.created == book.properties.modified == datetime(2020, 1, 15)
        assert book.properties.lastModifiedBy is None
    letter = docx.Document(BytesIO(normalise_zip(with_docx(now), DATED)))
    assert [paragraph.text for paragraph in letter.paragraphs] == ["Ségou"]
    assert letter.core_properties.last_modified_by == ""


def test_it_is_normal_already() -> None:
    once = normalise_zip(with_xlsxwriter(datetime(2020, 2, 3)), DATED)
    assert normalise_zip(once, DATED) == once


def test_a_date_before_zips_existed_is_their_first() -> None:
    normal = normalise_zip(with_xlsxwriter(datetime(2020, 2, 3)), date(1900, 5, 6))
    with zipfile.ZipFile(BytesIO(normal)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 5, 6, 0, 0, 0)}


def test_what_is_no_zip_is_refused() -> None:
    with pytest.raises(zipfile.BadZipFile):
        normalise_zip(b"Monsieur le Directeur,", DATED)
