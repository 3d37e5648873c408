"""What is said before somebody ends the program."""

from taptill.checkout.view import TillView
from taptill.ui.rows import NO_BREAK
from taptill.ui.screen_settings import ScreenSettings


def leave_text(view: TillView | None, settings: ScreenSettings) -> str:
    """Return whether the machine may be switched off, or that only staff leave the program."""
    if not settings.lets_leave(view):
        return settings.texts.say("leave.staff")
    if view is None:
        return settings.texts.say("leave.starting")
    say, status = settings.texts.say, view.status
    count = str(status.to_send)
    total = settings.price(status.to_send_sum).replace(" ", NO_BREAK)
    if status.conflicts:
        return say(
            "leave.desk",
            conflicts=str(status.conflicts),
            lost=settings.sum(status.in_question),
            count=count,
            sum=total,
        )
    return say("leave.kept", count=count, sum=total) if status.to_send else say("leave.clean")
