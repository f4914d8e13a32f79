"""python-socketio whose bytes leave as text frames, `b` and base64, which API Gateway lets pass.

Call `install()` before any client is made; for `socketio.Client` and `socketio.AsyncClient`, over WebSocket and polling.
Bytes that come are read as they are: python-engineio knows base64 in text frames of its own.
"""

import base64

from engineio import packet, payload


class TextPacket(packet.Packet):
    """A packet that is never binary on the wire."""

    def __init__(self, packet_type=packet.NOOP, data=None, encoded_packet=None):
        super().__init__(packet_type, data, encoded_packet)
        if encoded_packet is None:
            # The WebSocket transports send what is not binary as text.
            self.binary = False

    def encode(self, b64=False):
        if isinstance(self.data, (bytes, bytearray)):
            return "b" + base64.b64encode(self.data).decode("ascii")
        return super().encode(b64=b64)


def install(max_packets=1000):
    """Bytes as text, and as many packets in one polling answer as a server may send: the stock client refuses 17."""
    packet.Packet = TextPacket
    payload.Payload.max_decode_packets = max_packets
