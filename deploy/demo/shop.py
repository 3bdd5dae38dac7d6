"""Makes the whole shop: the same seed and the same day always give the same shop."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from deploy.demo.interactions import LOOKED_AFTER, make_interactions
from deploy.demo.model import ERP, SHOPIFY, WOOCOMMERCE, Account, Habit, Order, Person, Rate, Rep, Shop
from deploy.demo.names import TAIWAN, pick_name, pick_phone, pick_place
from deploy.demo.orders import make_order, settle
from deploy.demo.rhythms import FRESH_DAYS, purchase_ages

SEED = 20261122
TIME_ZONE = "Asia/Taipei"
CURRENCY = "TWD"
ZONE = ZoneInfo(TIME_ZONE)
PEOPLE = (
    (Habit.STEADY, 180),
    (Habit.SLIPPING, 24),
    (Habit.ONE_TIME, 140),
    (Habit.LAPSED, 84),
    (Habit.RISING, 36),
    (Habit.GREAT, 8),
    (Habit.NEWCOMER, 20),
)
BUYERS_PER_ACCOUNT = 2
SHOPIFY_SHARE, PHONE_SHARE, LOOKED_AFTER_SHARE, ASKING_SHARE = 0.3, 0.7, 0.5, 0.06
"""Of Taiwanese customers, those who use the Shopify shop; of all, those who give a number; of steady ones, those with a
rep; of those, the ones who asked for theirs."""
FIRST_NUMBER = {SHOPIFY: 7_100_001, WOOCOMMERCE: 1001, ERP: 1}
FIRST_ORDER = {SHOPIFY: 5_500_001, WOOCOMMERCE: 20_001, ERP: 90_001}
REPS = (
    Rep("mei", "周美玲", "mei.chou@lantern-leaf.example", "zh-Hant-TW"),
    Rep("ben", "Ben Asante", "ben.asante@lantern-leaf.example", "en"),
    Rep("aoi", "葵 田村", "aoi.tamura@lantern-leaf.example", "ja-JP"),
    Rep("wei", "何志偉", "wei.ho@lantern-leaf.example", "zh-Hant-TW"),
)
ACCOUNTS = (
    ("rivershore", "Rivershore Hotels 河岸旅店", "rivershore.example", "hospitality", "TW", 2_400_000, 400_000),
    ("tokiwa", "株式会社ときわ茶房", "tokiwa.example", "cafe", "JP", 900_000, 100_000),
    ("northpine", "Northpine Offices GmbH", "northpine.example", "office supply", "DE", 1_200_000, 0),
    ("moonhill", "月丘餐飲集團", "moonhill.example", "restaurants", "TW", 3_600_000, 1_200_000),
    ("saffron", "Saffron Gate Trading شركة باب الزعفران", "saffrongate.example", "trade", "AE", 1_500_000, 300_000),
    ("hanok", "한옥다방 프랜차이즈", "hanok.example", "cafe", "KR", 800_000, 0),
    ("brightside", "Brightside Co-working", "brightside.example", "office", "US", 600_000, 200_000),
    ("yunlai", "云来酒店管理有限公司", "yunlai.example", "hospitality", "CN", 2_000_000, 500_000),
)
TAGS = ("vip-tasting", "gift-buyer", "cold-brew", "newsletter", "wholesale-lead")
RATES = ((420, "32.10"), (240, "31.45"), (80, "30.60"))


@dataclass
class Workshop:
    """What is being made, with the dice and the numbers that were given out."""

    now: datetime
    chance: Random
    numbers: dict[str, int]

    def number(self, source: str) -> int:
        """Give out the next customer number of a shop."""
        self.numbers[source] += 1
        return self.numbers[source]


def make_shop(now: datetime, seed: int = SEED) -> Shop:
    """Make the shop as it stands at `now`, a time with its zone."""
    chance = Random(seed)  # noqa: S311 - a sample shop guards no secret
    shop = Workshop(now.replace(microsecond=0), chance, dict(FIRST_NUMBER))
    accounts = tuple(_account(shop, number, row) for number, row in enumerate(ACCOUNTS))
    people = tuple(_person(shop, habit) for habit, count in PEOPLE for _ in range(count))
    people += tuple(_buyer(shop, account) for account in accounts for _ in range(BUYERS_PER_ACCOUNT))
    return Shop(
        now=shop.now,
        reps=REPS,
        accounts=accounts,
        people=people,
        orders=_numbered(order for person in people for order in _orders(shop, person)),
        interactions=make_interactions(people, shop.now, chance),
        rates=tuple(Rate(_day(now, age), rate) for age, rate in RATES),
        fresh_after=_at(now, FRESH_DAYS, time.min),
    )


def _numbered(orders: Iterable[Order]) -> tuple[Order, ...]:
    numbers = dict(FIRST_ORDER)
    found = []
    for order in sorted(orders, key=lambda order: (order.placed_at, order.person.source, order.person.number)):
        numbers[order.person.source] += 1
        found.append(replace(order, number=numbers[order.person.source]))
    return tuple(found)


def _person(shop: Workshop, habit: Habit) -> Person:
    chance = shop.chance
    place = pick_place(chance)
    name = pick_name(place, chance)
    source = SHOPIFY if place is not TAIWAN or chance.random() < SHOPIFY_SHARE else WOOCOMMERCE
    number = shop.number(source)
    latin = f"{name.latin_given}.{name.latin_family}".lower().replace("'", "")
    tags = tuple(chance.sample(TAGS, chance.choice((0, 0, 1, 1, 2))))
    person = Person(
        number=number,
        source=source,
        habit=habit,
        given=name.given,
        family=name.family,
        latin=f"{name.latin_given} {name.latin_family}",
        email=f"{latin}.{number}@mail.example",
        phone=pick_phone(place, chance) if chance.random() < PHONE_SHARE else None,
        locale=place.locale,
        region=place.region,
        city=chance.choice(place.cities),
        time_zone=place.time_zone,
        birthday=_birthday(chance),
        tags=tags,
    )
    return _with_rep(shop, person)


def _with_rep(shop: Workshop, person: Person) -> Person:
    if person.habit not in LOOKED_AFTER or (person.habit is Habit.STEADY and shop.chance.random() > LOOKED_AFTER_SHARE):
        return person
    asked = person.habit is Habit.GREAT or shop.chance.random() < ASKING_SHARE
    asked_at = shop.now - timedelta(days=shop.chance.randint(20, 300)) if asked else None
    return replace(person, rep=shop.chance.choice(REPS).key, asked_for_rep_at=asked_at)


def _buyer(shop: Workshop, account: Account) -> Person:
    person = _person(shop, Habit.BUYER)
    number = shop.number(ERP)
    address = f"{person.latin.split()[0].lower().replace(chr(39), '')}.{number}@{account.domain}"
    return replace(
        person,
        number=number,
        source=ERP,
        email=address,
        account=account.key,
        rep=account.rep,
        asked_for_rep_at=None,
        tags=(),
    )


def _account(shop: Workshop, number: int, row: tuple[str, str, str, str, str, int, int]) -> Account:
    asked_at = shop.now - timedelta(days=120) if number % 3 == 0 else None
    return Account(*row, rep=REPS[number % len(REPS)].key, asked_for_rep_at=asked_at)


def _orders(shop: Workshop, person: Person) -> list[Order]:
    ages = purchase_ages(person.habit, shop.chance)
    found = []
    for step, age in enumerate(ages):
        placed_at = _moment(shop, age)
        order = make_order(person, placed_at, step, shop.chance)
        # A newcomer's first order stands; what happened to others is history.
        found.append(order if person.habit is Habit.NEWCOMER else settle(order, shop.now, shop.chance))
    return found


def _moment(shop: Workshop, age: int) -> datetime:
    clock = time(shop.chance.randint(9, 21), shop.chance.randint(0, 59), shop.chance.randint(0, 59))
    return min(_at(shop.now, age, clock), shop.now - timedelta(minutes=shop.chance.randint(20, 300)))


def _at(now: datetime, age: int, clock: time) -> datetime:
    return datetime.combine(_day(now, age), clock, ZONE)


def _day(now: datetime, age: int) -> date:
    return now.astimezone(ZONE).date() - timedelta(days=age)


def _birthday(chance: Random) -> str | None:
    month, day = chance.randint(1, 12), chance.randint(1, 28)
    return chance.choice((None, f"--{month:02}-{day:02}", f"{chance.randint(1950, 2004)}-{month:02}-{day:02}"))
