"""Where webhooks may go. The hostile ones are refused when they are saved and when something is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from uuid import uuid4

import pytest

from directory.errors import InvalidInput
from directory.outbox.attempts import Result
from directory.outbox.targets import allowed, is_public, look_up
from directory.outbox.webhooks import Notice, WebhookSender
from tests.factories import NOW

PUBLIC = "93.184.216.34"
NAMES = {
    "hooks.example.org": [PUBLIC],
    "inside.example.org": ["10.0.0.5"],
    "both.example.org": [PUBLIC, "127.0.0.1"],
    "mapped.example.org": ["::ffff:169.254.169.254"],
    "empty.example.org": [],
}
HOSTILE = (
    "",
    "hooks.example.org",
    "http://hooks.example.org/",
    "ftp://hooks.example.org/",
    "file:///etc/passwd",
    "https://",
    "https:///hook",
    "https://user@hooks.example.org/",
    "https://user:secret@hooks.example.org/",
    "https://hooks.example.org@10.0.0.1/",
    "https://hooks.example.org/#part",
    "https://hooks.example.org:22/",
    "https://hooks.example.org:80/",
    "https://hooks.example.org:0/",
    "https://hooks.example.org:99999/",
    "https://hooks.example.org\\@10.0.0.1/",
    "https://hooks.example.org/\r\nX-Injected: 1",
    "https://hooks.example.org/ x",
    "https://høøks.example.org/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://printer.local/",
    "https://vault.internal/",
    "https://router.home.arpa/",
    "https://intranet/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://0x7f.1/",
    "https://0x7f000001/",
    "https://2130706433/",
    "https://0177.0.0.1/",
    "https://127.0.0.1./",
    "https://0.0.0.0/",
    "https://10.1.2.3/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b::a00:1]/",
    "https://[64:ff9b:1::a00:1]/",
    "https://[2002:7f00:1::1]/",
    "https://[2002:a00:1::]/",
    "https://[2001:0:4136:e378:8000:63bf:f5ff:fffe]/",
    "https://[2a00:1450::5efe:10.0.0.1]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fc00::1]/",
    "https://[fd12:3456:789a::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://[2001:db8::1]/",
    "https://[3fff::1]/",
    "https://[5f00::1]/",
    "https://[::1",
    "https://inside.example.org/",
    "https://both.example.org/",
    "https://mapped.example.org/",
    "https://empty.example.org/",
    "https://nobody.example.org/",
    f"https://hooks.example.org/{'x' * 2000}",
)


def by_table(name: str, port: int) -> Sequence[str]:
    if name not in NAMES:
        raise OSError("no such name")
    return NAMES[name]


def notice(url: str) -> Notice:
    return Notice(
        url, uuid4(), "referral.accepted", uuid4(), NOW, ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",)
    )


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_address_is_refused_when_saved_and_when_sent(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        allowed(url, by_table, loopback=False)
    assert set(refused.value.errors) == {"url"}
    outcome = WebhookSender(by_table).send(notice(url), NOW)
    assert outcome.result is Result.FAILED
    assert outcome.error and outcome.error.startswith("the address ")


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://hooks.example.org", "hooks.example.org", 443, "/"),
        ("https://HOOKS.example.org:8443/in?key=1", "hooks.example.org", 8443, "/in?key=1"),
        (f"https://{PUBLIC}/in", PUBLIC, 443, "/in"),
        ("https://[2606:4700::1111]/", "2606:4700::1111", 443, "/"),
        ("https://[::ffff:93.184.216.34]/", "::ffff:93.184.216.34", 443, "/"),
    ],
)
def test_a_public_address_is_taken(url: str, host: str, port: int, path: str) -> None:
    target = allowed(url, by_table, loopback=False)
    assert (target.host, target.port, target.path, target.secure) == (host, port, path, True)
    assert target.addresses


def test_a_name_that_leads_inside_by_the_time_of_sending_is_not_followed() -> None:
    answers: Iterator[list[str]] = iter([[PUBLIC], ["127.0.0.1"]])

    def rebinding(name: str, port: int) -> list[str]:
        return next(answers)

    assert allowed("https://hooks.example.org/", rebinding, loopback=False).addresses == (PUBLIC,)
    outcome = WebhookSender(rebinding).send(notice("https://hooks.example.org/"), NOW)
    assert outcome.error == "the address leads into a network that is not public"


def test_this_machine_is_told_only_where_a_setting_says_so_and_http_leads_nowhere_else() -> None:
    for url in ("http://127.0.0.1:8000/hook", "http://[::1]:1234/", "https://127.0.0.1:22/"):
        assert allowed(url, by_table, loopback=True).addresses
        with pytest.raises(InvalidInput):
            allowed(url, by_table, loopback=False)
    for url in (
        "http://hooks.example.org/",
        "https://10.0.0.1/",
        "http://both.example.org/",
        "http://0x7f.1/",
    ):
        with pytest.raises(InvalidInput):
            allowed(url, by_table, loopback=True)


@pytest.mark.parametrize("packed", ["64:ff9b::5db8:d822", "2002:5db8:d822::1", "::ffff:93.184.216.34"])
def test_a_public_address_within_another_is_public(packed: str) -> None:
    assert is_public(ip_address(packed))


def test_this_machine_knows_its_own_name() -> None:
    assert set(look_up("localhost", 80)) <= {"127.0.0.1", "::1"}
