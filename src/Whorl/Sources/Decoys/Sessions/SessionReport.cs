using System.Globalization;
using System.Text;
using Whorl.Fingerprints.Http;
using Whorl.Fingerprints.Wire;
using Whorl.Kernel;
using Whorl.Kernel.Writing;
using Whorl.Stores.Objects;

namespace Whorl.Sources.Decoys.Sessions;

/// <summary>What is told of one conversation. After <see cref="DecoyLimits.Observations"/> of them, only its end.</summary>
internal sealed class SessionReport(Teller teller, DecoyPlace place, Endpoints ends)
{
    // session.commands of a conversation that never stops; the commands themselves are told one by one.
    private const int MaxCommands = 200;

    private const int MaxCommandText = HostileText.MaxLine;

    private const int MaxCommandList = 8 * 1024;

    private readonly string _id = Uuid7.Text(Uuid7.New(teller.Clock));
    private readonly DateTimeOffset _start = teller.Clock.GetUtcNow();
    private readonly long _begin = teller.Clock.GetTimestamp();
    private StringBuilder? _commands;
    private StringBuilder? _times;
    private int _commandCount;
    private int _told;

    public DecoyPlace Place => place;

    public Endpoints Ends => ends;

    public DecoyLimits Limits => teller.Limits;

    public int Attempts { get; private set; }

    /// <summary>How the client introduced itself, one character per byte.</summary>
    public string? ClientBanner { get; set; }

    public bool KeepsSecrets => teller.Secrets.Keeping == SecretKeeping.Clear;

    public void Attempt(in AuthAttempt attempt)
    {
        Attempts++;
        teller.Metrics.Attempt(place.Service.Kind);
        if (Begin() is { } json)
        {
            teller.Write(ref json, attempt);
            Tell(DecoyKinds.Auth, ref json);
        }
    }

    /// <summary>A command, one character per byte.</summary>
    public void Command(string text, bool known)
    {
        int index = _commandCount++;
        teller.Metrics.Command(place.Service.Kind);
        Remember(text, index);
        if (Begin() is { } json)
        {
            json.Hostile("command.text"u8, text, MaxCommandText);
            json.Number("command.index"u8, index);
            json.Name("command.known"u8);
            json.Raw(known ? "true"u8 : "false"u8);
            Tell(DecoyKinds.Command, ref json);
        }
    }

    public void Request(Http1Head head, ReadOnlySpan<byte> bytes, int status, bool encrypted)
    {
        teller.Metrics.Command(place.Service.Kind);
        if (!KeepsSecrets)
        {
            bytes = Encoding.Latin1.GetBytes(SecretWords.Covered(Encoding.Latin1.GetString(bytes)));
            head = Http1Head.TryParse(bytes, out Http1Head? covered) == ParseStatus.Done ? covered! : head;
        }

        if (Begin() is { } json)
        {
            RequestAttributes.Write(ref json, head, bytes, encrypted);
            json.Number("http.status"u8, status);
            Tell("http.request", ref json);
        }
    }

    /// <summary>Tells of bytes that were sent to be kept, and keeps them.</summary>
    /// <param name="kept">The first of them.</param>
    /// <param name="sent">How many were sent.</param>
    /// <param name="name">Name the sender gave, one character per byte.</param>
    public async ValueTask PayloadAsync(ReadOnlyMemory<byte> kept, long sent, string? name, string? type = null)
    {
        teller.Metrics.Payload(place.Service.Kind);
        kept = kept[..Math.Min(kept.Length, teller.Limits.PayloadKilobytes * 1024)];
        string hash = ObjectStore.NameOf(kept.Span);
        bool stored = await teller.Objects.TryKeepAsync(hash, kept);
        if (Begin() is { } json)
        {
            json.Hostile("payload.sha256"u8, hash, HostileText.MaxName);
            json.Number("payload.bytes"u8, sent);
            json.Number("payload.kept"u8, stored ? kept.Length : 0);
            json.Hostile("payload.name"u8, name, HostileText.MaxName);
            json.Hostile("payload.type"u8, type ?? PayloadType.Of(kept.Span), HostileText.MaxName);
            Tell(DecoyKinds.Payload, ref json);
        }
    }

    /// <summary>Tells of bytes that may be or hold a sign-in that was not understood: where secrets are not kept, only if no name of such a field stands in them.</summary>
    public ValueTask MixedAsync(ReadOnlyMemory<byte> kept, long sent, string? name) =>
        KeepsSecrets || !SecretWords.MayStandIn(kept.Span) ? PayloadAsync(kept, sent, name) : default;

    public void Query(string name, string type)
    {
        if (Begin() is { } json)
        {
            json.Hostile("query.name"u8, name, HostileText.MaxName);
            json.Hostile("query.type"u8, type, HostileText.MaxName);
            Tell(DecoyKinds.Query, ref json);
        }
    }

    /// <summary>Tells that the conversation is over; the last thing told of it.</summary>
    public void End(DecoySession session)
    {
        _told = 0;
        if (Begin() is not { } json)
        {
            return;
        }

        json.Hostile("session.start"u8, _start.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture), HostileText.MaxName);
        json.Number("session.duration_ms"u8, (long)session.Age.TotalMilliseconds);
        json.Plain("session.close"u8, session.Close switch
        {
            SessionClose.Client => "client"u8,
            SessionClose.Decoy => "decoy"u8,
            SessionClose.TimeLimit => "time_limit"u8,
            SessionClose.ByteLimit => "byte_limit"u8,
            SessionClose.Idle => "idle"u8,
            _ => "stopping"u8,
        });
        json.Number("session.bytes_in"u8, session.BytesIn);
        json.Number("session.bytes_out"u8, session.BytesOut);
        json.Number("session.attempts"u8, Attempts);
        json.Hostile("session.commands"u8, _commands?.ToString(), MaxCommandList);
        json.Hostile("session.command_ms"u8, _times?.ToString(), HostileText.MaxList);
        json.Hostile("client.banner"u8, ClientBanner, HostileText.MaxName);
        Tell(DecoyKinds.SessionEnded, ref json);
    }

    private Utf8JsonBuffer? Begin() => _told++ < teller.Limits.Observations ? Teller.Begin(place, ends, _id) : null;

    private void Tell(string kind, ref Utf8JsonBuffer json)
    {
        Teller.End(ref json);
        teller.Tell(kind, ends.Source, json);
    }

    private void Remember(string text, int index)
    {
        _commands ??= new();
        _times ??= new();
        if (index >= MaxCommands || _commands.Length >= MaxCommandList)
        {
            return;
        }

        // One a line: line ends inside of one would make it two.
        _commands.Append(index == 0 ? "" : "\n").Append(text.AsSpan(0, Math.Min(text.Length, MaxCommandList - _commands.Length)).ToString().ReplaceLineEndings(" "));
        _times.Append(index == 0 ? "" : ",").Append((long)teller.Clock.GetElapsedTime(_begin).TotalMilliseconds);
    }
}

/// <summary>What is told of one datagram.</summary>
internal sealed class DatagramReport(Teller teller, DecoyPlace place, Endpoints ends)
{
    public DecoyPlace Place => place;

    public void Query(string name, string type)
    {
        Utf8JsonBuffer json = Teller.Begin(place, ends, null);
        json.Hostile("query.name"u8, name, HostileText.MaxName);
        json.Hostile("query.type"u8, type, HostileText.MaxName);
        Teller.End(ref json);
        teller.Tell(DecoyKinds.Query, ends.Source, json);
    }

    public void Attempt(in AuthAttempt attempt)
    {
        teller.Metrics.Attempt(place.Service.Kind);
        Utf8JsonBuffer json = Teller.Begin(place, ends, null);
        teller.Write(ref json, attempt);
        Teller.End(ref json);
        teller.Tell(DecoyKinds.Auth, ends.Source, json);
    }
}

/// <summary>What bytes begin like.</summary>
internal static class PayloadType
{
    // Text that is no text after this many bytes is data that began well.
    private const int Looked = 1024;

    public static string Of(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0x7F, (byte)'E', (byte)'L', (byte)'F', ..] => "elf",
        [(byte)'M', (byte)'Z', ..] => "pe",
        [(byte)'#', (byte)'!', ..] => "script",
        [(byte)'P', (byte)'K', 3, 4, ..] => "zip",
        [0x1F, 0x8B, ..] => "gzip",
        _ => bytes[..Math.Min(bytes.Length, Looked)].ContainsAnyExceptInRange((byte)' ', (byte)'~') && !IsText(bytes[..Math.Min(bytes.Length, Looked)]) ? "data" : "text",
    };

    private static bool IsText(ReadOnlySpan<byte> bytes)
    {
        foreach (byte each in bytes)
        {
            if (each < 0x20 && each is not ((byte)'\t' or (byte)'\n' or (byte)'\r'))
            {
                return false;
            }
        }

        return true;
    }
}
