"""The figures in the forms that machines read: canonical CSV, Parquet, SDMX-CSV, HXL and the `idps` columns of HDX HAPI."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from pipelines.io.diffusion.frames import is_total
from pipelines.io.exports import canonical_csv
from pipelines.model import Period
from schemas import fields
from schemas.codes import (
    CONFIDENTIAL,
    Basis,
    ConfStatus,
    Level,
    Measure,
    MissingReason,
    PopulationGroup,
    PublishedMissingReason,
    Unit,
)
from schemas.fields import Field, Kind, Table, Text
from schemas.frames import pd

DATAFLOW = "DNDS:DF_IDP(1.0)"
"""Agency, dataflow and version under which the figures are exchanged as SDMX."""
COUNTRY_CODE = "MLI"


def sorted_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows in the order of the canonical CSV."""
    return frame.sort_values(list(frame.columns), ignore_index=True, na_position="first")


def parquet_of(table: Table, frame: pd.DataFrame) -> bytes:
    """A Parquet file with the rows of the CSV file: 64-bit whole numbers and strings, both nullable; each column carries its title in French."""
    schema = pa.schema(
        [pa.field(field.name, _ARROW[field.is_count](), metadata={"title": field.label.fr}) for field in table.fields]
    )
    content = BytesIO()
    rows = sorted_rows(frame)
    columns = [pa.array(rows[field.name].tolist(), schema.field(field.name).type, from_pandas=True) for field in table.fields]
    parquet.write_table(pa.Table.from_arrays(columns, schema=schema), content, compression="snappy")
    return content.getvalue()


_ARROW = {True: pa.int64, False: pa.string}

# --- SDMX -----------------------------------------------------------------------------------------------------------------

_SDMX_NAMES = {"pcode": "REF_AREA", "unit": "UNIT_MEASURE", "origin_pcode": "ORIGIN", "value": "OBS_VALUE"}
_SDMX_ATTRIBUTES = ("revision", "obs_status", "conf_status", "missing_reason", "basis", "grade")


def _sdmx_name(name: str) -> str:
    return _SDMX_NAMES.get(name, name.upper())


def sdmx_age(code: str) -> str:
    """An age band as CL_AGE of SDMX writes it: `Y5T17`, `Y_GE60`, since `+` may not stand in a code. `_T` and `_U` stay."""
    if older := re.fullmatch(r"(\d+)\+", code):
        return f"Y_GE{older[1]}"
    return re.sub(r"^(\d+)-(\d+)$", r"Y\1T\2", code)


def sdmx_csv(frame: pd.DataFrame) -> tuple[Table, bytes]:
    """SDMX-CSV 2.0 and its columns: the dimensions (frequency, area, what `FIGURE_KEY` tells apart, month), `OBS_VALUE`, and the attributes. A missing
    value is an empty one with `OBS_STATUS` O. The code of a place tells its level."""
    dimensions = ["pcode", *fields.FIGURE_KEY]
    attributes = [name for name in _SDMX_ATTRIBUTES if name in frame.columns]
    rows = frame.assign(age=frame["age"].map(sdmx_age))
    told = pd.DataFrame({
        "STRUCTURE": "dataflow", "STRUCTURE_ID": DATAFLOW, "ACTION": "I", "FREQ": "M",
        **{_sdmx_name(name): rows[name] for name in dimensions},
        "TIME_PERIOD": rows["period"],
        **{_sdmx_name(name): rows[name] for name in ("value", *attributes)},
    })  # fmt: skip
    declared = fields.FIGURE_EXPORT.by_name | {"TIME_PERIOD": fields.FIGURE_EXPORT["period"]}
    declared |= {_sdmx_name(name): field for name, field in declared.items()}
    columns = [_renamed(declared[name], name) if name in declared else _plain(name) for name in told.columns]
    table = Table("figures_sdmx", Text("Chiffres (SDMX-CSV 2.0)", "Figures (SDMX-CSV 2.0)"), fields.FIGURE.about, tuple(columns))
    return table, canonical_csv(told)


def _renamed(field: Field, name: str) -> Field:
    """The age is written in other codes."""
    return Field(
        name, Kind.TEXT if name == "AGE" else field.kind, field.label, field.about, choices=field.choices, required=field.required
    )


def _plain(name: str) -> Field:
    return Field(name, Kind.TEXT, Text(name, name), Text(f"SDMX-CSV 2.0 : {name}", f"SDMX-CSV 2.0: {name}"), required=True)


# --- HXL ------------------------------------------------------------------------------------------------------------------

_HXL: Mapping[str, str] = {
    "period": "#date+period", "revision": "#meta+revision", "pcode": "#adm+code", "level": "#geo+admin_level",
    "region": "#adm1+name", "cercle": "#adm2+name", "commune": "#adm3+name", "population_group": "#group+population",
    "measure": "#indicator+measure", "unit": "#indicator+unit", "sex": "#group+sex", "age": "#group+age",
    "shelter": "#group+shelter", "displacement": "#group+displacement", "origin_pcode": "#adm+code+origin",
    "cause": "#cause+type", "vulnerability": "#group+vulnerability", "value": "#affected+num",
    "missing_reason": "#status+missing", "obs_status": "#status+obs", "basis": "#meta+method", "grade": "#meta+grade",
    "conf_status": "#status+confidentiality",
}  # fmt: skip
"""The HXL 1.1 hashtag of each column; a column without one is an error of the program."""


def hxl_csv(frame: pd.DataFrame) -> bytes:
    """The canonical CSV with the HXL hashtags under its titles."""
    titles, rows = canonical_csv(frame).split(b"\n", 1)
    tags = ",".join(_HXL[str(name)] for name in frame.columns).encode("ascii")
    return b"\n".join((titles, tags, rows))


# --- HDX HAPI -------------------------------------------------------------------------------------------------------------


def hapi_table() -> Table:
    """The columns of the `idps` endpoint of HDX HAPI."""
    counts = {"admin_level", "population", "reporting_round"}
    names = (
        "location_code", "has_hrp", "in_gho", "provider_admin1_name", "provider_admin2_name", "admin1_code", "admin1_name",
        "admin2_code", "admin2_name", "admin_level", "operation", "assessment_type", "population", "reporting_round",
        "reference_period_start", "reference_period_end", "dataset_hdx_id", "resource_hdx_id", "warning", "error",
    )  # fmt: skip
    about = Text("Colonne de HDX HAPI (idps)", "Column of HDX HAPI (idps)")
    columns = tuple(
        Field(name, Kind.INTEGER if name in counts else Kind.DATE if "period" in name else Kind.TEXT, Text(name, name), about)
        for name in names
    )
    label = Text("Effectif des PDI (HDX HAPI)", "Stock of IDPs (HDX HAPI)")
    return Table("hapi_idps", label, Text("Pays, régions et cercles", "Country, regions and cercles"), columns)


_HAPI_LEVELS = (Level.COUNTRY, Level.REGION, Level.CERCLE)


def hapi_csv(frame: pd.DataFrame) -> bytes:
    """The stock of persons of the country, its regions and cercles. The round stays empty, as the CMP counts none, and so do the
    identifiers that HDX gives; a missing number has its reason under `error`, in English as the format is."""
    stock = (PopulationGroup.IDP, Measure.STOCK, Unit.INDIVIDUAL)
    about = list(zip(frame["population_group"], frame["measure"], frame["unit"], strict=True))
    wanted = pd.Series([key == stock for key in about], index=frame.index) & is_total(frame) & frame["level"].isin(_HAPI_LEVELS)
    rows = frame[wanted]
    regions = {row["region"]: row["pcode"] for row in _records(rows) if row["level"] == Level.REGION}
    table = hapi_table()
    told = pd.DataFrame([_hapi_row(row, regions) for row in _records(rows)], columns=list(table.names), dtype=object)
    counts = {field.name: pd.to_numeric(told[field.name]).astype("Int64") for field in table.counts}
    return canonical_csv(told.assign(**counts))


def _records(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in frame.to_dict("records"):
        yield {str(name): None if pd.isna(value) else value for name, value in row.items()}


def _hapi_row(row: Mapping[str, Any], regions: Mapping[str, str]) -> dict[str, Any]:
    last_day = Period.parse(row["period"]).last_day.isoformat()
    missing = PublishedMissingReason(row["missing_reason"]).en if row["missing_reason"] else MissingReason.NOT_REPORTED.en
    carried = row["basis"] == Basis.CARRIED_FORWARD
    suppressed = row.get("conf_status") not in (None, ConfStatus.FREE)
    return {
        "location_code": COUNTRY_CODE, "has_hrp": "True", "in_gho": "True",
        "provider_admin1_name": row["region"], "provider_admin2_name": row["cercle"],
        "admin1_code": regions.get(row["region"] or ""), "admin1_name": row["region"],
        "admin2_code": row["pcode"] if row["level"] == Level.CERCLE else None, "admin2_name": row["cercle"],
        "admin_level": _HAPI_LEVELS.index(row["level"]), "operation": "CMP Mali",
        "assessment_type": "BA",  # counts by area, as baseline assessments are
        "population": row["value"], "reference_period_start": last_day, "reference_period_end": last_day,
        "warning": Basis.CARRIED_FORWARD.en if carried else None,
        "error": (PublishedMissingReason(CONFIDENTIAL).en if suppressed else missing) if row["value"] is None else None,
    }  # fmt: skip
