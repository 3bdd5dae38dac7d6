"""Facts and long evaluations meet at the same customers: nobody waits for ever, and the last word is right."""

import asyncio

from services.kit.ids import new_id
from services.scoring.evaluation.asking import ask_to_recompute
from tests.scoring.stage import Stage


async def test_orders_that_come_while_everybody_is_evaluated(stage: Stage) -> None:
    buyers = [new_id() for _ in range(40)]
    await stage.tell(*(stage.bought(buyer, "2026-11-10", 1000 + place) for place, buyer in enumerate(buyers)))

    async def facts() -> None:
        for round_ in range(6):
            turned = buyers if round_ % 2 else buyers[::-1]
            await stage.tell(*(stage.bought(buyer, "2026-11-20", 500 + round_) for buyer in turned))

    async def recompute() -> None:
        for _ in range(3):
            async with stage.database.write(stage.workspace_id) as session:
                await ask_to_recompute(session, [], None)
            await stage.work()

    async with asyncio.timeout(300):
        await asyncio.gather(facts(), recompute())
    async with stage.database.write(stage.workspace_id) as session:
        await ask_to_recompute(session, [], None)
    await stage.work()
    found = await stage.everything()
    assert {row["orders_count"] for row in found["standings"]} == {7}
    await stage.forget_scores()
    async with stage.database.write(stage.workspace_id) as session:
        await ask_to_recompute(session, [], None)
    await stage.work()
    assert await stage.everything() == found


async def test_a_set_of_cutoffs_for_one_time_does_not_touch_the_present(stage: Stage) -> None:
    first = new_id()
    await stage.tell(stage.bought(first, "2026-11-20", 1000))
    async with stage.database.write(stage.workspace_id) as session:
        await ask_to_recompute(session, [], stage.now)
    await stage.work()
    await stage.tell(*(stage.bought(new_id(), "2026-11-20", 5000 + number) for number in range(40)))
    await stage.sweep()
    assert (await stage.scores())[first]["value_tier"][0] == "bronze"
