# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tree keeps its contract, and each check of contract.py finds what it is there to find."""

from __future__ import annotations

import contract

METHOD = """<node><!--
 org.x.A:
 @short_description: a
--><interface name="org.x.A"><!--
 Go:
 @way: where to
--><method name="Go">{annotation}<arg name="way" type="s" direction="in"/></method></interface></node>"""
ANNOTATION = '<annotation name="org.lpad.Lpad1.PolkitAction" value="{}"/>'
POLICY = (
    '<policyconfig><action id="org.lpad.lpad1.go"/><action id="org.lpad.lpad1.unattended"/></policyconfig>'
)
MAIN = '  { "go", "PLACE", "go there", lui_cmd_go },\n    { "fast", \'f\', 0, G_OPTION_ARG_NONE, &fast, "x", NULL },\n'
CONFIG = (
    '  { "Card", "Size", lpad_config_read_number, CONFIG (size), SIZE },\n'
    '  { "Reader:", "Size", lpad_config_read_number, READER (size), SIZE },\n'
)


def test_the_tree_keeps_its_contract():
    assert contract.check_tree() == []


def test_the_tree_is_not_empty():
    """The patterns still find what they look for."""
    assert len(contract.verbs_of(contract.read("lui-cli/main.c"))) >= 10
    assert len(contract.options_of(contract.read("lui-cli/cmd-download.c"))) == 14
    assert len(contract.keys_of_daemon(contract.read("lpad/daemon/config/config-keys.c"))) >= 20


def test_method_without_action():
    assert contract.check_actions(METHOD.format(annotation=""), POLICY) == [
        "org.x.A.Go has no polkit action",
        "org.lpad.lpad1.go is used by nothing",
    ]


def test_method_with_unknown_action():
    interface = METHOD.format(annotation=ANNOTATION.format("org.lpad.lpad1.fly"))
    assert "org.x.A.Go needs org.lpad.lpad1.fly, which no policy defines" in contract.check_actions(interface, POLICY)


def test_method_with_action():
    interface = METHOD.format(annotation=ANNOTATION.format("org.lpad.lpad1.go"))
    assert contract.check_actions(interface, POLICY) == []


def test_identifying_property_without_action():
    interface = '<node><interface name="org.x.A"><property name="Eid" type="s" access="read"/></interface></node>'
    assert "org.x.A.Eid has no polkit action" in contract.check_actions(interface, POLICY)


def test_action_in_one_place_only():
    assert contract.check_names('#define A "org.lpad.lpad1.go"', POLICY) == [
        "org.lpad.lpad1.unattended is either in names.h or in the policy only"
    ]


def test_undocumented_members():
    assert contract.check_documented(METHOD.format(annotation="")) == []
    assert contract.check_documented(METHOD.format(annotation="").replace("Go:\n", "Stay:\n")) == ["method Go has no comment"]
    assert contract.check_documented(METHOD.format(annotation="").replace("@way:", "@how:")) == [
        "argument way has no comment (after: Go)"
    ]


def test_verbs_and_options():
    page = ".It Cm go Ar PLACE\n.It Fl f , Fl Fl fast\n"
    completion = "go --fast -f"
    assert contract.check_cli(MAIN, [], page, completion) == []
    assert contract.check_cli(MAIN, [], ".It Cm go Ar PLACE\n.It Fl Fl fast\n", completion) == [
        "option --fast (-f) is not in the manual page"
    ]
    assert contract.check_cli(MAIN, [], page.replace(".It Cm go ", ".It Cm stay "), completion) == [
        "verb go is not in the manual page"
    ]
    assert contract.check_cli(MAIN, [], page, "gone --faster -f") == [
        "verb go is not in the completion",
        "option --fast is not in the completion",
    ]


def test_options_of_the_daemon():
    main = '    { "config", \'c\', 0, G_OPTION_ARG_FILENAME, &c, "x", "FILE" },\n'
    assert contract.check_daemon_options(main, ".It Fl c , Fl Fl config Ns = Ns Ar FILE\n") == []
    assert contract.check_daemon_options(main, ".It Fl Fl config Ns = Ns Ar FILE\n") == ["option --config is not in lpad(8)"]


def test_errors_of_lpad_modem():
    source = '{ X, "org.lpad.Modem1.Error.NotReady" },'
    assert contract.check_modem_errors(source, "  <!--\n      NotReady   no card\n") == []
    assert contract.check_modem_errors(source, "") == ["error NotReady is not in org.lpad.Modem1.xml"]
    assert contract.check_modem_errors("", "") == ["no error of lpad-modem was found"]


def test_errors():
    header = "  LPAD_ERROR_ODD, /*< nick=org.lpad.Lpad1.Error.Odd >*/\n"
    assert contract.check_errors(header, ".It Ql Odd\n", "  { LPAD_ERROR_ODD, LUI_EXIT_FAILED, NULL },") == []
    assert contract.check_errors(header, "", "") == [
        "error Odd is not in lpad(8)",
        "error Odd has no exit status in lui-cli",
    ]


def test_error_texts():
    header = "  /* It is\n  odd. */\n  LPAD_ERROR_ODD, /*< nick=org.lpad.Lpad1.Error.Odd >*/\n"
    assert contract.check_error_texts(header, ".It Ql Odd\nIt is odd.\n.El\n") == []
    assert contract.check_error_texts(header, ".It Ql Odd\nIt is even.\n.El\n") == [
        "error Odd is told differently in lpad(8)",
    ]


def test_exit_status():
    assert contract.check_exit_status("  LUI_EXIT_ODD = 11,\n", ".It 1\n") == ["exit status 11 is not in lui-cli(1)"]


def test_configuration():
    conf = "[Card]\n#Size=1\n#[Reader:A *]\n#Size=2\n"
    page = ".Ss [Card]\n.It Cm Size Ns = Ns Ar N\n.Ss [Reader:NAME]\n.It Cm Size\n"
    assert contract.check_configuration(CONFIG, conf, page) == []
    assert contract.check_configuration(CONFIG, conf.replace("#Size=1", ""), page) == ["[Card] Size is not in lpad.conf"]
    assert contract.check_configuration(CONFIG, conf + "#Old=1\n", page) == [
        "[Reader] Old is in lpad.conf, but lpad does not know it"
    ]
    assert contract.check_configuration(CONFIG, conf, page.replace("[Card]", "[Chip]")) == [
        "[Card] Size is not in lpad.conf(5)",
        "[Chip] Size is in lpad.conf(5), but lpad does not know it",
    ]
