using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Net.Security;
using System.Text;
using Whorl.Sources.Decoys.Sessions;

namespace Whorl.Sources.Decoys.Desktop;

/// <summary>RDP as far as its network-level authentication: the X.224 request with its cookie, TLS, and the NTLM inside of CredSSP ([MS-RDPBCGR] §2.2.1, [MS-CSSP] §2.2.1).</summary>
internal sealed class RdpService(DecoyPlace place, Func<SslStreamCertificateContext> certificate) : IDecoyService
{
    // A connection request is a cookie and a few bytes; a TSRequest is a kilobyte or two.
    private const int MaxMessage = 16 * 1024;

    private const byte ConnectionRequest = 0xE0;

    private const uint Tls = 1;

    private const uint NetworkLevel = 2;

    public async Task ServeAsync(DecoySession session)
    {
        if (!await session.HaveAsync(4))
        {
            return;
        }

        int length = Length(session.Input.Span);
        if (length is < 11 or > MaxMessage || !await session.HaveAsync(length))
        {
            return;
        }

        byte[] request = session.Input[..length].ToArray();
        session.Consume(length);
        if (request[0] != 3 || request[5] != ConnectionRequest)
        {
            return;
        }

        (string? cookie, uint protocols) = Read(request);
        if (cookie is not null)
        {
            session.Report.Command($"mstshash={cookie}", known: true);
        }

        if ((protocols & (Tls | NetworkLevel)) == 0)
        {
            // HYBRID_REQUIRED_BY_SERVER, or for those who know of no negotiation the old answer and the end.
            await session.WriteAsync((byte[])[3, 0, 0, 19, 14, 0xD0, 0, 0, 0x12, 0x34, 0, 3, 0, 8, 0, 5, 0, 0, 0]);
            return;
        }

        uint chosen = (protocols & NetworkLevel) != 0 ? NetworkLevel : Tls;
        await session.WriteAsync((byte[])[3, 0, 0, 19, 14, 0xD0, 0, 0, 0x12, 0x34, 0, 2, 0x1F, 8, 0, (byte)chosen, 0, 0, 0]);
        if (await session.StartTlsAsync(certificate()) && chosen == NetworkLevel)
        {
            await CredentialsAsync(session);
        }
    }

    /// <summary>Cookie and protocols of a connection request.</summary>
    internal static (string? Cookie, uint Protocols) Read(ReadOnlySpan<byte> request)
    {
        ReadOnlySpan<byte> data = request[Math.Min(11, request.Length)..];
        ReadOnlySpan<byte> mark = "Cookie: mstshash="u8;
        string? cookie = null;
        int at = data.IndexOf(mark);
        if (at >= 0)
        {
            ReadOnlySpan<byte> rest = data[(at + mark.Length)..];
            int end = rest.IndexOf((byte)'\r');
            cookie = Encoding.Latin1.GetString(end < 0 ? rest : rest[..end]);
        }

        // RDP_NEG_REQ is the last eight bytes, where it is there: type 1, flags, length 8.
        bool negotiates = data.Length >= 8 && data[^8] == 1 && data[^6] == 8 && data[^5] == 0;
        return (cookie, negotiates ? BinaryPrimitives.ReadUInt32LittleEndian(data[^4..]) : 0);
    }

    private async Task CredentialsAsync(DecoySession session)
    {
        byte[] nonce = RandomNumberGenerator.GetBytes(8);
        while (await MessageAsync(session) is { } message)
        {
            int at = Ntlm.Find(message);
            if (at >= 0 && Ntlm.IsNegotiate(message.AsSpan(at)))
            {
                await session.WriteAsync(Der.CredSsp(Ntlm.Challenge(place.Persona.Host, nonce)));
            }
            else
            {
                if (at >= 0 && Ntlm.Read(message.AsSpan(at)) is { } answer)
                {
                    NtlmReport.Tell(session, answer, nonce);
                }

                return;
            }
        }
    }

    // One DER value.
    private static async Task<byte[]?> MessageAsync(DecoySession session)
    {
        if (!await session.HaveAsync(6))
        {
            return null;
        }

        int length = Der.TotalLength(session.Input.Span);
        if (length is < 0 or > MaxMessage || !await session.HaveAsync(length))
        {
            return null;
        }

        byte[] message = session.Input[..length].ToArray();
        session.Consume(length);
        return message;
    }

    private static int Length(ReadOnlySpan<byte> head) => BinaryPrimitives.ReadUInt16BigEndian(head[2..]);
}

/// <summary>Tells of an NTLM answer.</summary>
internal static class NtlmReport
{
    public static void Tell(DecoySession session, (string Domain, string User, string Workstation, byte[] Response) answer, ReadOnlySpan<byte> nonce)
    {
        session.Report.ClientBanner ??= answer.Workstation;
        string user = answer.Domain.Length > 0 ? $"{answer.Domain}\\{answer.User}" : answer.User;
        session.Report.Attempt(new("ntlm", user, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(answer.Response)), Convert.ToHexStringLower(nonce)));
    }
}
