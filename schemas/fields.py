"""Every column of the project, once. Contracts, SQL types, headers of the template, the dictionary and the exports derive
from here.

A `Table` is one kind of row: the sheets of a regional return (`IDP`, `ORIGIN`, …), an alert, a circulated total, and
the figure that comes out. `Field.label` is the header people see; synonyms of headers live in `schemas/layouts`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from schemas import codes
from schemas.codes import AgeBand, Code, Sex, Shelter, Vulnerability


class Kind(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    SIGNED = "signed"  # an integer that may be negative: a register correction
    DATE = "date"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Text:
    fr: str
    en: str

    def in_(self, lang: str) -> str:
        return self.en if lang == "en" else self.fr


@dataclass(frozen=True, slots=True)
class Field:
    """One column. `required` means that a row without it draws a finding; everything else may stay empty, and is then
    missing with the row's reason, never zero. `unit` is `household`, `individual` or None."""

    name: str
    kind: Kind
    label: Text
    about: Text
    unit: str | None = None
    choices: type[Code] | None = None
    required: bool = False
    width: int = 12

    @property
    def is_count(self) -> bool:
        return self.kind in (Kind.INTEGER, Kind.SIGNED)


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    label: Text
    about: Text
    fields: tuple[Field, ...]

    def __getitem__(self, name: str) -> Field:
        return self.by_name[name]

    @property
    def by_name(self) -> dict[str, Field]:
        return {field.name: field for field in self.fields}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)

    @property
    def counts(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if field.is_count)


def _text(name: str, fr: str, en: str, about_fr: str, about_en: str, *, required: bool = False, width: int = 16) -> Field:
    return Field(name, Kind.TEXT, Text(fr, en), Text(about_fr, about_en), required=required, width=width)


def _count(
    name: str, fr: str, en: str, about_fr: str, about_en: str, unit: str | None, *, required: bool = False, signed: bool = False
) -> Field:
    kind = Kind.SIGNED if signed else Kind.INTEGER
    return Field(name, kind, Text(fr, en), Text(about_fr, about_en), unit=unit, required=required, width=11)


def _choice(
    name: str, fr: str, en: str, about_fr: str, about_en: str, choices: type[Code], *, required: bool = False, width: int = 16
) -> Field:
    return Field(name, Kind.CHOICE, Text(fr, en), Text(about_fr, about_en), choices=choices, required=required, width=width)


def _date(name: str, fr: str, en: str, about_fr: str, about_en: str, *, required: bool = False) -> Field:
    return Field(name, Kind.DATE, Text(fr, en), Text(about_fr, about_en), required=required, width=13)


_CERCLE = _text("cercle", "Cercle", "Cercle", "Cercle d'accueil", "Cercle of refuge", required=True)
_COMMUNE = _text(
    "commune", "Commune", "Commune", "Commune d'accueil ; chef-lieu si la ligne couvre le cercle entier",
    "Commune of refuge; chief town when the row covers the whole cercle", width=20,
)  # fmt: skip
_CODE = _text(
    "code", "Code du lieu", "Place code", "Code officiel du lieu, facultatif", "Official place code, optional", width=14
)
_LEVEL = _choice(
    "level", "Niveau de la ligne", "Level of the row", "Ce que la ligne couvre : un site, une commune ou le cercle entier",
    "What the row covers: a site, a commune or the whole cercle", codes.RowLevel, required=True,
)  # fmt: skip
_HOUSEHOLDS = _count(
    "households", "Ménages", "Households", "Nombre de ménages", "Number of households", "household", required=True
)
_INDIVIDUALS = _count(
    "individuals", "Individus", "Individuals", "Nombre de personnes", "Number of persons", "individual", required=True
)
_BASIS = _choice(
    "basis", "Base du chiffre", "Basis of the figure", "Comment le chiffre a été obtenu", "How the figure was obtained",
    codes.Basis, required=True, width=20,
)  # fmt: skip
_DATE = _date(
    "observed_on", "Date du chiffre", "Date of the figure", "Date d'évaluation ou d'enregistrement",
    "Date of the assessment or registration", required=True,
)  # fmt: skip
_REMARKS = _text(
    "remarks", "Observations", "Remarks", "Texte libre, sans nom de personne", "Free text, no personal name", width=34
)
_WHY_EMPTY = _choice(
    "missing_reason", "Raison des vides", "Reason for blanks", "Pourquoi des colonnes facultatives sont vides",
    "Why optional columns are empty", codes.MissingReason, width=18,
)  # fmt: skip
_PLACE = (_CERCLE, _COMMUNE, _CODE, _LEVEL)
_COUNTS = (_HOUSEHOLDS, _INDIVIDUALS)

_SEX_LETTER = {Sex.FEMALE: ("female", "Femmes", "Female"), Sex.MALE: ("male", "Hommes", "Male")}


def sex_age_name(sex: Sex, age: AgeBand) -> str:
    return f"{_SEX_LETTER[sex][0]}_{str(age).replace('-', '_').replace('+', '_plus')}"


def shelter_name(shelter: Shelter) -> str:
    return f"shelter_{shelter}"


SEX_AGE_FIELDS = tuple(
    _count(
        sex_age_name(sex, age), f"{_SEX_LETTER[sex][1]} {age.fr}", f"{_SEX_LETTER[sex][2]} {age.en}",
        f"Personnes : {sex.fr}, {age.fr}", f"Persons: {sex.en}, {age.en}", "individual",
    )
    for sex in Sex
    for age in AgeBand
)  # fmt: skip
SHELTER_FIELDS = tuple(
    _count(
        shelter_name(shelter), shelter.fr[0].upper() + shelter.fr[1:], shelter.en.capitalize(),
        f"Logés en : {shelter.fr}", f"Housed in: {shelter.en}", None,
    )
    for shelter in Shelter
)  # fmt: skip
VULNERABILITY_FIELDS = tuple(
    _count(
        str(criterion), criterion.fr[0].upper() + criterion.fr[1:], criterion.en[0].upper() + criterion.en[1:],
        f"Nombre : {criterion.fr}", f"Count: {criterion.en}",
        "household" if criterion in codes.COUNTED_IN_HOUSEHOLDS else "individual",
    )
    for criterion in Vulnerability
    if criterion not in (Vulnerability.RECENT, Vulnerability.PROTRACTED)
)  # fmt: skip

IDENTIFICATION = Table(
    "identification",
    Text("Identification", "Identification"),
    Text("Qui envoie la fiche, pour quel mois, et sa validation régionale", "Who sends the return, for which month, and its visa"),
    (
        _text("region", "Région", "Region", "Direction régionale qui envoie la fiche", "Regional directorate sending the return",
              required=True),
        _text("period", "Mois de référence", "Reference month", "Mois AAAA-MM ; l'effectif est celui du dernier jour",
              "Month YYYY-MM; the stock is that of its last day", required=True),
        _count("version", "Version", "Version", "Numéro de version porté par la fiche", "Version number printed on the return", None),
        _text("prepared_by", "Préparé par", "Prepared by", "Agent qui a préparé la fiche", "Officer who prepared the return"),
        _text("function", "Fonction", "Function", "Fonction de l'agent", "The officer's function"),
        _date("prepared_on", "Date de préparation", "Date prepared", "Date de la fiche", "Date of the return"),
        Field("validated", Kind.CHOICE, Text("Validation régionale", "Regional validation"),
              Text("La réunion régionale a validé les chiffres : oui ou non", "The regional meeting validated the figures: yes or no"),
              choices=codes.YesNo),
        _date("validated_on", "Date de validation", "Date of validation", "Date de la réunion régionale", "Date of the regional meeting"),
        _text("minutes_number", "N° du PV", "Minutes number", "Numéro du procès-verbal", "Number of the minutes"),
        _text("validated_by", "Validé par", "Validated by", "Autorité qui a validé", "Authority that validated"),
    ),
)  # fmt: skip

IDP = Table(
    "idp",
    Text("PDI", "IDPs"),
    Text("Effectif des PDI au dernier jour du mois, par lieu d'accueil", "Stock of IDPs on the last day of the month, by place of refuge"),
    (
        *_PLACE,
        _text("site", "Site ou quartier", "Site or quarter", "Nom du site si la ligne couvre un site", "Site name when the row covers a site"),
        *_COUNTS,
        *SEX_AGE_FIELDS,
        _choice("shelter_unit", "Logement compté en", "Shelter counted in", "Unité des colonnes de logement (individus si vide)",
                "Unit of the shelter columns (individuals when empty)", codes.Unit),
        *SHELTER_FIELDS,
        _count("primary", "Déplacement primaire", "Primary displacement", "Personnes déplacées une seule fois",
               "Persons displaced once", "individual"),
        _count("secondary", "Déplacement secondaire", "Secondary displacement", "Personnes déplacées plus d'une fois",
               "Persons displaced more than once", "individual"),
        _count("under_12_months", "Arrivés depuis moins de 12 mois", "Arrived under 12 months ago",
               "Personnes arrivées depuis moins de 12 mois", "Persons who arrived under 12 months ago", "individual"),
        _count("over_12_months", "Arrivés depuis plus de 12 mois", "Arrived over 12 months ago",
               "Personnes arrivées depuis plus de 12 mois", "Persons who arrived over 12 months ago", "individual"),
        _BASIS, _DATE, _WHY_EMPTY, _REMARKS,
    ),
)  # fmt: skip

ORIGIN = Table(
    "origin",
    Text("Provenance", "Origin"),
    Text("D'où viennent les PDI de chaque lieu d'accueil", "Where the IDPs of each place of refuge come from"),
    (
        *_PLACE,
        _text("origin_region", "Région d'origine", "Region of origin", "Région quittée", "Region left", required=True),
        _text("origin_cercle", "Cercle d'origine", "Cercle of origin", "Cercle quitté", "Cercle left"),
        _choice("cause", "Motif", "Cause", "Motif du déplacement", "Cause of displacement", codes.Cause, width=24),
        *_COUNTS, _REMARKS,
    ),
)  # fmt: skip

MOVEMENT = Table(
    "movement",
    Text("Mouvements", "Movements"),
    Text("Mouvements du mois : une ligne par mouvement, comptée une seule fois", "Movements of the month: one row each, counted once"),
    (
        _choice("movement", "Type de mouvement", "Type of movement", "Arrivée, départ, retour, déplacement secondaire ou correction",
                "Arrival, departure, return, secondary displacement or correction", codes.Movement, required=True, width=22),
        _text("from_region", "Région de départ", "Region left", "Région quittée", "Region left"),
        _text("from_cercle", "Cercle de départ", "Cercle left", "Cercle quitté", "Cercle left"),
        _text("from_commune", "Commune de départ", "Commune left", "Commune quittée", "Commune left", width=20),
        _text("to_region", "Région d'arrivée", "Region reached", "Région rejointe", "Region reached"),
        _text("to_cercle", "Cercle d'arrivée", "Cercle reached", "Cercle rejoint", "Cercle reached"),
        _text("to_commune", "Commune d'arrivée", "Commune reached", "Commune rejointe", "Commune reached", width=20),
        _count("households", "Ménages", "Households", "Ménages ; négatif seulement pour une correction à la baisse",
               "Households; negative only for a downward correction", "household", required=True, signed=True),
        _count("individuals", "Individus", "Individuals", "Personnes ; négatif seulement pour une correction à la baisse",
               "Persons; negative only for a downward correction", "individual", required=True, signed=True),
        _DATE, _BASIS,
        _text("alert_number", "N° d'alerte", "Alert number", "Alerte ERM ou partenaire citée", "RRM or partner alert quoted"),
        _REMARKS,
    ),
)  # fmt: skip

RETURNEE = Table(
    "returnee",
    Text("Retournés", "Returnees"),
    Text("PDI retournées, cumul depuis 2012", "IDP returnees, cumulative since 2012"),
    (*_PLACE, *_COUNTS, _BASIS, _DATE, _REMARKS),
)

REPATRIATED = Table(
    "repatriated",
    Text("Rapatriés", "Repatriated"),
    Text("Réfugiés rapatriés, cumul depuis 2012", "Repatriated refugees, cumulative since 2012"),
    (
        *_PLACE,
        _text("asylum_country", "Pays d'asile", "Country of asylum", "Pays d'où reviennent les personnes", "Country they came back from"),
        *_COUNTS, _BASIS, _DATE, _REMARKS,
    ),
)  # fmt: skip

NEED = Table(
    "need",
    Text("Vulnérabilités et besoins", "Vulnerabilities and needs"),
    Text("Personnes par critère de vulnérabilité, familles d'accueil, besoins prioritaires",
         "Persons by vulnerability criterion, host families, priority needs"),
    (
        *_PLACE,
        *VULNERABILITY_FIELDS,
        _count("host_families", "Familles d'accueil", "Host families", "Nombre de familles qui accueillent", "Families hosting", "household"),
        _choice("need_1", "Besoin prioritaire 1", "Priority need 1", "Premier besoin", "First need", codes.Need, width=20),
        _choice("need_2", "Besoin prioritaire 2", "Priority need 2", "Deuxième besoin", "Second need", codes.Need, width=20),
        _choice("need_3", "Besoin prioritaire 3", "Priority need 3", "Troisième besoin", "Third need", codes.Need, width=20),
        _REMARKS,
    ),
)  # fmt: skip

SITE = Table(
    "site",
    Text("Sites", "Sites"),
    Text("Sites d'accueil et leurs effectifs, déjà compris dans la feuille PDI", "Sites and their stocks, already inside the IDP sheet"),
    (
        *_PLACE,
        _text("site", "Nom du site", "Site name", "Nom du site", "Site name", required=True, width=22),
        _choice("site_type", "Type de site", "Site type", "Type d'hébergement", "Type of shelter", codes.Shelter),
        *_COUNTS, _REMARKS,
    ),
)  # fmt: skip

RETURN_TABLES = (IDP, ORIGIN, MOVEMENT, RETURNEE, REPATRIATED, NEED, SITE)
"""The row sheets of a regional return, in the order of the workbook."""

ALERT = Table(
    "alert",
    Text("Alertes", "Alerts"),
    Text("Alertes et évaluations ERM ou partenaires ; des flux, jamais un effectif", "RRM or partner alerts and assessments; flows, never a stock"),
    (
        _text("alert_number", "N° d'alerte", "Alert number", "Numéro du rapport", "Report number", required=True),
        _choice("kind", "Nature", "Kind", "Alerte ou évaluation", "Alert or assessment", codes.AlertKind, required=True),
        _date("event_on", "Date de l'événement", "Date of the event", "Date du choc", "Date of the shock", required=True),
        _date("alert_on", "Date d'alerte", "Date of the alert", "Date de l'alerte", "Date of the alert", required=True),
        _date("confirmed_on", "Date de confirmation", "Date confirmed", "Date de confirmation", "Date confirmed"),
        _text("organisation", "Source principale", "Main source", "Organisation qui alerte", "Organisation raising the alert", required=True),
        _choice("shock", "Type de choc", "Type of shock", "Type de choc", "Type of shock", codes.Shock, width=22),
        _choice("status", "Statut", "Status", "Suite donnée", "Follow-up", codes.AlertStatus, width=24),
        _text("region", "Région", "Region", "Région d'accueil", "Region of refuge", required=True),
        _text("cercle", "Cercle Accueil", "Cercle of refuge", "Cercle d'accueil", "Cercle of refuge", required=True),
        _text("commune", "Commune", "Commune", "Commune d'accueil", "Commune of refuge", width=20),
        _text("origin", "Villages de provenance", "Villages of origin", "Lieux quittés", "Places left", width=24),
        _count("households", "Estimatif des ménages", "Estimated households", "Ménages estimés", "Estimated households", "household"),
        _count("individuals", "Estimatif des individus", "Estimated individuals", "Personnes estimées", "Estimated persons", "individual"),
        _choice("wave", "Vague", "Wave", "Nouvelle vague ou vague déjà signalée", "New wave or one already reported", codes.Wave),
        _text("cites", "Alertes citées", "Alerts quoted", "Numéros des alertes déjà signalées que celle-ci cite", "Numbers of earlier alerts that this one quotes"),
        _count("table_households", "Ménages (tableau)", "Households (table)", "Ménages du tableau du rapport", "Households in the report's table", "household"),
        _count("table_individuals", "Individus (tableau)", "Individuals (table)", "Personnes du tableau du rapport", "Persons in the report's table", "individual"),
        _REMARKS,
    ),
)  # fmt: skip

CIRCULATED = Table(
    "circulated",
    Text("Totaux circulés", "Circulated totals"),
    Text("Totaux qu'un service fait circuler hors de la fiche", "Totals that a service circulates outside the return"),
    (
        _text("region", "Région", "Region", "Région concernée", "Region concerned", required=True),
        _text("cercle", "Cercle", "Cercle", "Cercle concerné, vide pour la région", "Cercle concerned, empty for the region"),
        _choice("population_group", "Groupe", "Group", "Groupe de population", "Population group", codes.PopulationGroup, required=True),
        _choice("unit", "Unité", "Unit", "Ménages ou individus", "Households or individuals", codes.Unit, required=True),
        _count("value", "Valeur", "Value", "Total circulé", "Total circulated", None, required=True),
        _date("stated_on", "Date", "Date", "Date du document", "Date of the document", required=True),
        _text("organisation", "Circulé par", "Circulated by", "Service qui circule le total", "Service circulating the total", required=True),
        _text("document", "Document", "Document", "Référence du document", "Reference of the document", width=28),
        _REMARKS,
        _choice("nature", "Nature", "Nature", "Total ou requête ; total si vide", "Total or request; a total when empty", codes.CirculatedNature),
        _choice("level", "Niveau", "Level", "Ce que le total couvre ; « pays » quand la région est vide", "What the total covers; 'country' when the region is empty",
                codes.Level),
    ),
)  # fmt: skip

_REGION_CODE = _text("region_code", "Code région", "Region code", "Code de la région", "Code of the region")
_CERCLE_CODE = _text("cercle_code", "Code cercle", "Cercle code", "Code du cercle", "Code of the cercle")
_COMMUNE_CODE = _text("commune_code", "Code commune", "Commune code", "Code de la commune", "Code of the commune")


def _flag(cause: codes.Cause | str, fr: str, en: str) -> Field:
    return _choice(f"cause_{cause}", fr, en, f"Motif présent : {fr.lower()}", f"Cause present: {en.lower()}", codes.YesNo)


STOCK = Table(
    "stock",
    Text("Effectifs d'un partenaire", "Stocks of a partner"),
    Text("Effectifs par lieu d'une autre source : cycles DTM, listes de partenaires",
         "Stocks by place of another source: DTM rounds, lists of partners"),
    (
        _text("region", "Région", "Region", "Région d'accueil", "Region of refuge", required=True),
        _REGION_CODE,
        _text("cercle", "Cercle", "Cercle", "Cercle d'accueil", "Cercle of refuge"),
        _CERCLE_CODE,
        _text("commune", "Commune", "Commune", "Commune d'accueil", "Commune of refuge", width=20),
        _COMMUNE_CODE,
        _count("households", "Ménages", "Households", "Ménages PDI", "IDP households", "household"),
        _count("individuals", "Individus", "Individuals", "Individus PDI", "IDP individuals", "individual", required=True),
        _count("returnee_households", "Ménages retournés", "Returnee households", "Ménages de PDI retournées", "Households of IDP returnees", "household"),
        _count("returnee_individuals", "Individus retournés", "Returnee individuals", "PDI retournées", "IDP returnees", "individual"),
        _count("repatriated_households", "Ménages rapatriés", "Repatriated households", "Ménages revenus de l'étranger", "Households back from abroad", "household"),
        _count("repatriated_individuals", "Individus rapatriés", "Repatriated individuals", "Personnes revenues de l'étranger", "Persons back from abroad", "individual"),
        _date("observed_on", "Date du chiffre", "Date of the figure", "Date de référence", "Reference date", required=True),
        _text("organisation", "Source", "Source", "Organisation qui publie", "Organisation publishing", required=True),
        _text("origin_region", "Région d'origine", "Region of origin", "Région quittée", "Region left"),
        _flag("conflict", "Conflit", "Conflict"),
        _flag(codes.Cause.INSECURITY, "Insécurité", "Insecurity"),
        _flag(codes.Cause.NATURAL_DISASTER, "Catastrophe naturelle", "Natural disaster"),
        _flag("political", "Raison politique", "Political reasons"),
        _flag(codes.Cause.ECONOMIC, "Raison économique", "Economic reasons"),
        _flag(codes.Cause.OTHER, "Autre motif", "Other reason"),
        _text("asylum_country", "Pays d'asile", "Country of asylum", "Pays d'où reviennent les personnes", "Country they came back from"),
        _text("document", "Document", "Document", "Référence du document", "Reference of the document", width=28),
        _REMARKS,
    ),
)  # fmt: skip

SITREP = Table(
    "sitrep",
    Text("Rapport de situation", "Situation report"),
    Text("Déplacements d'un événement, par localité quittée ; des flux, jamais un effectif",
         "Displacements of an event, by place left; flows, never a stock"),
    (
        _text("region", "Région", "Region", "Région d'accueil", "Region of refuge"),
        _text("cercle", "Cercle", "Cercle", "Cercle d'accueil", "Cercle of refuge"),
        _text("commune", "Commune", "Commune", "Commune d'accueil", "Commune of refuge", width=20),
        _text("origin", "Localité de départ", "Place left", "Villages quittés", "Villages left", required=True, width=24),
        _text("site", "Site d'accueil", "Site of refuge", "Localité ou site d'accueil", "Place or site of refuge", required=True, width=24),
        _count("households", "Nombre de ménages", "Number of households", "Ménages déplacés", "Displaced households", "household", required=True),
        _count("individuals", "Nombre de personnes", "Number of persons", "Personnes déplacées", "Displaced persons", "individual", required=True),
        _date("stated_on", "Date du rapport", "Date of the report", "Date du rapport de situation", "Date of the situation report"),
        _text("document", "Numéro du rapport", "Number of the report", "Rapport de situation n°", "Situation report no.", width=20),
        _REMARKS,
    ),
)  # fmt: skip

STATEMENT = Table(
    "statement",
    Text("Chiffres cités", "Quoted figures"),
    Text("Chiffres qu'une organisation cite dans un document, par lieu et par statut", "Figures that an organisation quotes in a document, by place and status"),
    (
        _date("stated_on", "Date", "Date", "Date à laquelle le chiffre se rapporte", "Date that the figure is of", required=True),
        _text("organisation", "Qui le dit", "Who says it", "Organisation dont c'est le chiffre", "Organisation whose figure it is", required=True, width=24),
        _text("place", "Lieu", "Place", "Le lieu en mots : « cercle de Bankass », « commune de Ségué », « A -> B » pour un trajet",
              "The place in words: 'cercle de Bankass', 'commune de Ségué', 'A -> B' for a way", width=28),
        _text("region", "Région", "Region", "Région, quand le lieu est en colonnes", "Region, where the place is in columns"),
        _text("cercle", "Cercle", "Cercle", "Cercle, quand le lieu est en colonnes", "Cercle, where the place is in columns"),
        _text("commune", "Commune", "Commune", "Commune, quand le lieu est en colonnes", "Commune, where the place is in columns", width=20),
        _choice("population_group", "Groupe", "Group", "Groupe de population ; PDI si vide", "Population group; IDPs when empty", codes.PopulationGroup),
        _count("households", "Ménages", "Households", "Ménages cités", "Households quoted", "household"),
        _count("individuals", "Individus", "Individuals", "Personnes citées", "Persons quoted", "individual"),
        _count("children", "Enfants", "Children", "Dont enfants", "Of whom children", "individual"),
        _choice("status", "Statut", "Status", "Ce qui est dit de ces personnes", "What is said of these people", codes.StatementStatus, width=22),
        _choice("scope", "Couverture", "Scope", "Ce que le chiffre couvre du lieu ; déduit des mots si vide", "What the figure covers of the place; read from the words when empty",
                codes.Scope, width=18),
        _text("document", "Document", "Document", "Document où le chiffre est cité", "Document that quotes the figure", width=28),
        _REMARKS,
    ),
)  # fmt: skip

PRESENCE = Table(
    "presence",
    Text("Présence des acteurs", "Presence of actors"),
    Text("Qui fait quoi où (3W) : acteur, secteur, lieu, période", "Who does what where (3W): actor, sector, place, period"),
    (
        _text("organisation", "Acteur", "Actor", "Organisation présente", "Organisation present", required=True, width=22),
        _choice("sector", "Secteur", "Sector", "Secteur de la réponse", "Sector of the response", codes.Sector, required=True, width=22),
        _text("region", "Région", "Region", "Région", "Region"),
        _text("cercle", "Cercle", "Cercle", "Cercle", "Cercle", required=True),
        _text("commune", "Commune", "Commune", "Commune ; vide pour tout le cercle", "Commune; empty for the whole cercle", width=20),
        _date("started_on", "Début", "Start", "Premier jour de présence", "First day of presence", required=True),
        _date("ended_on", "Fin", "End", "Dernier jour de présence ; vide si l'acteur est toujours là", "Last day of presence; empty when still there"),
        _choice("status", "État de l'activité", "Status of the activity", "Prévue, en cours, suspendue ou terminée ; en cours si vide",
                "Planned, under way, suspended or completed; under way when empty", codes.ActivityStatus),
        _REMARKS,
    ),
)  # fmt: skip

SOURCE_TABLES = (ALERT, CIRCULATED, STOCK, SITREP, STATEMENT, PRESENCE)
"""What other services and partners send. None of it enters a total (promise 6)."""

FIGURE = Table(
    "figure",
    Text("Chiffre", "Figure"),
    Text("Un chiffre officiel ou en projet, avec ses ventilations (_T : total, _U : non ventilé)",
         "An official or draft figure with its breakdowns (_T: total, _U: not broken down)"),
    (
        _text("period", "Mois", "Period", "Mois de référence AAAA-MM", "Reference month YYYY-MM", required=True),
        _count("revision", "Révision", "Revision", "Numéro d'édition ; 0 pour un projet", "Edition number; 0 for a draft", None, required=True),
        _text("pcode", "Code", "P-code", "Code COD-AB du lieu, liste 2021", "COD-AB code of the place, 2021 list"),
        _choice("level", "Niveau", "Level", "Commune, cercle, région ou pays", "Commune, cercle, region or country", codes.Level, required=True),
        _text("region", "Région", "Region", "Région", "Region"),
        _text("cercle", "Cercle", "Cercle", "Cercle", "Cercle"),
        _text("commune", "Commune", "Commune", "Commune", "Commune"),
        _choice("population_group", "Groupe", "Group", "Groupe de population", "Population group", codes.PopulationGroup, required=True),
        _choice("measure", "Mesure", "Measure", "Effectif, flux ou cumul", "Stock, flow or cumulative", codes.Measure, required=True),
        _choice("unit", "Unité", "Unit", "Ménages ou individus", "Households or individuals", codes.Unit, required=True),
        _text("sex", "Sexe", "Sex", "F, M, _T ou _U", "F, M, _T or _U", required=True),
        _text("age", "Âge", "Age", "Tranche d'âge, _T ou _U", "Age band, _T or _U", required=True),
        _text("shelter", "Logement", "Shelter", "Type de logement, _T ou _U", "Type of shelter, _T or _U", required=True),
        _text("displacement", "Déplacement", "Displacement", "primary, secondary, _T ou _U", "primary, secondary, _T or _U", required=True),
        _text("origin_pcode", "Origine", "Origin", "Code du lieu d'origine, _T ou _U", "Code of the place of origin, _T or _U", required=True),
        _text("cause", "Motif", "Cause", "Motif du déplacement, _T ou _U", "Cause of displacement, _T or _U", required=True),
        _text("vulnerability", "Vulnérabilité", "Vulnerability", "Critère, ou _T", "Criterion, or _T", required=True),
        _count("value", "Valeur", "Value", "Nombre entier ; vide si manquant", "Whole number; empty when missing", None, signed=True),
        _choice("missing_reason", "Raison du manque", "Missing reason", "Pourquoi la valeur manque", "Why the value is missing", codes.MissingReason),
        _choice("obs_status", "Statut SDMX", "SDMX status", "CL_OBS_STATUS", "CL_OBS_STATUS", codes.ObsStatus, required=True),
        _choice("basis", "Base la plus faible", "Weakest basis", "Base la plus faible parmi les lignes comptées", "Weakest basis among the rows counted", codes.Basis),
        _choice("grade", "Note", "Grade", "Fiabilité de A à D", "Reliability from A to D", codes.Grade, required=True),
    ),
)  # fmt: skip

FIGURE_KEY = (
    "population_group", "measure", "unit", "sex", "age", "shelter", "displacement", "origin_pcode", "cause", "vulnerability",
)  # fmt: skip
"""What tells one figure of a place and period from another."""
BREAKDOWNS = FIGURE_KEY[3:]


# --- what a release carries beside its figures ---

CONF_STATUS = _choice(
    "conf_status", "Confidentialité", "Confidentiality", "CL_CONF_STATUS : libre ou masqué", "CL_CONF_STATUS: free or suppressed",
    codes.ConfStatus, required=True,
)  # fmt: skip
_WHERE = tuple(FIGURE[name] for name in ("period", "revision", "pcode", "level", "region", "cercle", "commune"))
_COUNTED = tuple(FIGURE[name] for name in ("population_group", "measure", "unit"))


def _told(name: str, fr: str, en: str) -> Field:
    """1 or 0, as SQL has no other yes and no."""
    return _count(name, fr, en, f"{fr} : 1 oui, 0 non", f"{en}: 1 yes, 0 no", None)


_SHOWN = {"missing_reason": codes.PublishedMissingReason}
FIGURE_EXPORT = Table(
    "figures", FIGURE.label, FIGURE.about,
    (*(replace(field, choices=_SHOWN.get(field.name, field.choices)) for field in FIGURE.fields), CONF_STATUS),
)  # fmt: skip
BRIDGE = Table(
    "bridge",
    Text("Pont", "Bridge"),
    Text("De la fiche au chiffre officiel, poste par poste", "From the return to the official figure, item by item"),
    (
        *_WHERE, *_COUNTED,
        _count("item", "N°", "No.", "Rang du poste ; 0 ouvre le pont", "Rank of the item; 0 opens the bridge", None, required=True),
        _choice("kind", "Poste", "Item", "Fiche, ajustement ou décision", "Return, adjustment or decision", codes.AdjustmentKind, required=True),
        _count("value", "Valeur", "Value", "Ce que le poste ajoute ou retire ; vide si manquant", "What the item adds or takes away; empty when missing",
               None, signed=True),
        _text("reason", "Explication", "Explanation", "Pourquoi ce poste", "Why there is this item", width=40),
        _text("file", "Fichier", "File", "Fichier reçu", "File received", width=28),
        _text("sha256", "Empreinte (sha256)", "Fingerprint (sha256)", "Empreinte du fichier reçu", "Hash of the file received", width=18),
        _text("sheet", "Feuille", "Sheet", "Feuille du fichier", "Sheet of the file", width=12),
        _text("cell", "Cellule", "Cell", "Cellule de la feuille", "Cell of the sheet", width=9),
        _choice("action", "Décision", "Decision", "Ce que la CMP a décidé", "What the CMP decided", codes.Action, width=22),
        _text("decided_by", "Décidé par", "Decided by", "Qui a pris la décision", "Who took the decision"),
        _date("decided_on", "Décidé le", "Decided on", "Date de la décision", "Date of the decision"),
        _text("decision_reason", "Motif de la décision", "Reason of the decision", "Motif écrit au moment de la décision", "Reason written with the decision", width=34),
        _count("decision_id", "N° de décision", "Decision no.", "Numéro de la décision", "Number of the decision", None),
        _text("decision_source", "Source retenue", "Source retained", "Source dont la valeur a été prise", "Source whose value was taken"),
        _text("about_pcode", "Lieu concerné", "Place concerned", "Code du lieu de la ligne ou de la décision", "Code of the place of the row or decision"),
    ),
)  # fmt: skip
COMPLETENESS = Table(
    "completeness",
    Text("Complétude", "Completeness"),
    Text("Ce qui est arrivé de chaque région", "What came from each region"),
    (
        *(FIGURE[name] for name in ("period", "revision", "pcode", "region")),
        _told("received", "Fiche reçue", "Return received"),
        _told("validated", "Validation régionale", "Regional validation"),
        _count("version", "Version", "Version", "Version de la fiche", "Version of the return", None),
        _count("rows_accepted", "Lignes comptées", "Rows counted", "Lignes comptées de la fiche", "Rows of the return counted", None),
        _count("rows_rejected", "Lignes rejetées", "Rows rejected", "Lignes de la fiche non comptées", "Rows of the return not counted", None),
        _told("carried_forward", "Reconduite", "Carried forward"),
    ),
)  # fmt: skip
REVISION = Table(
    "revision",
    Text("Révision", "Revision"),
    Text("Ce qui change par rapport à la révision précédente", "What changes against the revision before"),
    (
        *_WHERE, *_COUNTED, FIGURE["value"],
        _count("previous_value", "Valeur précédente", "Previous value", "Valeur de la révision précédente ; vide si manquante",
               "Value of the revision before; empty when missing", None, signed=True),
        _count("difference", "Différence", "Difference", "Valeur moins valeur précédente ; vide si l'une manque",
               "Value less previous value; empty when one is missing", None, signed=True),
        _choice("change", "Changement", "Change", "Ce qu'il est advenu du chiffre", "What became of the figure", codes.FigureChange),
        _choice("reason_code", "Motif de la révision", "Reason of the revision", "Pourquoi le mois est publié de nouveau", "Why the month is published anew",
                codes.RevisionReason),
        _text("reason", "Explication", "Explanation", "Motif en mots", "Reason in words", width=40),
        _date("published_on", "Publié le", "Published on", "Date de la révision", "Date of the revision"),
    ),
)  # fmt: skip
SITE_EXPORT = Table(
    "sites",
    SITE.label,
    SITE.about,
    (
        *(FIGURE[name] for name in ("period", "revision", "pcode", "region", "cercle", "commune")),
        # what is suppressed is empty
        *(replace(SITE[name], required=False) for name in ("site", "site_type", "households", "individuals")), CONF_STATUS,
    ),
)  # fmt: skip
TERRITORY = Table(
    "territory",
    Text("Autre découpage", "Other territory"),
    Text("Les chiffres sur les lieux d'un autre découpage administratif", "The figures on the places of another list of places"),
    (
        _WHERE[0], _WHERE[1],
        _text("vintage", "Découpage", "Vintage", "Liste officielle des lieux", "Official list of places", required=True),
        *_WHERE[2:6], *_COUNTED, FIGURE["value"],
        _count("undivided", "Dont non placé plus bas", "Not placed lower",
               "Part qu'aucun lieu plus petit ne porte, le découpage du mois ne disant pas où elle se trouve ; d'un cercle, le tout",
               "Part that no place below carries, as the places of the month do not say where it lies; of a cercle, all", None),
    ),
)  # fmt: skip
EXPORT_TABLES = (FIGURE_EXPORT, BRIDGE, COMPLETENESS, REVISION, SITE_EXPORT, TERRITORY)
"""The tables of a release, each a CSV file of its name. A column that an edition does not carry is left out of its files."""


def observation_fields() -> tuple[Field, ...]:
    """The columns of all return sheets, each name once: the width of a stored observation."""
    seen: dict[str, Field] = {}
    for table in RETURN_TABLES:
        for field in table.fields:
            seen.setdefault(field.name, field)
    return tuple(seen.values())


ALL_TABLES: Iterable[Table] = (IDENTIFICATION, *RETURN_TABLES, *SOURCE_TABLES, FIGURE)


def table_named(name: str) -> Table:
    """Raises StopIteration for a name that no table has."""
    return next(item for item in ALL_TABLES if item.name == name)
