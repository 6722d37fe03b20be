using Whorl.Fingerprints.Tls;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fuzz.Targets;

/// <summary>Targets of Whorl.Fingerprints/Tls.</summary>
internal static class TlsFuzzTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("tls-client-records", ClientRecords, Hellos),
        new("tls-client-message", ClientMessage, static () => Hellos().Select(static h => h[Math.Min(h.Length, 5)..])),
        new("tls-server-records", ServerRecords, static () => SeedFiles.Hex("tls-hellos.jsonl", "server")),
        new("tls-stream", Stream, static () => Hellos().Concat(SeedFiles.Hex("tls-hellos.jsonl", "server"))),
        new("tls-certificates", Certificates, CertificateSeeds),
        new("dtls-datagrams", Datagrams, DatagramSeeds),
    ];

    private static IEnumerable<byte[]> Hellos() => SeedFiles.Hex("tls-hellos.jsonl", "client");

    private static int ClientRecords(ReadOnlySpan<byte> input)
    {
        ParseStatus status = ClientHello.TryReadRecords(input, out ClientHello? hello, out int consumed);
        if (consumed > input.Length || (status == ParseStatus.Done) != (hello is not null))
        {
            throw new InvalidOperationException("the answer contradicts itself");
        }

        return HashCode.Combine(status, Touch(hello));
    }

    private static int ClientMessage(ReadOnlySpan<byte> input) => HashCode.Combine(ClientHello.TryParse(input, out ClientHello? hello), Touch(hello));

    private static int ServerRecords(ReadOnlySpan<byte> input)
    {
        ParseStatus status = ServerHello.TryReadRecords(input, out ServerHello? hello, out int consumed);
        if (consumed > input.Length || (status == ParseStatus.Done) != (hello is not null))
        {
            throw new InvalidOperationException("the answer contradicts itself");
        }

        return HashCode.Combine(status, Touch(hello));
    }

    // The stream as one piece and in pieces must say the same; the first byte is how long the pieces are.
    private static int Stream(ReadOnlySpan<byte> input)
    {
        TlsStreamReader whole = new(), pieces = new();
        _ = whole.Push(input);
        int size = 1 + (input.IsEmpty ? 0 : input[^1]);
        for (int at = 0; at < input.Length; at += size)
        {
            _ = pieces.Push(input[at..Math.Min(at + size, input.Length)]);
        }

        return Same(whole.Messages, pieces.Messages) ? Shape(whole.Messages) : throw new InvalidOperationException("pieces read differently from the whole");
    }

    private static int Certificates(ReadOnlySpan<byte> input)
    {
        ParseStatus status = CertificateChain.TryParse(input, out CertificateChain? chain);
        return HashCode.Combine(status, chain?.Certificates.Count, chain?.Certificates.Sum(static c => c.Length) > 500);
    }

    // Datagrams stand in the input one behind the other, each after its length in two bytes.
    private static int Datagrams(ReadOnlySpan<byte> input)
    {
        DtlsReader reader = new();
        WireReader parts = new(input);
        int result = 0;
        while (parts.Left > 0 && parts.Ok)
        {
            result = HashCode.Combine(result, reader.Push(parts.Block16()));
        }

        return HashCode.Combine(result, Shape(reader.Messages));
    }

    private static IEnumerable<byte[]> CertificateSeeds() =>
        [[11, 0, 0, 12, 0, 0, 9, 0, 0, 2, 0x30, 0, 0, 0, 1, 0x30], [11, 0, 0, 3, 0, 0, 0]];

    private static IEnumerable<byte[]> DatagramSeeds() =>
        SeedFiles.HexLists("dtls-hellos.jsonl", "client").Concat(SeedFiles.HexLists("dtls-hellos.jsonl", "server"))
            .Select(static list => list.SelectMany(static d => (byte[])[(byte)(d.Length >> 8), (byte)d.Length, .. d]).ToArray());

    private static bool Same(HandshakeMessages one, HandshakeMessages other) =>
        one.ClientHellos.Count == other.ClientHellos.Count && one.ServerHellos.Count == other.ServerHellos.Count
        && one.Certificates?.Certificates.Count == other.Certificates?.Certificates.Count;

    private static int Shape(HandshakeMessages messages)
    {
        int shape = messages.Certificates?.Certificates.Count ?? -1;
        foreach (ClientHello hello in messages.ClientHellos)
        {
            shape = HashCode.Combine(shape, Touch(hello));
        }

        foreach (ServerHello hello in messages.ServerHellos)
        {
            shape = HashCode.Combine(shape, Touch(hello));
        }

        return shape;
    }

    private static int Touch(ServerHello? hello)
    {
        if (hello is null)
        {
            return 0;
        }

        _ = Ja3S.Text(hello).Length + Ja3S.Hash(hello).Length + hello.SessionId.Length + hello.Random.Length;
        return HashCode.Combine(hello.Extensions.Count, hello.AlpnProtocol is null, hello.KeyShareGroup is null, hello.IsHelloRetryRequest, hello.AcceptsPreSharedKey);
    }

    // Reads every property and takes every fingerprint; the counts tell shapes of hellos apart.
    private static int Touch(ClientHello? hello)
    {
        if (hello is null)
        {
            return 0;
        }

        _ = Ja3.Text(hello).Length + Ja3.Hash(hello).Length + hello.AlpnProtocols.Count + (hello.ServerName?.Length ?? 0);
        foreach (Ja4Transport transport in (ReadOnlySpan<Ja4Transport>)[Ja4Transport.Tcp, Ja4Transport.Quic, Ja4Transport.Dtls])
        {
            Ja4Forms forms = Ja4.Of(hello, transport);
            if (forms.Value.Length != Ja4.ValueLength || forms.Original.Length != Ja4.ValueLength || StableHello.Value(hello, transport).Length != StableHello.ValueLength)
            {
                throw new InvalidOperationException("a JA4 value has the wrong length");
            }
        }

        _ = hello.TryGetExtension(ExtensionType.Padding, out _);
        return HashCode.Combine(
            hello.Extensions.Count,
            hello.SupportedGroups.Count,
            hello.KeyShareGroups.Count,
            hello.SupportedVersions.Count,
            hello.Resumption,
            hello.HasGrease,
            hello.ServerName is null);
    }
}
