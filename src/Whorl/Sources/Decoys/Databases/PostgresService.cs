using System.Buffers.Binary;
using System.Net.Security;
using System.Text;
using Whorl.Sources.Decoys.Sessions;
using Whorl.Sources.Decoys.Text;

namespace Whorl.Sources.Decoys.Databases;

/// <summary>PostgreSQL (protocol 3.0): asks for the password in clear, as a server with such a line in pg_hba.conf does, and refuses it.</summary>
internal sealed class PostgresService(Func<SslStreamCertificateContext> certificate) : IDecoyService
{
    private const int Version3 = 196_608;
    private const int TlsRequest = 80_877_103;
    private const int GssRequest = 80_877_104;
    private const int CancelRequest = 80_877_102;

    // MAX_STARTUP_PACKET_LENGTH of the server.
    private const int MaxStartup = 10_000;

    // A password; what is longer is none.
    private const int MaxPassword = 8192;

    // TLS, then GSS, then the real one; more is somebody keeping us busy.
    private const int MaxStarts = 4;

    public async Task ServeAsync(DecoySession session)
    {
        for (int i = 0; i < MaxStarts; i++)
        {
            if (!await session.HaveAsync(8))
            {
                return;
            }

            (int length, int code) = Head(session.Input.Span);
            if (length is < 8 or > MaxStartup)
            {
                await session.WriteAsync(Error("08P01", "invalid length of startup packet", "postmaster.c", "2003", "ProcessStartupPacket"));
                return;
            }

            if (!await session.HaveAsync(length))
            {
                return;
            }

            byte[] startup = session.Input[8..length].ToArray();
            session.Consume(length);
            switch (code)
            {
                case TlsRequest when !session.IsEncrypted:
                    await session.WriteAsync("S");
                    if (!await session.StartTlsAsync(certificate()))
                    {
                        return;
                    }

                    break;
                case TlsRequest or GssRequest:
                    await session.WriteAsync("N");
                    break;
                case CancelRequest:
                    return;
                case Version3:
                    await SignInAsync(session, Parameters(startup));
                    return;
                default:
                    await session.WriteAsync(Error("0A000", $"unsupported frontend protocol {code >> 16}.{code & 0xFFFF}: server supports 2.0 to 3.0", "postmaster.c", "2134", "ProcessStartupPacket"));
                    return;
            }
        }
    }

    private static async Task SignInAsync(DecoySession session, Dictionary<string, string> parameters)
    {
        string user = parameters.GetValueOrDefault("user", "");
        session.Report.ClientBanner = parameters.GetValueOrDefault("application_name");
        if (user.Length == 0)
        {
            await session.WriteAsync(Error("28000", "no PostgreSQL user name specified in startup packet", "postmaster.c", "2190", "ProcessStartupPacket"));
            return;
        }

        session.Report.Command($"connect {parameters.GetValueOrDefault("database", user)}", known: true);
        await session.WriteAsync((byte[])[(byte)'R', 0, 0, 0, 8, 0, 0, 0, 3]);
        if (!await session.HaveAsync(5))
        {
            return;
        }

        (byte type, int length) = Message(session.Input.Span);
        if (type != 'p' || length is < 5 or > MaxPassword || !await session.HaveAsync(1 + length))
        {
            return;
        }

        byte[] secret = session.Input.Span[5..(1 + length)].TrimEnd((byte)0).ToArray();
        session.Consume(1 + length);
        session.Report.Attempt(new("password", user, secret));
        await session.PauseAsync(Accounts.Pause);
        await session.WriteAsync(Error("28P01", $"password authentication failed for user \"{user}\"", "auth.c", "335", "auth_failed"));
    }

    /// <summary>Names and values of a startup message; at most as many as it has bytes for.</summary>
    internal static Dictionary<string, string> Parameters(ReadOnlySpan<byte> bytes)
    {
        Dictionary<string, string> parameters = new(StringComparer.Ordinal);
        while (Terminated(ref bytes) is { Length: > 0 } name && Terminated(ref bytes) is { } value)
        {
            parameters[name] = value;
        }

        return parameters;
    }

    private static string? Terminated(ref ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)0);
        if (end < 0)
        {
            return null;
        }

        string text = Encoding.Latin1.GetString(bytes[..end]);
        bytes = bytes[(end + 1)..];
        return text;
    }

    private static (int Length, int Code) Head(ReadOnlySpan<byte> bytes) => (BinaryPrimitives.ReadInt32BigEndian(bytes), BinaryPrimitives.ReadInt32BigEndian(bytes[4..]));

    private static (byte Type, int Length) Message(ReadOnlySpan<byte> bytes) => (bytes[0], BinaryPrimitives.ReadInt32BigEndian(bytes[1..]));

    private static byte[] Error(string code, string text, string file, string line, string routine)
    {
        byte[] fields = Encoding.Latin1.GetBytes($"SFATAL\0VFATAL\0C{code}\0M{text}\0F{file}\0L{line}\0R{routine}\0\0");
        byte[] message = new byte[5 + fields.Length];
        message[0] = (byte)'E';
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), 4 + fields.Length);
        fields.CopyTo(message, 5);
        return message;
    }
}
