#!/usr/bin/env python3
"""A relay that holds every answer back for a while, as a network far away does: relay.py MILLISECONDS PORT TARGETPORT

It listens on all of 127.0.0.0/8 and goes on to the same address at the target port. Only answers wait; connecting to the relay itself costs nothing.
"""
import asyncio
import sys

DELAY = int(sys.argv[1]) / 1000
TARGET = int(sys.argv[3])
loop = asyncio.new_event_loop()


def quietly(action, *arguments):
    try:
        action(*arguments)
    except OSError:
        pass


class Onward(asyncio.Protocol):
    """The side towards the server: what comes here waits."""

    def __init__(self, client):
        self.client = client

    def connection_made(self, transport):
        self.transport = transport
        self.client.onward = self
        if self.client.waiting:
            transport.write(self.client.waiting)

    def data_received(self, data):
        loop.call_later(DELAY, quietly, self.client.transport.write, data)

    def connection_lost(self, fault):
        loop.call_later(DELAY, quietly, self.client.transport.close)


class Client(asyncio.Protocol):
    """The side towards the scanner."""

    def connection_made(self, transport):
        self.transport, self.onward, self.waiting = transport, None, b""
        address = transport.get_extra_info("sockname")[0]
        self.connecting = loop.create_task(self.connect(address))

    async def connect(self, address):
        try:
            await loop.create_connection(lambda: Onward(self), address, TARGET)
        except OSError:
            self.transport.close()

    def data_received(self, data):
        if self.onward is None:
            self.waiting += data
        else:
            quietly(self.onward.transport.write, data)

    def connection_lost(self, fault):
        if self.onward is not None:
            quietly(self.onward.transport.close)


asyncio.set_event_loop(loop)
loop.run_until_complete(loop.create_server(Client, "0.0.0.0", int(sys.argv[2]), backlog=4096))
loop.run_forever()
