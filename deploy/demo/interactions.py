"""What reps and customers did together in the year: all five functions, most channels, both directions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from deploy.demo.model import Habit, Interaction, Person


@dataclass(frozen=True, slots=True)
class Scene:
    """Something that typically happens, with the words for it."""

    function: str
    channel: str
    direction: str
    purpose: str
    summary: str
    outcome: str = "done"
    sentiment: float | None = None
    cost: int | None = None


SCENES = (
    Scene("care", "call", "outbound", "Ask how the new pot pours", "Happy with it, asks about scale.", "reached", 0.6),
    Scene("care", "gift", "outbound", "生日小禮", "寄出手作茶點一盒與手寫卡片。", "done", 0.8, 280),
    Scene("care", "visit", "outbound", "節前拜訪", "帶了新茶試飲，聊到女兒考試。", "done", 0.7),
    Scene("information", "email", "inbound", "お問い合わせ", "水出しに向く茶葉の質問、煎茶を案内。", "done", 0.3),
    Scene("information", "chat", "inbound", "Which tea for guests?", "Recommended the Four Seasons Box.", "done", 0.4),
    Scene("information", "event", "outbound", "春茶品茗會", "參加了品茗會，對鐵觀音很有興趣。", "done", 0.7),
    Scene("transaction", "chat", "inbound", "詢問大量訂購折扣", "報價已寄出，等待回覆。", "done", 0.2),
    Scene(
        "transaction", "call", "outbound", "Confirm the yearly order", "Left word with the assistant.", "left_message"
    ),
    Scene("service", "call", "inbound", "배송 지연 문의", "재발송하고 사과드렸다.", "done", -0.4),
    Scene("service", "email", "inbound", "Lid arrived chipped", "Replacement sent the same day.", "done", -0.2),
    Scene("service", "visit", "outbound", "到府更換濾網", "順便教了保養方法。", "done", 0.5),
    Scene("intelligence", "visit", "inbound", "Word of a rival", "It offers free shipping from 500 TWD.", "done", 0.1),
    Scene("intelligence", "social", "inbound", "قصة عن منافس", "متجر جديد في الحي.", "done", 0.0),
)
HOW_MANY = {
    Habit.GREAT: (6, 12),
    Habit.BUYER: (4, 9),
    Habit.RISING: (1, 4),
    Habit.STEADY: (0, 3),
    Habit.SLIPPING: (1, 3),
}
LOOKED_AFTER = frozenset(HOW_MANY)
OLDEST_DAYS = 350


def make_interactions(people: tuple[Person, ...], now: datetime, chance: Random) -> tuple[Interaction, ...]:
    """Make the interactions of everybody who has a rep."""
    found: list[Interaction] = []
    for person in people:
        if person.rep is None or person.habit not in HOW_MANY:
            continue
        count = chance.randint(*HOW_MANY[person.habit])
        found += [_make(person, person.rep, now, chance) for _ in range(count)]
    return tuple(sorted(found, key=lambda one: one.occurred_at))


def _make(person: Person, rep: str, now: datetime, chance: Random) -> Interaction:
    scene = chance.choice(SCENES)
    # Those who slip away have not been spoken to for long: that is the story they tell.
    latest = 100 if person.habit is Habit.SLIPPING else 1
    ago = timedelta(days=chance.randint(latest, OLDEST_DAYS), minutes=chance.randint(0, 600))
    return Interaction(
        person=person,
        rep=rep,
        function=scene.function,
        channel=scene.channel,
        direction=scene.direction,
        occurred_at=now - ago,
        purpose=scene.purpose,
        summary=scene.summary,
        outcome=scene.outcome,
        sentiment=scene.sentiment,
        cost=scene.cost,
    )
