"""The commands `taptill customers add | set | bind-card | block | unblock`."""

from pathlib import Path
from typing import Any

import click

from taptill.backend.rows import StaffCustomer
from taptill.backend.staff.changes import CustomerUpdate, NewCustomer
from taptill.backend.staff.client import StaffClient
from taptill.cli.customers.cards import refuse_odd_card, typed_card
from taptill.cli.customers.desk import CUSTOMER, config_of, print_one, run
from taptill.cli.customers.record import StaffAction
from taptill.cli.options import CONFIG, JSON, STAFF_NAMED
from taptill.domain.errors import UsageError

AS_IT_IS = click.option("--as-it-is", is_flag=True, help="Take a card id that no tap here gives.")
CREDIT = click.option("--credit/--no-credit", default=None, help="May the balance be negative?")


@click.command()
@CONFIG
@JSON
@STAFF_NAMED
@click.argument("name")
@click.option("--card", default="", help="The card id as the backend spells it.")
@click.option("--email", default="", help="The e-mail address.")
@click.option("--external-id", default="", help="The office's own key.")
@click.option("--company", type=click.IntRange(min=1), help="The id of the company.")
@CREDIT
@AS_IT_IS
def add(option: Path | None, *, as_json: bool, **options: Any) -> None:
    """Make a customer. Say --card or --external-id: by these one is found if the answer is lost.

    \b
    Example:
      taptill customers add "Ada Byron" --card 62E3086CED --external-id X-4711
    """
    if not options["name"].strip():
        raise UsageError(problem="a customer needs a name")
    config = config_of(option)
    new = NewCustomer(
        name=options["name"],
        card_id=typed_card(options["card"], config, as_it_is=options["as_it_is"]),
        email=options["email"],
        external_id=options["external_id"],
        company_id=options["company"],
        credit_allowed=options["credit"],
    )

    async def insert(work: StaffClient) -> StaffCustomer:
        await refuse_odd_card(work, new.card_id, config, as_it_is=options["as_it_is"])
        return await work.insert(new)

    customer = run(config, insert, StaffAction("insert"), options["staff"])
    print_one(customer, config, as_json=as_json)


@click.command(name="set")
@CONFIG
@JSON
@STAFF_NAMED
@CUSTOMER
@click.option("--name", help="The new name.")
@click.option("--email", help='The e-mail address; "" takes it away.')
@click.option("--external-id", help='The office\'s own key; "" takes it away.')
@click.option("--company", type=click.IntRange(min=1), help="The id of the company.")
@click.option("--no-company", is_flag=True, help="Belongs to no company any more.")
@CREDIT
def set_(option: Path | None, customer: int, *, as_json: bool, **options: Any) -> None:
    """Change who a customer is: name, e-mail, credit, the office's key, company.

    Money is moved by `pay` and `pay-out` alone, a card by `bind-card`.

    \b
    Examples:
      taptill customers set 7 --name "Ada King" --email ada@example.org
      taptill customers set 7 --credit --company 42
      taptill customers set 7 --external-id ""
    """
    name, company = options["name"], options["company"]
    if name is not None and not name.strip():
        raise UsageError(problem="a customer needs a name")
    if company is not None and options["no_company"]:
        raise UsageError(problem="say one of --company and --no-company")
    wish = CustomerUpdate(
        name=name,
        email=options["email"],
        external_id=options["external_id"],
        company_id=company,
        no_company=options["no_company"],
        credit_allowed=options["credit"],
    )
    config = config_of(option)
    action = StaffAction("update", [customer], sorted(wish.fields()))
    details = run(config, lambda work: work.update(customer, wish), action, options["staff"])
    print_one(details, config, as_json=as_json)


@click.command(name="bind-card")
@CONFIG
@JSON
@STAFF_NAMED
@CUSTOMER
@click.argument("card")
@AS_IT_IS
def bind_card(option: Path | None, customer: int, card: str, **options: Any) -> None:
    """Give a customer a card that nobody has; with an empty CARD take it away.

    CARD is checked as the till would: a spelling that no tap of it gives is told with the right
    one, and a number that is new at every tap is refused. Where the config has no [[reader]], the
    office's other cards tell how one is spelled.

    \b
    Examples:
      taptill customers bind-card 7 62E3086CED
      taptill customers bind-card 7 ""
    """
    config = config_of(option)
    action = StaffAction("update", [customer], ["cardId"])
    card_id = typed_card(card, config, as_it_is=options["as_it_is"])

    async def bind(work: StaffClient) -> StaffCustomer:
        await refuse_odd_card(work, card_id, config, as_it_is=options["as_it_is"])
        return await work.bind_card(customer, card_id)

    details = run(config, bind, action, options["staff"])
    print_one(details, config, as_json=options["as_json"])


@click.command()
@CONFIG
@JSON
@STAFF_NAMED
@CUSTOMER
def block(option: Path | None, customer: int, staff: str | None, *, as_json: bool) -> None:
    """Block a customer: tills that are online refuse the card at once, others at their next sync.

    \b
    Example:
      taptill customers block 7
      taptill customers block 7 --staff Jo
    """
    config = config_of(option)
    action = StaffAction("update", [customer], ["isBlocked"])
    details = run(config, lambda work: work.block(customer, blocked=True), action, staff)
    print_one(details, config, as_json=as_json)


@click.command()
@CONFIG
@JSON
@STAFF_NAMED
@CUSTOMER
def unblock(option: Path | None, customer: int, staff: str | None, *, as_json: bool) -> None:
    """Let a customer pay again.

    \b
    Example:
      taptill customers unblock 7
    """
    config = config_of(option)
    action = StaffAction("update", [customer], ["isBlocked"])
    details = run(config, lambda work: work.block(customer, blocked=False), action, staff)
    print_one(details, config, as_json=as_json)


COMMANDS = (add, set_, bind_card, block, unblock)
