using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Net.Security;
using System.Text;
using Whorl.Sources.Decoys.Personas;
using Whorl.Sources.Decoys.Sessions;

namespace Whorl.Sources.Decoys.Databases;

/// <summary>MySQL or MariaDB (protocol 10): hears user and answer to the challenge, and where the persona lets them in, statements.</summary>
internal sealed class MySqlService(DecoyPlace place, Func<SslStreamCertificateContext> certificate) : IDecoyService
{
    private const string Native = "mysql_native_password";

    // A statement that attackers send; a longer one ends the conversation.
    private const int MaxPacket = 48 * 1024;

    // Statements in one conversation.
    private const int MaxStatements = 10_000;

    // What MariaDB 10.5 offers but compression: long passwords, long flags, databases, local files, protocol 4.1, TLS, transactions, secure connection, multi statements, plugins.
    private const uint Capabilities = 0x0008_0000 | 0x0020_0000 | 0x0007_0000 | 0x0000_FFDF;

    private static int _threads = RandomNumberGenerator.GetInt32(40, 4000);

    private readonly string _version = place.Service.Version ?? "5.5.5-10.5.23-MariaDB-0+deb11u1";

    public async Task ServeAsync(DecoySession session)
    {
        byte[] challenge = Challenge();
        await SendAsync(session, 0, Greeting(challenge));
        if (await ReadAsync(session) is not { } first || MySqlHello.Read(first.Payload) is not { } hello)
        {
            return;
        }

        int sequence = first.Sequence;
        if (hello.WantsTls)
        {
            if (!await session.StartTlsAsync(certificate()) || await ReadAsync(session) is not { } again || MySqlHello.Read(again.Payload) is not { } second)
            {
                return;
            }

            (hello, sequence) = (second, again.Sequence);
        }

        byte[] response = hello.Response;
        if (hello.Plugin.Length > 0 && hello.Plugin != Native)
        {
            challenge = Challenge();
            await SendAsync(session, ++sequence, [0xFE, .. Encoding.ASCII.GetBytes(Native), 0, .. challenge, 0]);
            if (await ReadAsync(session) is not { } switched)
            {
                return;
            }

            (response, sequence) = (switched.Payload, switched.Sequence);
        }

        bool accepted = place.Service.Accept == AcceptPolicy.Any || (place.Service.Accept == AcceptPolicy.Listed && IsListed(hello.User, challenge, response));
        session.Report.Attempt(new("native", hello.User, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(response)), Convert.ToHexStringLower(challenge), accepted));
        if (hello.Database.Length > 0)
        {
            session.Report.Command($"USE {hello.Database}", known: true);
        }

        if (!accepted)
        {
            await SendAsync(session, ++sequence, Error(1045, "28000", $"Access denied for user '{hello.User}'@'{session.Report.Ends.Source}' (using password: {(response.Length > 0 ? "YES" : "NO")})"));
            return;
        }

        await SendAsync(session, ++sequence, Ok());
        await StatementsAsync(session, hello.User);
    }

    private static async Task StatementsAsync(DecoySession session, string user)
    {
        for (int i = 0; i < MaxStatements && await ReadAsync(session) is { } packet && packet.Payload is not [] and not [1, ..]; i++)
        {
            string text = Encoding.Latin1.GetString(packet.Payload.AsSpan(1));
            byte[] answer = packet.Payload[0] switch
            {
                2 or 14 => Ok(),
                3 when !text.TrimStart().StartsWith("select", StringComparison.OrdinalIgnoreCase) && !text.TrimStart().StartsWith("show", StringComparison.OrdinalIgnoreCase) => Ok(),
                3 => Error(1142, "42000", $"SELECT command denied to user '{user}'@'{session.Report.Ends.Source}' for table 'user'"),
                _ => Error(1047, "08S01", "Unknown command"),
            };
            if (packet.Payload[0] is 2 or 3)
            {
                session.Report.Command(packet.Payload[0] == 2 ? $"USE {text}" : text, answer[0] == 0);
            }

            await SendAsync(session, packet.Sequence + 1, answer);
        }
    }

    private byte[] Greeting(byte[] challenge)
    {
        byte[] numbers = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(numbers, Interlocked.Increment(ref _threads));
        return
        [
            10, .. Encoding.Latin1.GetBytes(_version), 0, .. numbers, .. challenge[..8], 0,
            unchecked((byte)Capabilities), unchecked((byte)(Capabilities >> 8)), 45, 2, 0, unchecked((byte)(Capabilities >> 16)), unchecked((byte)(Capabilities >> 24)),
            21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, .. challenge[8..], 0, .. Encoding.ASCII.GetBytes(Native), 0,
        ];
    }

    // Printable, as servers make them: some clients stop at a zero.
    private static byte[] Challenge() => [.. RandomNumberGenerator.GetBytes(20).Select(each => (byte)('!' + (each % 90)))];

    // SHA1(password) XOR SHA1(challenge + SHA1(SHA1(password))).
    private bool IsListed(string user, byte[] challenge, byte[] response) => place.Persona.Accounts.Where(account => account.User == user).SelectMany(account => account.Passwords).Any(password =>
    {
#pragma warning disable CA5350 // the method is MySQL's
        byte[] once = SHA1.HashData(Encoding.UTF8.GetBytes(password));
        byte[] mask = SHA1.HashData([.. challenge, .. SHA1.HashData(once)]);
#pragma warning restore CA5350
        return response.AsSpan().SequenceEqual(once.Zip(mask, (left, right) => (byte)(left ^ right)).ToArray());
    });

    private static byte[] Ok() => [0, 0, 0, 2, 0, 0, 0];

    private static byte[] Error(int code, string state, string text) => [0xFF, (byte)code, (byte)(code >> 8), (byte)'#', .. Encoding.ASCII.GetBytes(state), .. Encoding.Latin1.GetBytes(text)];

    private static ValueTask SendAsync(DecoySession session, int sequence, byte[] payload) =>
        session.WriteAsync((byte[])[(byte)payload.Length, (byte)(payload.Length >> 8), (byte)(payload.Length >> 16), (byte)sequence, .. payload]);

    private static async Task<(byte[] Payload, int Sequence)?> ReadAsync(DecoySession session)
    {
        if (!await session.HaveAsync(4))
        {
            return null;
        }

        (int length, int sequence) = Head(session.Input.Span);
        if (length > MaxPacket || !await session.HaveAsync(4 + length))
        {
            return null;
        }

        byte[] payload = session.Input.Slice(4, length).ToArray();
        session.Consume(4 + length);
        return (payload, sequence);
    }

    private static (int Length, int Sequence) Head(ReadOnlySpan<byte> head) => (head[0] | (head[1] << 8) | (head[2] << 16), head[3]);
}
