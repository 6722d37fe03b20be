#!/usr/bin/env python3
"""A relay that holds every answer back for a while, as a network far away does: relay.py MILLISECONDS PORT TARGETPORT

It listens on all of 127.0.0.0/8 and goes on to the same address at the target port. Connecting costs one delay, too, as a handshake does: the first bytes
of a client are held for as long as the answer to its SYN would have taken.
"""
import asyncio
import socket
import sys

DELAY = int(sys.argv[1]) / 1000


async def carry(reader, writer, delay):
    loop = asyncio.get_running_loop()
    try:
        while data := await reader.read(65536):
            loop.call_later(delay, writer.write, data)
        loop.call_later(delay, lambda: not writer.is_closing() and writer.can_write_eof() and writer.write_eof())
    except OSError:
        pass


async def serve(reader, writer):
    address = writer.get_extra_info("sockname")[0]
    try:
        onward_reader, onward_writer = await asyncio.open_connection(address, int(sys.argv[3]))
    except OSError:
        writer.close()
        return
    await asyncio.wait([asyncio.create_task(carry(reader, onward_writer, 0)), asyncio.create_task(carry(onward_reader, writer, DELAY))], return_when=asyncio.FIRST_COMPLETED)
    await asyncio.sleep(DELAY + 0.01)
    for each in (writer, onward_writer):
        each.close()


async def main():
    server = await asyncio.start_server(serve, "0.0.0.0", int(sys.argv[2]), backlog=4096, family=socket.AF_INET)
    async with server:
        await server.serve_forever()


asyncio.run(main())
