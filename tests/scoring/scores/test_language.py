"""The language in which scores explain themselves where nobody asks for one."""

from tests.scoring.api import Api
from tests.scoring.evaluation.test_incremental import tell_example
from tests.scoring.example import id_of
from tests.scoring.stage import Stage

C11 = f"/v1/customers/{id_of('C11')}/scores"


async def test_texts_are_in_the_workspaces_language_where_none_is_asked_for(stage: Stage, api: Api) -> None:
    await tell_example(stage, 1000)
    await stage.settings(locale="ja-JP")

    async def reasons(language: str) -> list[str]:
        seen = (await api.call("GET", C11, headers={"Accept-Language": language})).json()
        return [one["text"] for one in seen["scores"]["value_tier"]["reasons"]]

    japanese = await reasons("ja")
    assert japanese
    assert await reasons("fr") == japanese != await reasons("en")
