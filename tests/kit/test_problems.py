from services.kit.problems import ErrorItem, Invalid, NotFound, PreconditionFailed, Problem, Unauthorized


class EmailTaken(Problem):
    """Somebody else has this address."""

    status = 409
    title = "This address belongs to somebody else"


def test_the_class_name_is_the_slug_and_finds_the_class() -> None:
    assert EmailTaken.slug() == "email-taken"
    assert Problem.registry["email-taken"] is EmailTaken


def test_a_document_has_every_member_of_the_contract() -> None:
    fault = ErrorItem("body", "too long", "string_too_long", pointer="#/name")
    document = Invalid("The body does not fit.", errors=[fault]).document(
        base="https://kith.example", instance="/v1/people", request_id="r-12345678"
    )
    assert document == {
        "type": "https://kith.example/problems/invalid",
        "title": "The content is not valid",
        "status": 422,
        "detail": "The body does not fit.",
        "instance": "/v1/people",
        "request_id": "r-12345678",
        "errors": [{"in": "body", "pointer": "#/name", "name": None, "code": "string_too_long", "message": "too long"}],
    }


def test_a_lost_update_tells_the_present_version() -> None:
    assert PreconditionFailed(17).extensions == {"current": '"v17"'}


def test_a_missing_key_says_how_to_authenticate() -> None:
    assert Unauthorized().headers["WWW-Authenticate"].startswith("Bearer")


def test_every_registered_problem_has_a_status_and_a_page_text() -> None:
    for slug, kind in Problem.registry.items():
        assert 400 <= kind.status <= 599, slug
        assert kind.__doc__, slug
    assert NotFound.slug() in Problem.registry
