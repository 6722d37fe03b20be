using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Whorl.Fingerprints.Tls;
using Whorl.Fingerprints.Wire;

namespace Whorl.Sources.Edge.Connections;

/// <summary>
/// Stands before TLS: reads the ClientHello, over however many records and segments it comes, without consuming it, and writes JA3 and JA4
/// into the <see cref="ConnectionFacts"/>. What is no ClientHello, is too long or too slow ends the connection.
/// </summary>
internal sealed class HelloPeek(TimeSpan deadline, TimeProvider clock)
{
    // Real hellos stay under 4 KiB with post-quantum shares; each record adds 5 bytes. More is an attack.
    private const int MaxHello = 64 * 1024;

    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        ConnectionFacts? facts = connection.Features.Get<ConnectionFacts>();
        if (facts is not null && !await ReadAsync(connection.Transport.Input, facts))
        {
            connection.Abort(new ConnectionAbortedException("no TLS ClientHello within the limits"));
            return;
        }

        await next(connection);
    }

    private async Task<bool> ReadAsync(PipeReader input, ConnectionFacts facts)
    {
        using CancellationTokenSource late = new(deadline, clock);
        try
        {
            while (true)
            {
                ReadResult read = await input.ReadAsync(late.Token);
                ParseStatus status = Look(read.Buffer, facts);
                bool ended = read.IsCompleted;
                input.AdvanceTo(read.Buffer.Start, status == ParseStatus.NeedMore ? read.Buffer.End : read.Buffer.Start);
                if (status != ParseStatus.NeedMore || ended)
                {
                    return status == ParseStatus.Done;
                }
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException)
        {
            return false;
        }
    }

    private static ParseStatus Look(in ReadOnlySequence<byte> buffer, ConnectionFacts facts)
    {
        if (buffer.IsSingleSegment)
        {
            return Look(buffer.FirstSpan, facts);
        }

        int length = (int)Math.Min(buffer.Length, MaxHello);
        byte[] copy = ArrayPool<byte>.Shared.Rent(length);
        buffer.Slice(0, length).CopyTo(copy);
        ParseStatus status = Look(copy.AsSpan(0, length), facts);
        ArrayPool<byte>.Shared.Return(copy);
        return status;
    }

    private static ParseStatus Look(ReadOnlySpan<byte> bytes, ConnectionFacts facts)
    {
        ParseStatus status = ClientHello.TryReadRecords(bytes, out ClientHello? hello, out _);
        if (status == ParseStatus.Done && hello is not null)
        {
            facts.Ja3 = Ja3.Hash(hello);
            facts.Ja4 = Ja4.Value(hello, Ja4Transport.Tcp);
            facts.Sni = hello.ServerName;
            facts.Alpn = AlpnText(hello);
            facts.TlsVersion = VersionText(hello);
        }

        return status == ParseStatus.NeedMore && bytes.Length >= MaxHello ? ParseStatus.Malformed : status;
    }

    private static string? AlpnText(ClientHello hello) => hello.AlpnProtocols.Count == 0 ? null : string.Join(',', hello.AlpnProtocols);

    private static string? VersionText(ClientHello hello)
    {
        ushort highest = 0;
        foreach (ushort version in hello.SupportedVersions)
        {
            highest = version is >= 0x0300 and <= 0x0304 && version > highest ? version : highest;
        }

        return (highest == 0 ? hello.LegacyVersion : highest) switch
        {
            0x0304 => "1.3",
            0x0303 => "1.2",
            0x0302 => "1.1",
            0x0301 => "1.0",
            _ => null,
        };
    }
}
