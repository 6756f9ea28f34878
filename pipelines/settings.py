"""The settings: `cmp-idp.toml` in the working folder and `CMP_*` variables, each with its default. Variables win."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from pathlib import Path

from pydantic import BaseModel, Field, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from pipelines.model import Period
from schemas import texts

SETTINGS_FILE = "cmp-idp.toml"


class Calendar(BaseModel):
    """Days after the reference date by which each step of the month is due."""

    visa: int = Field(5, description="Visa des régions / regional visa")
    queries: int = Field(8, description="Réponses aux questions / replies to queries")
    meeting: int = Field(12, description="Réunion de la CMP / CMP meeting")
    publication: int = Field(15, description="Publication / publication")


class Limits(BaseModel):
    """How large a received file may be. Real returns stay a hundred times below; what is beyond is refused before it is read."""

    file_megabytes: float = Field(25, gt=0, description="Taille d'un fichier, en Mo / size of a file, MB")
    unpacked_megabytes: float = Field(200, gt=0, description="Taille une fois décompressé, en Mo / size when unpacked, MB")
    ratio: float = Field(200, gt=0, description="Taille décompressée par taille compressée / unpacked to packed size")
    parts: int = Field(2000, gt=0, description="Fichiers dans le classeur compressé / members of the zip")
    sheets: int = Field(100, gt=0, description="Feuilles / sheets")
    rows: int = Field(100_000, gt=0, description="Lignes d'une feuille / rows of a sheet")
    columns: int = Field(1000, gt=0, description="Colonnes d'une feuille / columns of a sheet")
    cells: int = Field(3_000_000, gt=0, description="Lignes × colonnes d'une feuille / rows by columns of a sheet")


class Settings(BaseSettings):
    """All that an installation may change."""

    model_config = SettingsConfigDict(env_prefix="CMP_", env_nested_delimiter="__", toml_file=SETTINGS_FILE, extra="forbid")

    data_dir: Path = Field(Path("data"), description="Dossier des données : raw/ et processed/ / data folder")
    database_url: str | None = Field(None, description="Base SQL ; SQLite dans processed/ si vide / SQL store; SQLite when empty")
    lang: str = Field("fr", pattern="^(fr|en)$", description="Langue : fr ou en / language")
    calendar: Calendar = Field(default_factory=Calendar, description="Calendrier du mois / calendar of the month")
    ministry: str | None = Field(
        None,
        description="Ministère en tête des documents ; celui du mois si vide / ministry heading documents; that of the month when empty",
    )
    recipient: str = Field(
        "DNDS, point focal de la CMP",
        description="À qui les directions renvoient la fiche / to whom the directorates send the return",
    )
    signatories: tuple[str, ...] = Field(
        (
            "DRDSES", "Gouvernorat", "Protection civile", "Représentants des PDI", "Société civile", "Partenaires humanitaires",
        ),
        description="Qui signe le procès-verbal régional / who signs the regional minutes",
    )  # fmt: skip
    limits: Limits = Field(default_factory=Limits, description="Limites d'un fichier reçu / limits of a received file")
    materiality: int = Field(
        50,
        ge=0,
        description="Personnes sous lesquelles les écarts se répondent en groupe / persons below which discrepancies are answered as a group",
    )
    thresholds: dict[str, dict[str, float]] = Field(
        default_factory=dict, description="Seuils changés, par code de règle / thresholds changed, by rule code"
    )

    answer_days: int = Field(
        3,
        ge=0,
        description="Jours laissés pour répondre à une question posée tard / days left to answer a question that is put late",
    )
    publish_grades: bool = Field(
        False, description="La CMP publie la fiabilité des chiffres (A à D) / the CMP publishes the grades of figures"
    )
    disclosure_threshold: int = Field(
        10,
        ge=2,
        description="Effectif sous lequel l'édition publique masque une ventilation sensible / count below which the public edition withholds a sensitive breakdown",
    )
    signing_key: Path | None = Field(
        None,
        description="Clé qui signe les diffusions ; `cles/cmp-idp.key` dans le dossier des données si vide / key that signs releases",
    )
    signatory: str = Field(
        "Le Directeur national du Développement social", description="Signataire des lettres aux régions / who signs the letters"
    )

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:  # fmt: skip
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @field_validator("thresholds")
    @classmethod
    def _known(cls, thresholds: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
        """A mistyped rule or threshold must not be ignored."""
        for code, values in thresholds.items():
            rule = texts.rules().get(code)
            unknown = [name for name in values if rule is None or name not in rule.thresholds]
            if rule is None or unknown:
                raise ValueError(f"no threshold {code}.{unknown[0] if unknown else '*'} in rules.toml")
        return thresholds

    @property
    def raw_dir(self) -> Path:
        return self.data_dir / "raw"

    @property
    def processed_dir(self) -> Path:
        return self.data_dir / "processed"

    @property
    def store_url(self) -> str:
        return self.database_url or f"sqlite:///{(self.processed_dir / 'cmp.sqlite').as_posix()}"

    @property
    def key_path(self) -> Path:
        return self.signing_key or self.data_dir / "cles" / "cmp-idp.key"

    @property
    def hash(self) -> str:
        """Identifies what a release was made with: all but where things are and in which language people are spoken to."""
        places = {"data_dir", "database_url", "lang", "signing_key"}
        return hashlib.sha256(self.model_dump_json(exclude=places).encode()).hexdigest()

    def members_due(self, period: Period, on: date) -> date:
        """The day by which members reply to figures that circulate from `on`: that of the meeting, or some days later when they
        circulate late."""
        return max(period.last_day + timedelta(days=self.calendar.meeting), on + timedelta(days=self.answer_days))

    def replies_due(self, period: Period) -> date:
        """The day by which the calendar expects regions to answer."""
        return period.last_day + timedelta(days=self.calendar.queries)

    def answer_due(self, period: Period, as_of: date) -> date:
        """The day by which a question put on `as_of` is to be answered: that of the calendar, or some days later when it is put
        late."""
        return max(self.replies_due(period), as_of + timedelta(days=self.answer_days))

    def publication_day(self, period: Period) -> date:
        """The day the calendar publishes a month: what `as_of` is unless somebody says otherwise."""
        return period.last_day + timedelta(days=self.calendar.publication)
