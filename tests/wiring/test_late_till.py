"""The screen may use the till before there is one."""

from tests.fakes.till import FakeTill
from tests.ui.states import READY

from taptill.checkout.keys.key import key_at
from taptill.checkout.view import TillView
from taptill.wiring.late_till import READS_MAX, LateTill


def test_what_came_before_the_till_reaches_it_in_order() -> None:
    views: list[TillView] = []
    late, till = LateTill(), FakeTill(READY)
    late.watch(views.append)
    late.take((key_at("4", 1.0), key_at("2", 1.1)))
    late.take((key_at("0", 1.5),))
    assert (views, till.calls) == ([], [])
    late.connect(till)
    assert (views, till.calls) == ([READY], ["4", "2", "0"])


def test_once_there_is_a_till_everything_goes_to_it() -> None:
    views: list[TillView] = []
    late, till = LateTill(), FakeTill(READY)
    late.connect(till)
    late.watch(views.append)
    late.take((key_at("4", 1.0),))
    late.painted(7, 1.0)
    late.obscured(key_at("f1", 1.0))
    late.obscured()
    assert (views, till.calls) == ([READY], ["4"])
    assert (till.prompt_numbers, till.own_keys) == ([7], ["f1", ""])


def test_without_a_till_nothing_is_confirmed_and_only_so_many_keys_wait() -> None:
    late, till = LateTill(), FakeTill()
    late.painted(0, 1.0)
    late.obscured()
    for number in range(READS_MAX + 3):
        late.take((key_at(str(number % 10), 1.0),))
    late.connect(till)
    assert till.calls == [str(number % 10) for number in range(READS_MAX)]
    assert (till.prompt_numbers, till.own_keys) == ([], [])
