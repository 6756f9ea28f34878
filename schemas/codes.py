"""The closed lists of the field, each word once with its French and English label (DESIGN 3)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self, cast


class Code(StrEnum):
    """A word of a code list: its stored value, and how people read it in French and in English."""

    fr: str
    en: str

    def __new__(cls, value: str, fr: str = "", en: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.fr = fr
        member.en = en
        return member

    def label(self, lang: str) -> str:
        return self.en if lang == "en" else self.fr


def _extended(name: str, base: type[Code], value: str, fr: str, en: str) -> type[Code]:
    """The words of a list, and one more."""
    words = [*((word.name, (word.value, word.fr, word.en)) for word in base), (value.upper(), (value, fr, en))]
    return cast("type[Code]", cast("Any", Code)(name, words))


class PopulationGroup(Code):
    IDP = "idp", "PDI", "IDP"
    IDP_RETURNEE = "idp_returnee", "PDI retournée", "IDP returnee"
    REPATRIATED_REFUGEE = "repatriated_refugee", "Rapatrié", "Repatriated refugee"


class Measure(Code):
    STOCK = "stock", "effectif", "stock"
    ARRIVALS = "arrivals", "arrivées", "arrivals"
    DEPARTURES = "departures", "départs (hors retours)", "departures (returns aside)"
    RETURNS = "returns", "retours", "returns"
    INTEGRATIONS = "integrations", "intégrations locales", "local integrations"
    RELOCATIONS = "relocations", "réinstallations", "relocations"
    CORRECTIONS = "corrections", "corrections du registre", "register corrections"
    CUMULATIVE = "cumulative", "cumul depuis 2012", "cumulative since 2012"


FLOW_SIGNS = {
    Measure.ARRIVALS: 1, Measure.RETURNS: -1, Measure.DEPARTURES: -1, Measure.INTEGRATIONS: -1, Measure.RELOCATIONS: -1,
    Measure.CORRECTIONS: 1,
}  # fmt: skip
"""Stock(t) = stock(t−1) + arrivals − departures of every kind ± corrections of the register."""


class Unit(Code):
    HOUSEHOLD = "household", "ménages", "households"
    INDIVIDUAL = "individual", "individus", "individuals"


class Basis(Code):
    REGISTRATION = "registration", "enregistrement", "registration"
    ASSESSMENT = "assessment", "évaluation", "assessment"
    KEY_INFORMANT = "key_informant", "informateur clé", "key informant"
    ALERT = "alert", "alerte", "alert"
    ESTIMATE = "estimate", "estimation", "estimate"
    CARRIED_FORWARD = "carried_forward", "reconduction", "carried forward"


class Displacement(Code):
    PRIMARY = "primary", "primaire", "primary"
    SECONDARY = "secondary", "secondaire", "secondary"


class Shelter(Code):
    HOST_FAMILY = "host_family", "famille d'accueil", "host family"
    RENTED = "rented", "location", "rented"
    SPONTANEOUS_SITE = "spontaneous_site", "site spontané", "spontaneous site"
    PLANNED_SITE = "planned_site", "site aménagé", "planned site"
    COLLECTIVE_CENTRE = "collective_centre", "centre collectif", "collective centre"
    OTHER = "other", "autre", "other"


class Sex(Code):
    FEMALE = "F", "femmes", "female"
    MALE = "M", "hommes", "male"


class AgeBand(Code):
    CHILD = "0-4", "0-4 ans", "0-4 years"
    SCHOOL = "5-17", "5-17 ans", "5-17 years"
    ADULT = "18-59", "18-59 ans", "18-59 years"
    OLDER = "60+", "60 ans et plus", "60 years and over"


class Level(Code):
    """What a place is."""

    SITE = "site", "site", "site"
    COMMUNE = "commune", "commune", "commune"
    CERCLE = "cercle", "cercle", "cercle"
    REGION = "region", "région", "region"
    COUNTRY = "country", "pays", "country"


class RowLevel(Code):
    """What one row of a return covers."""

    SITE = "site", "site", "site"
    COMMUNE = "commune", "commune", "commune"
    CERCLE = "cercle", "cercle entier", "whole cercle"


class Movement(Code):
    ARRIVAL = "arrival", "arrivée", "arrival"
    DEPARTURE = "departure", "départ", "departure"
    RETURN = "return", "retour", "return"
    SECONDARY = "secondary", "déplacement secondaire", "secondary displacement"
    INTEGRATION = "integration", "intégration locale", "local integration"
    RELOCATION = "relocation", "réinstallation", "relocation"
    CORRECTION = "correction", "correction", "correction"


class Cause(Code):
    """Motives as the DTM tables and CMP reports print them."""

    ARMED_CONFLICT = "armed_conflict", "affrontements armés", "armed clashes"
    COMMUNAL_CONFLICT = "communal_conflict", "conflit intercommunautaire", "intercommunal conflict"
    INSECURITY = "insecurity", "insécurité", "insecurity"
    ATTACK_ON_CIVILIANS = "attack_on_civilians", "attaques contre civils", "attacks on civilians"
    NATURAL_DISASTER = "natural_disaster", "catastrophe naturelle", "natural disaster"
    ECONOMIC = "economic", "raison économique", "economic reasons"
    OTHER = "other", "autre", "other"


class Vulnerability(Code):
    """Criteria counted in a return. Those of `COUNTED_IN_HOUSEHOLDS` count households, all others individuals."""

    FEMALE_HEADED = "female_headed_household", "ménage dirigé par une femme", "female-headed household"
    UNACCOMPANIED_CHILD = "unaccompanied_child", "enfant non accompagné ou séparé", "unaccompanied or separated child"
    PREGNANT_OR_LACTATING = "pregnant_or_lactating", "femme enceinte ou allaitante", "pregnant or lactating woman"
    DISABILITY = "disability", "personne en situation de handicap", "person with a disability"
    OLDER_ALONE = "older_person_alone", "personne âgée isolée", "older person alone"
    CHRONIC_ILLNESS = "chronic_illness", "malade chronique", "chronically ill person"
    NO_CIVIL_DOCUMENT = "no_civil_document", "sans pièce d'état civil", "without civil-status document"
    RECENT = "displaced_under_12_months", "déplacé depuis moins de 12 mois", "displaced for under 12 months"
    PROTRACTED = "displaced_over_12_months", "déplacé depuis plus de 12 mois", "displaced for over 12 months"


COUNTED_IN_HOUSEHOLDS = frozenset({Vulnerability.FEMALE_HEADED})


class Need(Code):
    FOOD = "food", "vivres", "food"
    SHELTER = "shelter", "abri", "shelter"
    NFI = "nfi", "AME / NFI", "non-food items"
    WASH = "wash", "eau, hygiène et assainissement", "water, sanitation and hygiene"
    HEALTH = "health", "santé", "health"
    NUTRITION = "nutrition", "nutrition", "nutrition"
    EDUCATION = "education", "éducation", "education"
    PROTECTION = "protection", "protection", "protection"
    LIVELIHOOD = "livelihood", "emploi / AGR", "livelihoods"
    CASH = "cash", "appui financier", "cash"
    TRANSPORT = "transport", "transport", "transport"


class YesNo(Code):
    YES = "yes", "oui", "yes"
    NO = "no", "non", "no"


class AlertKind(Code):
    ALERT = "alert", "alerte", "alert"
    ASSESSMENT = "assessment", "évaluation (ERM, MSA)", "assessment (ERM, MSA)"


class AlertStatus(Code):
    PRELIMINARY = "preliminary", "diagnostic préliminaire", "preliminary diagnosis"
    AWAITING_ASSESSMENT = "awaiting_assessment", "en attente d'évaluation", "awaiting assessment"
    IN_ASSESSMENT = "in_assessment", "évaluation en cours", "assessment under way"
    ASSESSED = "assessed", "évaluation terminée", "assessed"
    AWAITING_RESPONSE = "awaiting_response", "attente d'intervention", "awaiting response"
    IN_RESPONSE = "in_response", "intervention en cours", "response under way"
    CLOSED = "closed", "clôturée", "closed"


class Wave(Code):
    NEW = "new", "nouvelle", "new"
    OLD = "old", "ancienne", "old"


class Shock(Code):
    ARMED_ATTACK = "armed_attack", "attaque armée", "armed attack"
    CLASH = "clash", "affrontement", "clash"
    ULTIMATUM = "ultimatum", "ultimatum de GANE", "ultimatum by an armed group"
    MILITARY_OPERATION = "military_operation", "opération militaire", "military operation"
    COMMUNAL_CONFLICT = "communal_conflict", "conflit intercommunautaire", "intercommunal conflict"
    FLOOD = "flood", "inondation", "flood"
    FIRE = "fire", "incendie", "fire"
    RESTRICTION = "restriction", "limitation de mouvement", "restriction of movement"
    OTHER = "other", "autre", "other"


class MissingReason(Code):
    """Why a value is missing. Missing is not zero."""

    NOT_REPORTED = "not_reported", "non renseigné", "left blank"
    NOT_COLLECTED = "not_collected", "non collecté", "not collected"
    INACCESSIBLE = "inaccessible", "zone inaccessible", "area without access"
    NOT_APPLICABLE = "not_applicable", "sans objet", "not applicable"
    NO_RETURN = "no_return", "fiche non reçue", "no return received"
    REJECTED = "rejected", "ligne rejetée", "row rejected"


CONFIDENTIAL = "confidential"
"""What stands as the missing reason of a value that the public edition withholds; `ConfStatus` says which kind it is."""

PublishedMissingReason = _extended(
    "PublishedMissingReason",
    MissingReason,
    CONFIDENTIAL,
    "masqué (secret statistique)",
    "withheld (statistical disclosure control)",
)
"""Why a value is missing in a published file: as in the returns and figures, or because it is withheld."""


class Effect(Code):
    """What a finding does, strongest first."""

    REJECT_SUBMISSION = "reject_submission", "fiche refusée", "return refused"
    REJECT_ROW = "reject_row", "ligne rejetée", "row rejected"
    BLOCK_PUBLICATION = "block_publication", "bloque la publication", "blocks publication"
    JUSTIFY = "justify", "à justifier", "to be explained"
    INFORM = "inform", "pour information", "for information"


class ObsStatus(Code):
    """SDMX CL_OBS_STATUS, the members used here."""

    NORMAL = "A", "valeur normale", "normal value"
    PROVISIONAL = "P", "valeur provisoire", "provisional value"
    IMPUTED = "I", "valeur reconduite", "imputed (carried forward)"
    MISSING = "O", "valeur manquante", "missing value"


class Grade(Code):
    """How far a figure can be relied on, best first (DESIGN 6)."""

    A = (
        "A",
        "validé, enregistré ou évalué, confirmé par une source indépendante",
        "validated, registered or assessed, agreed by an independent source",
    )
    B = "B", "validé, enregistré ou évalué", "validated, registered or assessed"
    C = "C", "reconduit un mois, informateur clé ou non validé", "carried forward one month, key informant or unvalidated"
    D = "D", "alerte, donnée ancienne ou écart ouvert", "alert-based, older, or with an open discrepancy"


class SubmissionStatus(Code):
    ACCEPTED = "accepted", "acceptée", "accepted"
    REFUSED = "refused", "refusée", "refused"


class ReleaseState(Code):
    DRAFT = "draft", "projet", "draft"
    CIRCULATED = "circulated", "en circulation", "circulated"
    RETURNED = "returned", "renvoyée", "returned"
    SIGNED = "signed", "signée", "signed"
    PUBLISHED = "published", "publiée", "published"
    SUPERSEDED = "superseded", "remplacée", "superseded"


class RevisionReason(Code):
    """Why a published month is published anew."""

    LATE_RETURN = "late_return", "fiche arrivée en retard", "late return"
    CORRECTION_BY_REGION = "correction_by_region", "correction par la région", "correction by the region"
    DUPLICATE_REMOVED = "duplicate_removed", "double compte retiré", "duplicate removed"
    DECISION = "decision", "nouvelle décision de la CMP", "new decision of the CMP"
    METHOD = "method", "changement de méthode", "change of method"
    ERROR = "error", "erreur de traitement", "processing error"


class Edition(Code):
    """Which of the two editions of a release a file is of."""

    INTERNAL = "internal", "interne", "internal"
    PUBLIC = "public", "publique", "public"


class Promise(Code):
    """What a waiver excepts a region from."""

    VISA = "visa", "validation régionale", "regional validation"
    RETURN = "return", "fiche du mois", "return of the month"


class MemberKind(Code):
    STATE = "state", "services de l'État", "State services"
    UN = "un", "agences des Nations unies", "United Nations agencies"
    RRM = "rrm", "mécanisme de réponse rapide", "Rapid Response Mechanism"
    NGO = "ngo", "organisations non gouvernementales", "non-governmental organisations"
    OTHER = "other", "autres", "others"


class MemberReply(Code):
    """What a member of the CMP says of the figures that circulate."""

    AGREED = "agreed", "d'accord", "agreed"
    RESERVATION = "reservation", "réserve", "reservation"
    NONE = "none", "sans réponse à l'échéance", "no reply by the deadline"


class NoticeReply(Code):
    """What a region says of the adjustments that it was told."""

    ACCEPTED = "accepted", "accepté", "accepted"
    CONTESTED = "contested", "contesté", "contested"


class ReservationKind(Code):
    """What a release is published in spite of."""

    MEMBER = "member", "réserve d'un membre", "reservation of a member"
    NO_REPLY = "no_reply", "membre sans réponse", "member without reply"
    WAIVER = "waiver", "dérogation", "waiver"
    CARRIED_FORWARD = "carried_forward", "région reconduite", "region carried forward"
    ROW_REJECTED = "row_rejected", "lignes non comptées", "rows not counted"
    FINDING = "finding", "constats à justifier", "findings to be explained"
    DISCREPANCY = "discrepancy", "écarts ouverts", "open discrepancies"
    CONTESTED = "contested", "ajustement contesté par la région", "adjustment contested by the region"


class ConfStatus(Code):
    """SDMX CL_CONF_STATUS, the members used here."""

    FREE = "F", "libre", "free (for publication)"
    SMALL = "A", "masqué : petit effectif", "primary confidentiality due to small counts"
    SECONDARY = "D", "masqué pour en protéger un autre", "secondary confidentiality"


class Role(Code):
    """Who moves a release: the rights of PostgreSQL and the four eyes go by it."""

    OPERATOR = "operator", "qui compile", "who compiles"
    PUBLISHER = "publisher", "qui signe et publie, et n'a pas compilé", "who signs and publishes, and did not compile"


class FigureChange(Code):
    """What became of a figure in a revision."""

    ADDED = "added", "ajouté", "added"
    CHANGED = "changed", "modifié", "changed"
    REMOVED = "removed", "retiré", "removed"


class Authenticity(Code):
    """What a check finds out about a file that is said to be of a release. The first two are official."""

    SIGNED = "signed", "signature valable", "valid signature"
    IN_STORE = "in_store", "connu de la base", "known to the store"
    DRAFT = "draft", "classeur de projet", "draft workbook"
    CHANGED = "changed", "contenu modifié", "changed content"
    INCOMPLETE = "incomplete", "fichier absent", "file absent"
    SIGNATURE_WRONG = "signature_wrong", "signature fausse", "wrong signature"
    KEY_UNKNOWN = "key_unknown", "clé inconnue ici", "key not known here"
    UNKNOWN_FILE = "unknown_file", "fichier inconnu", "unknown file"
    REFUSED = "refused", "contrôle refusé", "check refused"


class CrosswalkBasis(Code):
    """How it is known where a place of one list lies on another."""

    COMMUNE_LISTED = "commune_listed", "commune listée dans ce cercle", "commune listed in this cercle"
    CHIEF_TOWN = "chief_town", "chef-lieu du cercle de ce nom", "chief town of the cercle of that name"
    SAME_CERCLE = "same_cercle", "cercle inchangé, seul de sa région", "same cercle, the only one of its region"
    ALL_COMMUNES = "all_communes", "toutes ses communes sont dans ce cercle", "all its communes are in this cercle"
    REGION_OF_CERCLE = "region_of_cercle", "tout ce qui en vient est dans cette région", "all that came of it is in this region"
    REGION_OF_CERCLES = "region_of_cercles", "tous ses cercles sont dans cette région", "all its cercles are in this region"
    STRADDLES = "straddles", "réparti entre plusieurs régions", "in several regions"


class AdjustmentKind(Code):
    """The items of the bridge. `return` opens it; the others explain every step to the official value."""

    RETURN = "return", "déclaré dans les fiches", "declared in the returns"
    ROW_REJECTED = "row_rejected", "ligne rejetée", "row rejected"
    MOVED_OUT = "moved_out", "ligne d'une autre région, comptée là-bas", "row of another region, counted there"
    MOVED_IN = "moved_in", "ligne reçue dans la fiche d'une autre région", "row received in another region's return"
    TOLD_BY_OWN_REGION = (
        "told_by_own_region", "déjà déclaré par la région du lieu, dont la fiche compte", "already told by its own region, whose return counts",
    )  # fmt: skip
    INSIDE_CERCLE_ROW = "inside_cercle_row", "déjà compris dans la ligne du cercle entier", "already inside the whole-cercle row"
    CARRIED_FORWARD = "carried_forward", "reconduction du mois précédent", "carried forward from the month before"
    DECISION = "decision", "décision de la CMP", "decision of the CMP"


class DiscrepancyStatus(Code):
    OPEN = "open", "ouvert", "open"
    ASKED = "asked", "question posée", "asked"
    DECIDED = "decided", "décidé", "decided"
    REOPENED = "reopened", "rouvert", "reopened"
    CLOSED = "closed", "clos", "closed"


UNSETTLED = (DiscrepancyStatus.OPEN, DiscrepancyStatus.ASKED, DiscrepancyStatus.REOPENED)
"""What still waits for an answer or a decision."""


class Severity(Code):
    """How far two numbers are apart, by the amber and red thresholds of their rule."""

    AMBER = "amber", "à examiner", "to look at"
    RED = "red", "grave", "serious"


class Action(Code):
    """What the CMP may decide about a discrepancy. The first of each line is what people type."""

    KEEP = "keep", "garder la fiche", "keep the return"
    TAKE_SOURCE = "take_source", "prendre la valeur d'une autre source", "take another source's value"
    CARRY_FORWARD = "carry_forward", "reconduire le mois précédent", "carry the month before forward"
    EXCLUDE = "exclude", "exclure ce chiffre", "exclude this figure"
    ASK_REGION = "ask_region", "interroger la région", "ask the region"
    CORRECT_BY_REGION = "correct_by_region", "correction par la région", "correction by the region"
    ACCEPT_CHANGE = "accept_change", "accepter comme changement réel", "accept as a real change"


CHANGES_A_NUMBER = frozenset({Action.TAKE_SOURCE, Action.CARRY_FORWARD, Action.EXCLUDE})
WAITS_FOR_THE_REGION = frozenset({Action.ASK_REGION, Action.CORRECT_BY_REGION})


class Owner(Code):
    """Who is to answer a discrepancy."""

    REGION = "region", "direction régionale", "regional directorate"
    PARTNER = "partner", "partenaire", "partner"
    RRM = "rrm", "mécanisme de réponse rapide", "Rapid Response Mechanism"
    DNDS = "dnds", "DNDS", "DNDS"


class SourceKind(Code):
    """What an organisation of the register sends."""

    RETURN = "return", "fiche régionale", "regional return"
    LOCAL = "local", "service local ou régional, hors de la fiche", "local or regional service, outside the return"
    ALERT = "alert", "alertes et évaluations", "alerts and assessments"
    STOCK = "stock", "effectifs par lieu", "stocks by place"
    SITREP = "sitrep", "rapport de situation", "situation report"
    STATEMENT = "statement", "chiffres cités", "quoted figures"
    PRESENCE = "presence", "présence des acteurs", "presence of actors"
    PRINTED = "printed", "rapport imprimé", "printed report"


class SourceMeasure(Code):
    """What an organisation counts: people present on a day, or people who moved."""

    STOCK = "stock", "un effectif à une date", "a stock on a day"
    FLOW = "flow", "des mouvements", "movements"


class Reliability(Code):
    """How far an organisation of the register is relied on, whatever it says this time; six letters, as military staffs use."""

    A = "A", "fiable", "reliable"
    B = "B", "habituellement fiable", "usually reliable"
    C = "C", "assez fiable", "fairly reliable"
    D = "D", "pas habituellement fiable", "not usually reliable"
    E = "E", "non fiable", "unreliable"
    F = "F", "ne peut être jugée", "cannot be judged"


class Scope(Code):
    """What a number of a source covers of the place it names. Only the whole is compared with a stock."""

    WHOLE = "whole", "tout le lieu", "the whole place"
    PARTIAL = "partial", "une partie du lieu", "part of the place"
    ADDITIONAL = "additional", "personnes non enregistrées", "people not registered"
    ROUNDED = "rounded", "estimation arrondie", "rounded estimate"
    INACCESSIBLE = "inaccessible", "hors d'atteinte", "out of reach"


class StatementStatus(Code):
    """What an organisation says of the people whose number it quotes."""

    REGISTERED = "registered", "enregistré", "registered"
    NOT_REGISTERED = "not_registered", "signalé, non enregistré", "reported, not registered"
    UNDER_ASSESSMENT = "under_assessment", "évaluation en cours", "under assessment"
    ASSESSED = "assessed", "évalué", "assessed"
    ASSISTED = "assisted", "assisté", "assisted"
    ESTIMATE = "estimate", "estimation", "estimate"
    INACCESSIBLE = "inaccessible", "inaccessible", "out of reach"


class CirculatedNature(Code):
    """What a local service circulates outside its return. A request states the people for whom help is asked: it is read as the
    total of its place."""

    TOTAL = "total", "total", "total"
    REQUEST = "request", "requête", "request"


class Sector(Code):
    """Sectors of the response, as presence tables (3W) and rapid assessments name them."""

    FOOD = "food", "vivres / sécurité alimentaire", "food security"
    SHELTER = "shelter", "abri", "shelter"
    NFI = "nfi", "AME / NFI", "non-food items"
    WASH = "wash", "eau, hygiène et assainissement", "water, sanitation and hygiene"
    HEALTH = "health", "santé", "health"
    NUTRITION = "nutrition", "nutrition", "nutrition"
    PROTECTION = "protection", "protection", "protection"
    EDUCATION = "education", "éducation", "education"
    CASH = "cash", "transferts monétaires", "cash transfers"
    LIVELIHOOD = "livelihood", "moyens d'existence", "livelihoods"
    CCCM = "cccm", "gestion des sites", "camp management"
    LOGISTICS = "logistics", "logistique", "logistics"
    RAPID_RESPONSE = "rapid_response", "mécanisme de réponse rapide", "rapid response mechanism"
    COORDINATION = "coordination", "coordination / évaluation", "coordination / assessment"
    OTHER = "other", "autre", "other"


NEED_SECTORS = {
    Need.FOOD: Sector.FOOD, Need.SHELTER: Sector.SHELTER, Need.NFI: Sector.NFI, Need.WASH: Sector.WASH, Need.HEALTH: Sector.HEALTH,
    Need.NUTRITION: Sector.NUTRITION, Need.EDUCATION: Sector.EDUCATION, Need.PROTECTION: Sector.PROTECTION,
    Need.LIVELIHOOD: Sector.LIVELIHOOD, Need.CASH: Sector.CASH, Need.TRANSPORT: Sector.LOGISTICS,
}  # fmt: skip
"""The sector of the response that answers a need of the returns."""


class ActivityStatus(Code):
    PLANNED = "planned", "prévue", "planned"
    ONGOING = "ongoing", "en cours", "under way"
    SUSPENDED = "suspended", "suspendue", "suspended"
    COMPLETED = "completed", "terminée", "completed"


NOBODY_AT_WORK = frozenset({ActivityStatus.PLANNED, ActivityStatus.SUSPENDED})
"""An activity that nobody carries out, whatever its days."""


class EventStatus(Code):
    """The life cycle of an event, by the furthest that its alerts and assessments have come."""

    UNVERIFIED = "unverified", "non vérifié", "unverified"
    VERIFYING = "verifying", "en vérification", "being verified"
    ASSESSED = "assessed", "évalué", "assessed"
    ANSWERED = "answered", "assisté", "answered"
    CLOSED = "closed", "clos", "closed"


TOTAL = "_T"
UNKNOWN = "_U"
