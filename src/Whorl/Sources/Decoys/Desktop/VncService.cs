using System.Security.Cryptography;
using System.Text;
using Whorl.Sources.Decoys.Sessions;
using Whorl.Sources.Decoys.Text;

namespace Whorl.Sources.Decoys.Desktop;

/// <summary>VNC (RFC 6143): hears the answer to a challenge and refuses it.</summary>
internal sealed class VncService(DecoyPlace place) : IDecoyService
{
    private const byte VncAuthentication = 2;

    private readonly string _version = place.Service.Banner ?? "RFB 003.008";

    public async Task ServeAsync(DecoySession session)
    {
        await session.WriteAsync(_version + "\n");
        if (!await session.HaveAsync(12))
        {
            return;
        }

        string theirs = Encoding.Latin1.GetString(session.Input.Span[..12]).TrimEnd('\n');
        session.Consume(12);
        session.Report.ClientBanner = theirs;
        if (!theirs.StartsWith("RFB ", StringComparison.Ordinal))
        {
            return;
        }

        // 3.3 is told the method; later ones choose from a list.
        bool old = theirs.EndsWith("003", StringComparison.Ordinal);
        await session.WriteAsync(old ? [0, 0, 0, VncAuthentication] : (byte[])[1, VncAuthentication]);
        if (!old)
        {
            if (!await session.HaveAsync(1) || session.Input.Span[0] != VncAuthentication)
            {
                return;
            }

            session.Consume(1);
        }

        byte[] challenge = RandomNumberGenerator.GetBytes(16);
        await session.WriteAsync(challenge);
        if (!await session.HaveAsync(16))
        {
            return;
        }

        byte[] response = session.Input[..16].ToArray();
        session.Consume(16);
        session.Report.Attempt(new("native", null, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(response)), Convert.ToHexStringLower(challenge)));
        await session.PauseAsync(Accounts.Pause);
        byte[] reason = "Authentication failed"u8.ToArray();
        await session.WriteAsync(old ? [0, 0, 0, 1] : (byte[])[0, 0, 0, 1, 0, 0, 0, (byte)reason.Length, .. reason]);
    }
}
