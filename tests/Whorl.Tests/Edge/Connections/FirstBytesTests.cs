using System.Buffers;
using System.IO.Pipelines;
using Whorl.Sources.Edge.Connections;

namespace Whorl.Tests.Edge.Connections;

public sealed class FirstBytesTests
{
    private static readonly byte[] Message = [.. Enumerable.Range(0, 300).Select(i => (byte)i)];

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 3)]
    [InlineData(64, 64)]
    [InlineData(300, 1)]
    public async Task The_watcher_sees_each_byte_once_and_the_reader_sees_all(int written, int consumed)
    {
        Pipe pipe = new();
        byte[] watched = [];
        FirstBytes reader = new(pipe.Reader, 1000, bytes =>
        {
            watched = bytes.ToArray();
            return watched.Length >= 200;
        });
        List<byte> read = [];

        for (int at = 0; at < Message.Length; at += written)
        {
            await pipe.Writer.WriteAsync(Message.AsMemory(at, Math.Min(written, Message.Length - at)));
            ReadResult result = await reader.ReadAsync();
            ReadOnlySequence<byte> part = result.Buffer.Slice(0, Math.Min(consumed, result.Buffer.Length));
            read.AddRange(part.ToArray());
            reader.AdvanceTo(part.End, result.Buffer.End);
        }

        pipe.Writer.Complete();
        ReadResult rest = await reader.ReadAsync();
        read.AddRange(rest.Buffer.ToArray());
        reader.AdvanceTo(rest.Buffer.End);
        reader.Complete();

        read.ShouldBe(Message);
        watched.Length.ShouldBeGreaterThanOrEqualTo(200);
        watched.ShouldBe(Message[..watched.Length]);
    }

    [Fact]
    public async Task It_stops_watching_at_its_limit()
    {
        Pipe pipe = new();
        int calls = 0, most = 0;
        FirstBytes reader = new(pipe.Reader, 100, bytes =>
        {
            calls++;
            most = bytes.Length;
            return false;
        });

        for (int i = 0; i < 10; i++)
        {
            await pipe.Writer.WriteAsync(Message.AsMemory(0, 50));
            ReadResult result = await reader.ReadAsync();
            reader.AdvanceTo(result.Buffer.End);
        }

        most.ShouldBe(100);
        calls.ShouldBe(2);
    }

    [Fact]
    public async Task Bytes_looked_at_and_not_consumed_are_not_shown_again()
    {
        Pipe pipe = new();
        int most = 0;
        FirstBytes reader = new(pipe.Reader, 1000, bytes =>
        {
            most = bytes.Length;
            return false;
        });
        await pipe.Writer.WriteAsync(Message.AsMemory(0, 10));
        ReadResult first = await reader.ReadAsync();
        reader.AdvanceTo(first.Buffer.Start, first.Buffer.End);
        await pipe.Writer.WriteAsync(Message.AsMemory(10, 10));

        reader.TryRead(out ReadResult second).ShouldBeTrue();

        second.Buffer.Length.ShouldBe(20);
        most.ShouldBe(20);
    }
}
