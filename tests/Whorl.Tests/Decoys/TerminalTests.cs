using Whorl.Sources.Decoys.Sessions;
using Whorl.Sources.Decoys.Ssh;
using Whorl.Sources.Decoys.Text;

namespace Whorl.Tests.Decoys;

/// <summary>Lines over telnet and over a channel of SSH: what they are, and that typing much costs no more than it is long.</summary>
public sealed class TerminalTests : IDisposable
{
    // What so many bytes take that are read once.
    private const long MaxAllocated = 8 * 1024 * 1024;

    private readonly DecoyTalk _talk = new();

    [Fact]
    public async Task What_is_typed_where_nothing_is_echoed_is_not_kept_for_an_echo()
    {
        byte[] said = [.. Enumerable.Repeat("a\b"u8.ToArray(), 1024 * 1024).SelectMany(pair => pair)];
        await using DecoySession session = _talk.Session(DecoyTalk.Place("{ service: telnet }"), said, piece: 4096);
        TelnetTerminal terminal = new(session);
        long before = GC.GetAllocatedBytesForCurrentThread();
        (await terminal.ReadLineAsync(echo: false)).ShouldBeNull();
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(MaxAllocated);
    }

    [Fact]
    public async Task Lines_over_ssh_are_read_without_reading_the_rest_again()
    {
        byte[] ends = new byte[30_000];
        ends.AsSpan().Fill((byte)'\n');
        byte[][] messages = [Data("ab\u007Fc\n"u8), Data(ends), Data(ends), Data("last"u8)];
        await using DecoySession session = _talk.Session(DecoyTalk.Place("{ service: ssh }"), [.. messages.SelectMany(SshBytes.Packet)]);
        using SshPackets packets = new(session);
        SshChannel channel = new(session, packets);
        (await channel.ReadLineAsync(echo: false)).ShouldBe("ac");
        long before = GC.GetAllocatedBytesForCurrentThread();
        int lines = 0;
        while (lines < 2 * ends.Length && await channel.ReadLineAsync(echo: false) is "")
        {
            lines++;
        }

        lines.ShouldBe(2 * ends.Length);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(8 * MaxAllocated);
        (await channel.ReadLineAsync(echo: false)).ShouldBe("last");
        (await channel.ReadLineAsync(echo: false)).ShouldBeNull();
    }

    public void Dispose() => _talk.Dispose();

    private static byte[] Data(ReadOnlySpan<byte> bytes) => new SshWriter().Byte(94).Number(0).String(bytes).ToArray();
}
