using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Kernel.Writing;
using Whorl.Stores.Objects;

namespace Whorl.Sources.Decoys.Sessions;

/// <summary>Hands observations of decoys over: what all conversations share of telling.</summary>
internal sealed class Teller(IObservationSink sink, IOptions<NodeOptions> node, IOptions<DecoysOptions> options, SecretKeeper secrets, ObjectStore objects, DecoysMetrics metrics, TimeProvider clock)
{
    public TimeProvider Clock => clock;

    public DecoyLimits Limits => options.Value.Limits;

    public SecretKeeper Secrets => secrets;

    public ObjectStore Objects => objects;

    public DecoysMetrics Metrics => metrics;

    public void Tell(string kind, PeerAddress source, in Utf8JsonBuffer json)
    {
        JsonElement attributes;
        using (JsonDocument document = JsonDocument.Parse(json.WrittenMemory))
        {
            attributes = document.RootElement.Clone();
        }

        if (!sink.TryPublish(new Observation(ObservationId.New(clock), kind, clock.GetUtcNow(), node.Value.Name, Subject.Ip(source), attributes)))
        {
            metrics.Dropped();
        }
    }

    /// <summary>Writes what all observations of decoys have; the object stays open.</summary>
    public static Utf8JsonBuffer Begin(DecoyPlace place, Endpoints ends, string? session)
    {
        Utf8JsonBuffer json = new(1024);
        json.Raw("{\"source.ip\":\""u8);
        Span<byte> text = stackalloc byte[PeerAddress.MaxTextLength];
        json.Raw(text[..ends.Source.Write(text)]);
        json.Raw("\""u8);
        json.Number("source.port"u8, ends.SourcePort);
        json.Address("destination.ip"u8, ends.Destination);
        json.Number("destination.port"u8, ends.DestinationPort);
        json.Hostile("decoy"u8, place.Decoy, HostileText.MaxName);
        json.Hostile("service"u8, place.Service.Name, HostileText.MaxName);
        json.Hostile("session.id"u8, session, HostileText.MaxName);
        return json;
    }

    public static void End(ref Utf8JsonBuffer json) => json.Raw("}"u8);

    /// <summary>Writes an attempt; the secret as the operator wants it kept.</summary>
    public void Write(ref Utf8JsonBuffer json, in AuthAttempt attempt)
    {
        json.Hostile("auth.method"u8, attempt.Method, HostileText.MaxName);
        json.Hostile("auth.user"u8, attempt.User, HostileText.MaxName);
        if (attempt.Secret is { } secret && secrets.Keeping != SecretKeeping.Omitted)
        {
            if (secrets.Keeping == SecretKeeping.Clear)
            {
                json.Hostile("auth.secret"u8, secret, HostileText.MaxLine);
            }

            json.Plain("auth.secret_hash"u8, Encoding.ASCII.GetBytes(secrets.Hash(secret)));
            json.Number("auth.secret_length"u8, secret.Length);
        }

        json.Hostile("auth.challenge"u8, attempt.Challenge, HostileText.MaxName);
        json.Name("auth.accepted"u8);
        json.Raw(attempt.Accepted ? "true"u8 : "false"u8);
    }
}

/// <summary>The two ends of a conversation.</summary>
internal readonly record struct Endpoints(PeerAddress Source, int SourcePort, PeerAddress Destination, int DestinationPort);
