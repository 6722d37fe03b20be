using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Whorl.Fingerprints.Http;
using Whorl.Fingerprints.Wire;

namespace Whorl.Sources.Edge.Connections;

/// <summary>
/// Stands behind TLS and watches the first decrypted bytes: an HTTP/2 preface gives the HTTP/2 fingerprint, an HTTP/1 head the order and case of its header names.
/// It never waits for bytes, so a client that waits for the server's SETTINGS is served.
/// </summary>
internal static class HeadWatch
{
    // A first HEADERS block or HTTP/1 head beyond this has no fingerprint; Kestrel's own limits decide whether it is served.
    private const int MaxWatched = 32 * 1024;

    public static Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (connection.Features.Get<ConnectionFacts>() is not { } facts)
        {
            return next(connection);
        }

        IDuplexPipe transport = connection.Transport;
        connection.Transport = new Duplex(new FirstBytes(transport.Input, MaxWatched, bytes => Look(bytes.Span, facts)), transport.Output);
        return next(connection);
    }

    private static bool Look(ReadOnlySpan<byte> bytes, ConnectionFacts facts)
    {
        ReadOnlySpan<byte> preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;
        int common = Math.Min(bytes.Length, preface.Length);
        if (bytes[..common].SequenceEqual(preface[..common]))
        {
            ParseStatus status = Http2Preface.TryParse(bytes, out Http2Fingerprint? fingerprint);
            facts.Http2Fingerprint = fingerprint?.Text;
            return status != ParseStatus.NeedMore;
        }

        ParseStatus head = Http1Head.TryParse(bytes, out Http1Head? parsed);
        facts.HeaderOrder = parsed?.HeaderOrder();
        return head != ParseStatus.NeedMore;
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
