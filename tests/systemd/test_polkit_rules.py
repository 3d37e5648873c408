"""The rule by which pcscd serves the till where it asks polkit."""

import re

from release.installer.parts import TILL
from tests.project.sources import ROOT

from taptill.install.setup.places import ACCOUNT

RULES = "systemd/taptill-polkit.rules"
ACTIONS = {"org.debian.pcsc-lite.access_pcsc", "org.debian.pcsc-lite.access_card"}
"""Source: `org.debian.pcsc-lite.policy` of pcscd 2.3.3-1."""


def test_the_tills_account_alone_is_let_in_and_by_pcscd_alone() -> None:
    code = re.sub(r"//.*", "", (ROOT / RULES).read_text("utf-8"))
    assert {*re.findall(r'"([^"]+)"', code)} == {*ACTIONS, ACCOUNT}
    assert f'subject.user == "{ACCOUNT}" &&' in code


def test_it_is_installed_where_polkit_looks_for_a_machines_own_rules() -> None:
    assert TILL.files[RULES] == "etc/polkit-1/rules.d/70-taptill.rules"
