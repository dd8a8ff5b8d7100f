# SPDX-License-Identifier: LGPL-2.1-or-later
"""The QMUX codec."""

import pytest

from testbed.modem.qmux import (
    Error, FrameError, Kind, Message, QmiError, Reader, Service, Splitter, decode, long_octets, short_octets, u8,
)

#: Get Version Info as libqmi sends it, and an answer to Get IDs with an IMEI.
CTL_REQUEST = bytes.fromhex("010b00000000" "000121000000")
DMS_RESPONSE = bytes.fromhex("011b00800201" "02010025000f00" "02040000000000" "1105003335393037")


@pytest.mark.parametrize(("frame", "message"), [
    (CTL_REQUEST, Message(Service.CTL, 0, Kind.REQUEST, 1, 0x0021)),
    (DMS_RESPONSE, Message(Service.DMS, 1, Kind.RESPONSE, 1, 0x0025, {2: bytes(4), 0x11: b"35907"})),
])
def test_frames_are_read_and_written(frame, message):
    assert decode(frame) == message
    assert message.encode() == frame


@pytest.mark.parametrize("frame", [
    b"", b"\x01", CTL_REQUEST[:-1], CTL_REQUEST + b"\x00", b"\x02" + CTL_REQUEST[1:],
    bytes.fromhex("010b00000000" "070121000000"),                       # flags that no message has
    bytes.fromhex("010b00000000" "000121000100"),                       # a size that is not there
    bytes.fromhex("010d00000000" "000121000200" "0100"),                # a TLV of two octets
    bytes.fromhex("010f00000000" "000121000400" "01020000"),            # a TLV longer than the message
])
def test_what_is_no_frame_is_refused(frame):
    with pytest.raises(FrameError):
        decode(frame)


def test_a_stream_is_split_into_frames():
    splitter = Splitter()
    stream = CTL_REQUEST + DMS_RESPONSE
    assert [frame for octet in stream for frame in splitter.feed(bytes([octet]))] == [CTL_REQUEST, DMS_RESPONSE]
    assert splitter.feed(stream) == [CTL_REQUEST, DMS_RESPONSE]
    with pytest.raises(FrameError):
        splitter.feed(b"\x00\x00\x00")


def test_responses_tell_success_or_the_error():
    request = decode(CTL_REQUEST)
    assert request.response().error == Error.NONE
    assert decode(request.response(Error.NOT_SUPPORTED).encode()).error == Error.NOT_SUPPORTED


def test_values_that_are_too_short_are_malformed():
    reader = Reader(u8(7) + short_octets(b"ab") + long_octets(b"cd"))
    assert (reader.u8(), reader.short_octets(), reader.long_octets(), reader.rest()) == (7, b"ab", b"cd", b"")
    with pytest.raises(QmiError) as malformed:
        reader.u16()
    assert malformed.value.code == Error.MALFORMED
    with pytest.raises(QmiError) as missing:
        decode(CTL_REQUEST).get(0x01)
    assert missing.value.code == Error.MISSING_ARGUMENT
