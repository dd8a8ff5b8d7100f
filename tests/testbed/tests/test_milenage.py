# SPDX-License-Identifier: LGPL-2.1-or-later
"""Milenage against the first test set of 3GPP TS 35.207."""

from testbed.milenage import Milenage

K = bytes.fromhex("465b5ce8b199b49faa5f0a2ee238a6bc")
OPC = bytes.fromhex("cd63cb71954a9f4e48a5994e37a02baf")
RAND = bytes.fromhex("23553cbe9637a89d218ae64dae47bf35")
SQN, AMF = bytes.fromhex("ff9bb4d0b607"), bytes.fromhex("b9b9")


def test_functions_have_the_values_of_the_specification():
    algorithm = Milenage(K, OPC)
    assert algorithm.f1(RAND, SQN, AMF).hex() == "4a9ffac354dfafb3"
    assert algorithm.f1_star(RAND, SQN, AMF).hex() == "01cfaf9ec4e871e9"
    assert algorithm.f2(RAND).hex() == "a54211d5e3ba50bf"
    assert algorithm.f3(RAND).hex() == "b40ba9a3c58b2a05bbf0d987b21bf8cb"
    assert algorithm.f4(RAND).hex() == "f769bcd751044604127672711c6d3441"
    assert algorithm.f5(RAND).hex() == "aa689c648370"
    assert algorithm.f5_star(RAND).hex() == "451e8beca43b"


def test_both_sides_understand_each_other():
    algorithm = Milenage(K, OPC)
    vector = algorithm.vector(RAND, 32, AMF)
    assert algorithm.sequence_number(RAND, vector.autn) == 32
    assert algorithm.sequence_number(RAND, vector.autn[:-1] + b"\x00") is None
    assert algorithm.resynchronise(RAND, algorithm.auts(RAND, 77)) == 77
    assert algorithm.resynchronise(RAND, bytes(14)) is None
