using System.Text;
using Whorl.Sources.Decoys.Sessions;
using Whorl.Sources.Decoys.Text;

namespace Whorl.Sources.Decoys.Ssh;

/// <summary>Hears attempts to sign in (RFC 4252): passwords and keys are told of, and taken where the persona says so.</summary>
internal sealed class SshAuth(DecoySession session, SshPackets packets)
{
    // OpenSSH's MaxAuthTries.
    private const int MaxTries = 6;

    // Questions without a secret ("none", and whether a key would do) count for nothing there; somebody who only asks them is sent away, too.
    private const int MaxRequests = 64;

    private const string Methods = "publickey,password";

    /// <summary>The name of whoever was let in; null where nobody was.</summary>
    public async Task<string?> RunAsync()
    {
        int tries = 0;
        for (int i = 0; i < MaxRequests; i++)
        {
            byte[]? message = await packets.ReadAsync();
            switch (message)
            {
                case null:
                    return null;
                case [SshMessage.ServiceRequest, ..]:
                    if (Service(message) is not ("ssh-userauth" or "ssh-connection"))
                    {
                        return null;
                    }

                    await packets.WriteAsync(new SshWriter().Byte(SshMessage.ServiceAccept).String("ssh-userauth"u8));
                    break;
                case [SshMessage.AuthRequest, ..]:
                    AuthRequest request = AuthRequest.Read(message);
                    if (!request.Ok)
                    {
                        return null;
                    }

                    if (Tell(request))
                    {
                        await packets.WriteAsync([SshMessage.AuthSuccess]);
                        packets.StartCompression();
                        return request.User;
                    }

                    tries += request.Method is "none" ? 0 : 1;
                    await session.PauseAsync(request.Method == "password" ? Accounts.Pause : TimeSpan.Zero);
                    if (tries >= MaxTries)
                    {
                        await packets.DisconnectAsync(SshMessage.ProtocolError, "Too many authentication failures");
                        return null;
                    }

                    await packets.WriteAsync(new SshWriter().Byte(SshMessage.AuthFailure).String(Methods).Flag(false));
                    break;
                default:
                    await packets.WriteAsync(new SshWriter().Byte(SshMessage.Unimplemented).Number(0));
                    break;
            }
        }

        return null;
    }

    private bool Tell(in AuthRequest request)
    {
        if (request.Method == "password")
        {
            return Accounts.Try(session, "password", request.User, request.Secret);
        }

        if (request.Method != "none")
        {
            session.Report.Attempt(new(request.Method, request.User, request.Secret.Length == 0 ? null : request.Secret));
        }

        return false;
    }

    private static string Service(ReadOnlySpan<byte> message)
    {
        SshReader reader = new(message[1..]);
        return reader.Text();
    }
}

/// <summary>One request to sign in. A key is told as <c>type base64</c>, as it stands in authorized_keys.</summary>
internal readonly record struct AuthRequest(bool Ok, string User, string Method, byte[] Secret)
{
    // A key of 16,384 bits has two kilobytes; longer ones are told by their beginning.
    private const int MaxKey = 4096;

    public static AuthRequest Read(ReadOnlySpan<byte> message)
    {
        SshReader reader = new(message);
        reader.Byte();
        string user = reader.Text();
        reader.String();
        string method = reader.Text();
        byte[] secret = [];
        if (method == "password")
        {
            reader.Flag();
            secret = reader.String().ToArray();
        }
        else if (method == "publickey")
        {
            reader.Flag();
            string type = reader.Text();
            ReadOnlySpan<byte> key = reader.String();
            secret = Encoding.Latin1.GetBytes($"{type} {Convert.ToBase64String(key[..Math.Min(key.Length, MaxKey)])}");
        }

        return new(reader.Ok, user, method, secret);
    }
}
