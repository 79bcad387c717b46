"""Who wins: everybody on the frozen list, or those whom a draw finds that anybody can recompute.

One person commits to a secret by its SHA-256. When the list is frozen, a second person gives a seed of
their own. Then the first reveals the secret: seed = SHA-256 of secret, second seed and the list's digest,
and within each group the smallest SHA-256 of `seed:idpel` wins. Neither can steer it alone, and it is done
once (reliability T4).
"""

from __future__ import annotations

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Case, F, OuterRef, QuerySet, Subquery, Value, When, Window
from django.db.models.functions import SHA256, Concat, RowNumber
from django.utils.translation import gettext as _

from common import jobs
from common.errors import Conflict, Invalid
from customers.models import Customer
from programs import rules
from programs.models import Draw, Entry, Program, ProgramEvent, Seed, Status, Winner
from programs.services.events import record
from programs.services.long_work import take_time
from programs.services.programs import SELECT_JOB, SamePerson, WrongStage, lock, move
from units.authority import acting_position
from units.models import User
from units.powers import Power

SHORTEST_SECRET, LONGEST_SEED = 12, 100


class Sha256(SHA256):
    """SHA-256 as lower-case hex. Django asks PostgreSQL's pgcrypto for it, which need not be there."""

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')"
        return self.as_sql(compiler, connection, template=template, **context)


class AlreadyDrawn(Conflict):
    """One draw per program."""

    code = "already_drawn"


class NotTheSecret(Invalid):
    code = "not_the_secret"


@transaction.atomic
def commit_secret(*, program: Program, secret: str, by: User, at: datetime) -> Seed:
    """Bind `by` to a secret; only its SHA-256 is kept. A lost one may be replaced until the second seed.

    Raises:
        Forbidden: `by` may not run this program.
        WrongStage: the program has no draw, is a draft, or the second seed is there.
        Invalid: the secret is shorter than 12 characters.
    """
    program = lock(program)
    acting_position(user=by, power=Power.RUN_PROGRAMS, unit=program.unit, at=at)
    if not program.has_draw or program.status not in (Status.APPROVED, Status.EVALUATED):
        raise WrongStage(_("There is nothing to draw at this stage."), code="no_draw")
    if program.seeds.filter(kind=Seed.Kind.SECOND).exists():
        raise WrongStage(_("The second seed is given; the secret stays."), code="second_seed_given")
    if not SHORTEST_SECRET <= len(secret) <= LONGEST_SEED:
        raise Invalid(_("A secret has 12 to 100 characters."), field="secret")
    return _give(program, Seed.Kind.COMMITMENT, rules.commitment_to(secret), by)


@transaction.atomic
def give_second_seed(*, program: Program, seed: str, by: User, at: datetime) -> Seed:
    """The second person's part, given in the open once list and commitment are fixed.

    Raises:
        Forbidden: `by` may not approve programs of this unit.
        SamePerson: `by` committed to the secret.
        WrongStage: no frozen list, no commitment, or a second seed is there.
    """
    program = lock(program)
    acting_position(user=by, power=Power.APPROVE_PROGRAMS, unit=program.unit, at=at)
    commitment = _newest(program, Seed.Kind.COMMITMENT)
    if program.status != Status.EVALUATED or commitment is None:
        raise WrongStage(_("First the list is frozen and a secret committed to."), code="not_ready_to_draw")
    if commitment.by_id == by.pk:
        raise SamePerson(_("You committed to the secret. Another person gives the second seed."))
    if _newest(program, Seed.Kind.SECOND):
        raise WrongStage(_("The second seed is given already."), code="second_seed_given")
    if not 0 < len(seed.strip()) <= LONGEST_SEED:
        raise Invalid(_("Give 1 to 100 characters."), field="seed")
    return _give(program, Seed.Kind.SECOND, seed.strip(), by)


@transaction.atomic
def draw_winners(*, program: Program, secret: str, by: User, at: datetime) -> Draw:
    """Reveal the secret and draw. The winners are written in the background.

    Raises:
        Forbidden: `by` may not run this program.
        AlreadyDrawn: it was drawn before.
        WrongStage: the second seed is missing.
        NotTheSecret: this is not what was committed to.
    """
    program = lock(program)
    acting_position(user=by, power=Power.RUN_PROGRAMS, unit=program.unit, at=at)
    if Draw.objects.filter(program=program).exists():
        raise AlreadyDrawn(_("This program was drawn already. There is one draw only."))
    commitment, second = _newest(program, Seed.Kind.COMMITMENT), _newest(program, Seed.Kind.SECOND)
    if commitment is None or second is None or program.evaluation is None:
        raise WrongStage(_("Two people give their seeds first."), code="not_ready_to_draw")
    if rules.commitment_to(secret) != commitment.value:
        raise NotTheSecret(_("This is not the secret that was committed to."), field="secret")
    seed = rules.draw_seed(secret=secret, second_seed=second.value, digest=program.evaluation.digest)
    drawn = Draw.objects.create(program=program, secret=secret, seed=seed, by=by)
    record(program, ProgramEvent.Kind.DRAWN, by=by, seed=seed)
    jobs.enqueue(SELECT_JOB, by=by, program_id=program.pk)
    return drawn


@transaction.atomic
def select_winners(*, program_id: int) -> Program:
    """Write the winners of a frozen list, in one statement. May run twice; the second finds them there."""
    take_time()
    program = lock(Program(pk=program_id))
    if program.winners_digest or program.evaluation is None:
        return program
    if program.has_draw and not Draw.objects.filter(program=program).exists():
        return program
    _insert(Winner, _chosen(program))
    program.winners_digest = winners_digest(program)
    count = program.winners.selected().count()
    data = {"winners": count, "digest": program.winners_digest}
    return move(program, Status.EVALUATED, ProgramEvent.Kind.SELECTED, None, **data)


def winners_digest(program: Program) -> str:
    """SHA-256 over `idpel,tariff,up3,rank` of winners and reserves, in IDPEL order."""
    sha = hashlib.sha256()
    rows = Winner.objects.filter(program=program).order_by("customer__idpel")
    fields = ("customer__idpel", "tariff", "unit__code", "rank")
    for idpel, tariff, code, rank in rows.values_list(*fields).iterator(10_000):
        sha.update(f"{idpel},{tariff},{code},{rank or ''}\n".encode())
    return sha.hexdigest()


def recompute_draw(program: Program) -> Iterator[tuple[str, int]]:
    """The draw again, in plain Python from the frozen list: each winner's and reserve's IDPEL and rank."""
    limit = (program.winners_per_group or 0) + program.reserves_per_group
    seed = Draw.objects.get(program=program).seed
    names = [f"{name}_id" if name == "unit" else name for name in program.group_fields]
    best: dict[tuple[Any, ...], list[tuple[int, str]]] = defaultdict(list)
    entries = Entry.objects.filter(evaluation=program.evaluation_id).values_list("idpel", *names)
    for idpel, *group in entries.iterator(10_000):
        key = -int(rules.draw_key(seed, idpel), 16)  # negative: the heap's first is the worst so far
        heap = best[tuple(group)]
        (heapq.heappush if len(heap) < limit else heapq.heappushpop)(heap, (key, idpel))
    for heap in best.values():
        for rank, (_key, idpel) in enumerate(sorted(heap, reverse=True), 1):
            yield idpel, rank


def _chosen(program: Program) -> QuerySet[Entry, dict[str, Any]]:
    """Each winner's columns, from the list and, where there is one, the draw."""
    entries = Entry.objects.filter(evaluation=program.evaluation_id)
    rank: Any = Value(None, output_field=models.IntegerField(null=True))
    limit = 0
    if program.has_draw:
        seed = Draw.objects.get(program=program).seed
        order = Sha256(Concat(Value(f"{seed}:"), "idpel"))
        groups = [F(name) for name in program.group_fields]
        rank = Window(RowNumber(), partition_by=groups, order_by=[order.asc(), F("idpel").asc()])
        limit = (program.winners_per_group or 0) + program.reserves_per_group
    customer = Customer.objects.filter(idpel=OuterRef("idpel")).order_by().values("pk")[:1]
    chosen = entries.annotate(
        program_id=Value(program.pk),
        customer_id=Subquery(customer),
        rank=rank,
        wrong_codes=Value(0),
        identity=Value(""),
        identity_last4=Value(""),
    )
    if limit:
        chosen = chosen.filter(rank__lte=limit)
    is_winner = When(rank__lte=program.winners_per_group or 0, then=Value("SELECTED"))
    status: Any = Case(is_winner, default=Value("RESERVE")) if limit else Value("SELECTED")
    columns = ("program_id", "customer_id", "unit_id", "tariff", "rank", "status")
    rest = ("wrong_codes", "identity", "identity_last4")
    return chosen.annotate(status=status).values(*columns, *rest)


def _insert(model: type[models.Model], rows: QuerySet[Any, dict[str, Any]]) -> None:
    """INSERT … SELECT of `rows`, whose values bear the names of the columns."""
    names = list(rows.query.selected or ())
    sql, params = rows.query.get_compiler(using="default").as_sql()
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) {sql}", params)


def _newest(program: Program, kind: Seed.Kind) -> Seed | None:
    return Seed.objects.filter(program=program, kind=kind).order_by("-pk").first()


def _give(program: Program, kind: Seed.Kind, value: str, by: User) -> Seed:
    seed = Seed.objects.create(program=program, kind=kind, value=value, by=by)
    record(program, ProgramEvent.Kind.SEED, by=by, seed=kind, value=value)
    return seed
