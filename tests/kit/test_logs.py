import traceback

from services.kit.logs import condense, mask, mask_text


def test_personal_values_and_secrets_are_hidden_by_name_and_by_look() -> None:
    event = mask(
        None,
        "info",
        {
            "event": "person lin@example.com called +886 912 345 678 with kith_live_0123456789_abc",
            "email": "lin@example.com",
            "secret": "hush",
            "ids": 3,
        },
    )
    assert event == {
        "event": "person [email] called [phone] with [key]",
        "email": "[hidden]",
        "secret": "[hidden]",
        "ids": 3,
    }


def test_tokens_are_hidden() -> None:
    assert mask_text("got eyJhbGciOi.eyJpc3Mi.c2ln") == "got [key]"


def test_ordinary_words_stay() -> None:
    assert mask_text("batch of 200 done in 0.4 s") == "batch of 200 done in 0.4 s"


def test_of_an_error_one_line_tells_the_kind_and_the_place_and_never_what_it_quotes() -> None:
    try:
        int("Ming\nDETAIL: Key (name)=(Ming)")
    except ValueError as error:
        told = condense(None, "warning", {"event": "retrying", "exc_info": (type(error), error, error.__traceback__)})
        passed_on = condense(None, "error", {"event": traceback.format_exc()})
    assert told["event"] == "retrying"
    assert told["error"] == "ValueError"
    assert told["where"].startswith("test_logs.py:")
    assert "exc_info" not in told
    assert passed_on == {"event": "failed", "error": "ValueError"}


def test_a_line_without_an_error_stays_as_it_is() -> None:
    assert condense(None, "info", {"event": "done", "exc_info": None}) == {"event": "done"}
