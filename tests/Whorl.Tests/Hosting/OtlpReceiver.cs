using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Whorl.Tests.Hosting;

/// <summary>A collector on a free loopback port that takes OTLP over gRPC in clear, and keeps what it was sent.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    // Flag and length before each message of gRPC.
    private const int Prefix = 5;

    private readonly WebApplication _app;

    private OtlpReceiver(WebApplication app) => _app = app;

    /// <summary>Every request: its path, which names the service, and its message.</summary>
    public ConcurrentQueue<(string Path, byte[] Message)> Received { get; } = [];

    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public static async Task<OtlpReceiver> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        WebApplication app = builder.Build();
        OtlpReceiver receiver = new(app);
        app.MapPost("/{**path}", receiver.TakeAsync);
        await app.StartAsync();
        return receiver;
    }

    /// <summary>The values at a path of field numbers, in every message of a service.</summary>
    public IEnumerable<byte[]> At(string service, params int[] fields) =>
        Received.Where(request => request.Path == service).SelectMany(request => fields.Aggregate((IEnumerable<byte[]>)[request.Message], static (messages, field) => messages.SelectMany(message => Values(message, field))));

    /// <summary>The same as texts.</summary>
    public IEnumerable<string> TextsAt(string service, params int[] fields) => At(service, fields).Select(Encoding.UTF8.GetString);

    /// <summary>The length-delimited values of a field of a protobuf message.</summary>
    public static IEnumerable<byte[]> Values(byte[] message, int field)
    {
        int at = 0;
        while (at < message.Length)
        {
            ulong tag = Number();
            int length = (tag & 7) switch { 0 => -1, 1 => 8, 2 => (int)Number(), 5 => 4, _ => throw new FormatException($"wire type {tag & 7}") };
            if (length < 0)
            {
                Number();
                continue;
            }

            if ((tag & 7) == 2 && (int)(tag >> 3) == field)
            {
                yield return message[at..(at + length)];
            }

            at += length;
        }

        ulong Number()
        {
            ulong value = 0;
            for (int shift = 0; ; shift += 7)
            {
                byte octet = message[at++];
                value |= (ulong)(octet & 127) << shift;
                if (octet < 128)
                {
                    return value;
                }
            }
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext http)
    {
        using MemoryStream body = new();
        await http.Request.Body.CopyToAsync(body);
        byte[] sent = body.ToArray();
        if (http.Request.ContentType != "application/grpc" || sent.Length < Prefix || sent[0] != 0 || BinaryPrimitives.ReadUInt32BigEndian(sent.AsSpan(1)) != sent.Length - Prefix)
        {
            http.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        Received.Enqueue((http.Request.Path, sent[Prefix..]));
        http.Response.ContentType = "application/grpc";
        http.Response.DeclareTrailer("grpc-status");
        await http.Response.Body.WriteAsync(new byte[Prefix]);
        http.Response.AppendTrailer("grpc-status", "0");
    }
}
